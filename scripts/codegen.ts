/** `npm run codegen` writes convex/_generated; `npm run codegen -- --check` fails when the committed files differ. */
import { join } from "node:path";
import { staleFiles, writeFiles } from "../src/host/codegen/files.ts";
import { generate } from "../src/host/codegen/generate.ts";

const functionsDir = join(import.meta.dirname, "..", "convex");
const files = await generate(functionsDir);
if (process.argv.includes("--check")) {
  const stale = staleFiles(functionsDir, files);
  if (stale.length > 0) {
    console.error(
      `convex/_generated is not up to date (${stale.join(", ")}). Run "npm run codegen" and commit the result.`,
    );
    process.exitCode = 1;
  }
} else {
  const written = writeFiles(functionsDir, files);
  console.log(
    written.length === 0 ? "convex/_generated is up to date" : `convex/_generated written: ${written.join(", ")}`,
  );
}
