import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleApp } from "../bundle/app.ts";
import { type TemporaryApp, temporaryApp } from "../bundle/temporary_app.test-support.ts";
import type { UdfType } from "../engine/types.ts";
import { loadDeployment } from "./deployment.ts";
import { FakeExecution, path } from "./execution.test-support.ts";
import type { IsolateExecutor } from "./isolate.ts";

let app: TemporaryApp;
let executor: IsolateExecutor;

beforeAll(async () => {
  app = temporaryApp({
    "a.ts": `import { actionGeneric, mutationGeneric, queryGeneric } from "convex/server";
      import { Shared } from "./shared.helper.ts";
      const loaded = () => globalThis.loaded ?? [];
      export const lazily = actionGeneric({ handler: async () => {
        const before = [...loaded()];
        const first = await import("./alone.helper.ts");
        const again = await import("./alone.helper.ts");
        return [before, first.default, first.named, first === again, loaded()];
      } });
      export const sharing = actionGeneric({ handler: async () => {
        const { make } = await import("./sharing.helper.ts");
        return make() instanceof Shared;
      } });
      export const failing = actionGeneric({ handler: async () => await import("./failing.helper.ts") });
      export const missing = actionGeneric({ handler: async (_ctx, { name }) => await import(name) });
      export const inQuery = queryGeneric({ handler: async () => (await import("./alone.helper.ts")).named });
      export const inMutation = mutationGeneric({ handler: async () => (await import("./sharing.helper.ts")).make() });`,
    "alone.helper.ts": `(globalThis.loaded ??= []).push("alone"); export default "the default"; export const named = 1;`,
    "shared.helper.ts": "export class Shared {}",
    "sharing.helper.ts": `import { Shared } from "./shared.helper.ts"; export const make = () => new Shared();`,
    "failing.helper.ts": `\nthrow new Error("cannot be loaded");\nexport const never = 1;`,
  });
  executor = loadDeployment(await bundleApp(app.dir, null), {}).executor;
});
afterAll(() => {
  executor.close();
  app[Symbol.dispose]();
});

async function run(name: string, udfType: UdfType = "action", args: object = {}) {
  return JSON.parse(await executor.invoke(path(name), new FakeExecution(path(name), udfType), JSON.stringify([args])));
}

test("an action's import() evaluates the module at its first use, once in a context", async () => {
  expect(await run("a:lazily")).toEqual([[], "the default", 1, true, ["alone"]]);
  expect(await run("a:lazily")).toEqual([["alone"], "the default", 1, true, ["alone"]]);
});

test("a module that both import is one and the same", async () => {
  expect(await run("a:sharing")).toBe(true);
});

test("an evaluation that fails tells its error each time, by file and line", async () => {
  for (let time = 0; time < 2; time++) {
    const failure = await run("a:failing").catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: "cannot be loaded" });
    expect((failure as Error).stack).toContain("convex/failing.helper.ts:2:");
  }
});

test("what is not known when the functions are bundled cannot be imported", async () => {
  await expect(run("a:missing", "action", { name: "./alone.helper.ts" })).rejects.toThrow();
});

test.each([
  ["a query", "a:inQuery", "query"],
  ["a mutation", "a:inMutation", "mutation"],
] as const)("%s is refused it, as on Convex", async (_what, name, udfType) => {
  await expect(run(name, udfType)).rejects.toThrow(/dynamic module import unsupported: .* actions only/);
});

test("compiled code of what was imported is kept for the next start", async () => {
  const cache = mkdtempSync(join(tmpdir(), "convex-cache-"));
  try {
    const first = loadDeployment(await bundleApp(app.dir, cache), {}).executor;
    await first.invoke(path("a:lazily"), new FakeExecution(path("a:lazily"), "action"), "[{}]");
    first.saveCompiled();
    first.close();
    const bundle = await bundleApp(app.dir, cache);
    expect(bundle.scripts.map((script) => script.compiled() !== undefined)).toEqual([true, true]);
    const second = loadDeployment(bundle, {}).executor;
    const value = await second.invoke(path("a:lazily"), new FakeExecution(path("a:lazily"), "action"), "[{}]");
    expect(JSON.parse(value)[1]).toBe("the default");
    second.close();
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
});
