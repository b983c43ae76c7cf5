/** What can be known without running a test: types, lint and format, generated code up to date. All three run at once; every failure is shown. */
import { spawn } from "node:child_process";

interface Check {
  name: string;
  command: string;
  args: string[];
  remedy: string;
}

const CHECKS: Check[] = [
  { name: "types", command: "tsc", args: ["-p", "."], remedy: "npm run types" },
  { name: "lint", command: "biome", args: ["check", ".", "--error-on-warnings"], remedy: "npm run format" },
  {
    name: "generated code",
    command: process.execPath,
    args: ["scripts/codegen.ts", "--check"],
    remedy: "npm run codegen",
  },
];

/** Resolves to null when the check passed, else to what it printed. */
function run(check: Check): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(check.command, check.args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk;
    });
    child.on("error", (error) => resolve(`${check.command} did not start: ${error.message}`));
    child.on("close", (code) => resolve(code === 0 ? null : output));
  });
}

const failures = await Promise.all(
  CHECKS.map(async (check) => {
    const failure = await run(check);
    if (failure === null) {
      console.log(`ok      ${check.name}`);
      return 0;
    }
    console.log(`failed  ${check.name} (to mend or look closer: ${check.remedy})\n${failure}`);
    return 1;
  }),
);
process.exitCode = failures.some((failed) => failed === 1) ? 1 : 0;
