/** For tests: an app in a temporary folder that finds this project's packages. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface TemporaryApp extends Disposable {
  root: string;
  /** `root/convex` */
  dir: string;
  /** Paths are relative to `dir`. */
  write(files: Record<string, string>): void;
}

export function temporaryApp(files: Record<string, string>): TemporaryApp {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "convex-app-")));
  const dir = join(root, "convex");
  const packages = dirname(dirname(createRequire(import.meta.url).resolve("convex/package.json")));
  symlinkSync(packages, join(root, "node_modules"));
  writeFileSync(join(root, "package.json"), '{"type":"module","dependencies":{"convex":"1.48.0"}}');
  const app: TemporaryApp = {
    root,
    dir,
    write(more) {
      for (const [name, text] of Object.entries(more)) {
        mkdirSync(dirname(join(dir, name)), { recursive: true });
        writeFileSync(join(dir, name), text);
      }
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  app.write(files);
  return app;
}
