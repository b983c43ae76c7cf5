import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { generate } from "../../src/host/codegen/generate.ts";
import { Fixture, fixtureApp } from "./running_fixture.ts";

const root = join(import.meta.dirname, "../..");
const fixture = new Fixture();
let project: string;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), "convex-cli-"));
  cpSync(join(fixtureApp, "convex"), join(project, "convex"), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"), "junction");
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", dependencies: { convex: "*" } }));
  await fixture.start({ appDir: project });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  rmSync(project, { recursive: true, force: true });
});

/** The unmodified Convex CLI, as `npx convex` would run it. */
function convex(...args: string[]) {
  const { url, adminKey } = fixture.host;
  const main = join(root, "node_modules/convex/bin/main.js");
  // The deployment of whoever runs the tests must not be reached.
  const env = { ...process.env, CONVEX_DEPLOYMENT: "", CONVEX_URL: "", CONVEX_DEPLOY_KEY: "", NO_COLOR: "1" };
  const target = ["--url", url, "--admin-key", adminKey];
  return promisify(execFile)(process.execPath, [main, args[0]!, ...target, ...args.slice(1)], { cwd: project, env });
}

test("`convex run` runs a function, with the admin's rights", async () => {
  expect((await convex("run", "counters:add", '{"name":"cli","by":3}')).stdout.trim()).toBe("3");
  expect((await convex("run", "counters:record", '{"job":"cli"}')).stdout.trim()).toBe("");
  await expect(convex("run", "counters:nope")).rejects.toThrow("Could not find");
}, 60_000);

test("`convex codegen` takes the names of functions and components from the host, and agrees with the host's own generator", async () => {
  await convex("codegen", "--typecheck", "disable");
  const official = readFileSync(join(project, "convex/_generated/api.d.ts"), "utf8");
  expect(official).toContain('import type * as counters from "../counters.js"');
  expect(official).toContain('ComponentApi<"workflow">');
  const withoutBlankLines = (text: string) => text.replace(/\n\s*\n/g, "\n");
  const own = await generate(join(project, "convex"));
  expect(withoutBlankLines(own["api.d.ts"]!)).toBe(withoutBlankLines(official));
}, 60_000);
