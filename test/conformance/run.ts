/** Runs the staged suites in a vitest of their own and reads its report. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Suite, vendor } from "./stage.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Outcome {
  suite: Suite;
  /** Path below `vendor/`. */
  file: string;
  /** null: the file could not be loaded. */
  test: string | null;
  isPassed: boolean;
  message: string;
}

interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** Rejects when vitest itself does not run; failing tests are outcomes. */
export async function runSuites(): Promise<Outcome[]> {
  const dir = mkdtempSync(join(tmpdir(), "conformance-"));
  try {
    const report = join(dir, "report.json");
    const output = await runVitest(["--reporter=json", `--outputFile=${report}`]);
    return outcomes(JSON.parse(readText(report, output)) as Report);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function runVitest(args: string[]): Promise<string> {
  const cli = join(root, "node_modules/vitest/vitest.mjs");
  const config = join(root, "test/conformance/vitest.config.ts");
  // The outer vitest's own variables would make the inner one believe it is a worker.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|TINYPOOL)/.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, "run", "--config", config, ...args], { cwd: root, env });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}

function readText(path: string, output: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`The inner vitest wrote no report. It printed:\n${output}`, { cause });
  }
}

function outcomes({ testResults }: Report): Outcome[] {
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(vendor, name);
    const suite = file.split("/")[0] as Suite;
    const tests = assertionResults.map((result) => ({
      suite,
      file,
      test: result.fullName,
      isPassed: result.status === "passed",
      message: result.failureMessages.join("\n"),
    }));
    const isBroken = status !== "passed" && tests.every((test) => test.isPassed);
    return isBroken ? [...tests, { suite, file, test: null, isPassed: false, message }] : tests;
  });
}
