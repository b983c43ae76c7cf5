import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BundledApp, bundleApp } from "./app.ts";
import { hasUseNode } from "./build.ts";
import { BundleError } from "./errors.ts";
import { temporaryApp } from "./temporary_app.test-support.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "convex-cache-"));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

/** The app's modules, as a context sees them. */
function evaluate(app: BundledApp, globals: object = {}): Record<string, () => Record<string, unknown>> {
  const module = { exports: {} };
  runInNewContext(app.definitions.get(app.dir)!.script.code(), globals)(module, module.exports);
  return module.exports as never;
}

describe("a bundle", () => {
  test("evaluates a module only when it is asked for", async () => {
    using app = temporaryApp({
      "a.ts": `loaded.push("a");\nexport const value: string = "a";`,
      "deep/b.ts": `import { value } from "../a.ts"; loaded.push("b"); export const twice = value + value;`,
    });
    const loaded: string[] = [];
    const modules = evaluate(await bundleApp(app.dir, null), { loaded });
    expect(Object.keys(modules)).toEqual(["a", "deep/b"]);
    expect(loaded).toEqual([]);
    expect(modules["deep/b"]!().twice).toBe("aa");
    expect(loaded).toEqual(["a", "b"]);
    modules.a!();
    expect(loaded).toEqual(["a", "b"]);
  });

  test("shims async_hooks and server-only, knows production, and compiles wasm", async () => {
    using app = temporaryApp({
      "a.ts": `import { AsyncLocalStorage } from "node:async_hooks"; import "server-only"; import wasm from "./x.wasm";
        export const found = [AsyncLocalStorage, process.env.NODE_ENV, wasm instanceof WebAssembly.Module];`,
    });
    writeFileSync(join(app.dir, "x.wasm"), Buffer.from("0061736d01000000", "hex"));
    const found = evaluate(await bundleApp(app.dir, null), { AsyncLocalStorage: "shared", atob }).a!().found;
    expect([...(found as unknown[])]).toEqual(["shared", "production", true]);
  });

  test("leaves what is only imported dynamically to a script of its own, unless it shares a module with the rest", async () => {
    using app = temporaryApp({
      "a.ts": `import { shared } from "./shared.helper.ts"; export const a = [shared];
        export const imports = [() => import("./alone.helper.ts"), () => import("./sharing.helper.ts")];`,
      "shared.helper.ts": `export const shared = "in both";`,
      "alone.helper.ts": `import { below } from "./below.helper.ts"; export default "alone" + below;`,
      "below.helper.ts": `export const below = ", and below";`,
      "sharing.helper.ts": `import { shared } from "./shared.helper.ts"; export default "sharing " + shared;`,
    });
    const bundle = await bundleApp(app.dir, null);
    const { script, deferred } = bundle.definitions.get(app.dir)!;
    const holds = (code: string) =>
      ['"alone"', '", and below"', '"sharing "', '"in both"'].map((text) => code.includes(text));
    expect(holds(script.code())).toEqual([false, false, true, true]);
    expect(holds(deferred!.code())).toEqual([true, true, false, false]);
    expect(bundle.scripts).toEqual([script, deferred]);
    expect(bundle.inputs).toContain(join(app.dir, "below.helper.ts"));
  });

  test("is one script per definition, found through nested configs", async () => {
    using app = temporaryApp({
      "convex.config.ts": `import { defineApp } from "convex/server"; import outer from "./outer/convex.config.js";
        const app = defineApp(); app.use(outer, { httpPrefix: "/o", env: { A: "1" } }); app.use(outer, { name: "second" });
        export default app;`,
      "outer/convex.config.ts": `import { defineComponent } from "convex/server"; import inner from "../inner/convex.config";
        import { v } from "convex/values"; const c = defineComponent("outer", { env: { A: v.optional(v.string()) } });
        c.use(inner, { env: { B: c.env.A } }); export default c;`,
      "inner/convex.config.ts": `import { defineComponent } from "convex/server"; import { v } from "convex/values";
        export default defineComponent("inner", { env: { B: v.optional(v.string()) } });`,
      "outer/o.ts": "export const o = 1;",
      "a.ts": "export const a = 1;",
    });
    const { definitions } = await bundleApp(app.dir, null);
    const inside = (name: string) => join(app.dir, name);
    expect([...definitions.keys()].sort()).toEqual([app.dir, inside("inner"), inside("outer")]);
    const root = definitions.get(app.dir)!;
    expect(root.modules).toEqual(["a"]);
    expect(root.httpMounts).toEqual({ "/o/": "outer" });
    expect(root.children.map(({ name, dir }) => [name, dir])).toEqual([
      ["outer", inside("outer")],
      ["second", inside("outer")],
    ]);
    expect(definitions.get(inside("outer"))!.children).toMatchObject([
      { name: "inner", env: [["B", { type: "envVar", name: "A" }]] },
    ]);
  });
});

describe("refused, by file", () => {
  test.each([
    ["top-level await", { "a.ts": "export const a = await Promise.resolve(1);" }, /a\.ts:1: top-level await/],
    [
      "top-level await in what a module imports",
      { "a.ts": `export { b } from "./b.helper.ts";`, "b.helper.ts": "\nexport const b = await 1;" },
      /b\.helper\.ts:2: top-level await/,
    ],
    ['"use node"', { "a.ts": `// why\n"use node";\nexport const a = 1;` }, /"use node" files yet: a\.ts/],
    ["Node's modules", { "a.ts": `export * from "node:fs";` }, /a\.ts:1: .*node:fs.*not available to Convex/],
    ["a missing import", { "a.ts": `import "./absent.ts"; export {};` }, /a\.ts:1: Could not resolve "\.\/absent\.ts"/],
    ["broken syntax", { "a.ts": "export const = 1;" }, /a\.ts:1: Expected identifier/],
  ])("%s", async (_what, files, message) => {
    using app = temporaryApp(files as Record<string, string>);
    const failure = await bundleApp(app.dir, null).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BundleError);
    expect((failure as Error).message).toMatch(message);
  });

  test("the directive counts only before the first statement", () => {
    expect(hasUseNode(`'use node';`)).toBe(true);
    expect(hasUseNode(`/* x */ "use strict"; "use node"\n`)).toBe(true);
    expect(hasUseNode(`// "use node"\nexport {};`)).toBe(false);
    expect(hasUseNode(`export const a = "use node";`)).toBe(false);
    expect(hasUseNode(`import "x";\n"use node";`)).toBe(false);
  });
});

describe("the cache", () => {
  const files = { "a.ts": `export { b as a } from "./b.helper.ts";`, "b.helper.ts": "export const b = 1;" };

  test("nothing changed -> esbuild does not run", async () => {
    using app = temporaryApp(files);
    expect((await bundleApp(app.dir, cache)).fromCache).toBe(false);
    const again = await bundleApp(app.dir, cache);
    expect(again.fromCache).toBe(true);
    expect(evaluate(again).a!().a).toBe(1);
    expect(JSON.parse(again.definitions.get(app.dir)!.script.map()).sources).toContain(join(app.dir, "b.helper.ts"));
  });

  test("a file was only touched -> still good, and known as it is now", async () => {
    using app = temporaryApp(files);
    await bundleApp(app.dir, cache);
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(join(app.dir, "a.ts"), hourAgo, hourAgo);
    for (let start = 0; start < 3; start++) expect((await bundleApp(app.dir, cache)).fromCache).toBe(true);
  });

  test("another content of the same size and time of change -> built again", async () => {
    using app = temporaryApp(files);
    const helper = join(app.dir, "b.helper.ts");
    const hourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(helper, hourAgo, hourAgo);
    await bundleApp(app.dir, cache);
    writeFileSync(helper, readFileSync(helper, "utf8").replace("1", "2"));
    utimesSync(helper, hourAgo, hourAgo);
    const again = await bundleApp(app.dir, cache);
    expect(again.fromCache).toBe(false);
    expect(evaluate(again).a!().a).toBe(2);
  });

  test("the deferred script is kept like the main one", async () => {
    using app = temporaryApp({ ...files, "a.ts": `export const a = () => import("./b.helper.ts");` });
    await bundleApp(app.dir, cache);
    const { scripts } = await bundleApp(app.dir, cache);
    scripts[1]!.saveCompiled(Buffer.from("compiled"));
    const again = await bundleApp(app.dir, cache);
    expect(again.fromCache).toBe(true);
    expect(again.scripts.map((script) => script.code())).toEqual(scripts.map((script) => script.code()));
    expect(again.scripts.map((script) => script.compiled()?.toString())).toEqual([undefined, "compiled"]);
    expect(JSON.parse(again.scripts[1]!.map()).sources).toContain(join(app.dir, "b.helper.ts"));
  });

  test.each([
    ["an imported file changed", { "b.helper.ts": "export const b = 2;" }, 2],
    ["a module was added", { "c.ts": "export const c = 1;" }, 1],
    [
      "a config was added",
      { "convex.config.ts": `import { defineApp } from "convex/server"; export default defineApp();` },
      1,
    ],
  ])("%s -> built again", async (_what, change, value) => {
    using app = temporaryApp(files);
    await bundleApp(app.dir, cache);
    app.write(change as Record<string, string>);
    const again = await bundleApp(app.dir, cache);
    expect(again.fromCache).toBe(false);
    expect(evaluate(again).a!().a).toBe(value);
    expect((await bundleApp(app.dir, cache)).fromCache).toBe(true);
  });

  test.each(["manifest.json", "0.js"])("%s damaged -> built again", async (name) => {
    using app = temporaryApp(files);
    await bundleApp(app.dir, cache);
    const path = join(cache, "bundle", name);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, -5));
    expect((await bundleApp(app.dir, cache)).fromCache).toBe(false);
  });

  test("V8's code of another script is not handed out", async () => {
    using app = temporaryApp(files);
    const { definitions } = await bundleApp(app.dir, cache);
    definitions.get(app.dir)!.script.saveCompiled(Buffer.from("compiled"));
    const compiled = async () => (await bundleApp(app.dir, cache)).definitions.get(app.dir)!.script.compiled();
    expect((await compiled())?.toString()).toBe("compiled");
    writeFileSync(join(cache, "bundle", "0.v8"), "of another time, and long enough to hold a hash");
    expect(await compiled()).toBeUndefined();
  });

  test("V8's code of what another host put there is not taken for that of ours", async () => {
    using app = temporaryApp(files);
    const ours = (await bundleApp(app.dir, cache)).definitions.get(app.dir)!.script;
    app.write({ "a.ts": "export const a = 'of the other host';" });
    await bundleApp(app.dir, cache);
    ours.saveCompiled(Buffer.from("compiled from ours"));
    expect((await bundleApp(app.dir, cache)).definitions.get(app.dir)!.script.compiled()).toBeUndefined();
  });

  test("a cache that cannot be written costs nothing but time", async () => {
    using app = temporaryApp(files);
    writeFileSync(join(cache, "file"), "");
    expect((await bundleApp(app.dir, join(cache, "file"))).fromCache).toBe(false);
  });
});
