import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryApp } from "../bundle/temporary_app.test-support.ts";
import { staleFiles, writeFiles } from "./files.ts";
import { generate } from "./generate.ts";

const config = `import workflow from "@convex-dev/workflow/convex.config";
  import own from "./own/convex.config";
  import { defineApp } from "convex/server";
  import { v } from "convex/values";
  const app = defineApp({ env: { KEY: v.string(), MAYBE: v.optional(v.string()) } });
  app.use(own); app.use(workflow, { name: "flow" });
  export default app;`;
const component = `import { defineComponent } from "convex/server"; export default defineComponent("own");`;
const module = "export const x = 1;";

test("the api lists modules in subfolders and skips what is none", async () => {
  using app = temporaryApp({
    "convex.config.ts": config,
    "own/convex.config.ts": component,
    "own/inside.ts": module,
    "messages.ts": module,
    "messages.test.ts": module,
    "agents/factory-worker.ts": module,
    "delete.ts": module,
    "internal.ts": module,
    ".hidden.ts": module,
    "#emacs.ts": module,
    "with blank.ts": module,
    "notes.md": "",
    "empty.ts": "// nothing\n",
    "schema.ts": module,
    "_generated/stale.ts": module,
  });
  const api = (await generate(app.dir))["api.d.ts"]!;
  const imports = [...api.matchAll(/^import type \* as (\w+) from "(.*)";$/gm)].map((match) => match.slice(1));
  expect(imports).toEqual([
    ["agents_factory_worker", "../agents/factory-worker.js"],
    ["delete_", "../delete.js"],
    ["internal_", "../internal.js"],
    ["messages", "../messages.js"],
  ]);
  expect(api).toContain(`"agents/factory-worker": typeof agents_factory_worker;`);
});

test("components have the type of their own package, relative ones by path, in the order of use", async () => {
  using app = temporaryApp({ "convex.config.ts": config, "own/convex.config.ts": component });
  const files = await generate(app.dir);
  const listed = [...files["api.d.ts"]!.matchAll(/^ {2}(\w+): import\("(.*)"\)\.ComponentApi<"(.*)">;$/gm)];
  expect(listed.map((match) => match.slice(1))).toEqual([
    ["own", "../own/_generated/component.js", "own"],
    ["flow", "@convex-dev/workflow/_generated/component.js", "flow"],
  ]);
  expect(files["server.d.ts"]).toMatch(/readonly KEY: string;\s+readonly MAYBE: string \| undefined;/);
});

test("what does not depend on components equals the official generator's output", async () => {
  using app = temporaryApp({ "messages.ts": module, "schema.ts": `export default null as any;` });
  const cli = join(dirname(createRequire(import.meta.url).resolve("convex/package.json")), "bin/main.js");
  execFileSync(process.execPath, [cli, "codegen", "--system-udfs", "--typecheck", "disable"], {
    cwd: app.root,
    env: { ...process.env, CI: "1" },
    stdio: "pipe",
  });
  const official = (name: string) => readFileSync(join(app.dir, "_generated", name), "utf8");
  const files = await generate(app.dir);
  expect(Object.keys(files).sort()).toEqual(readdirSync(join(app.dir, "_generated")).sort());
  expect(files["dataModel.d.ts"]).toBe(official("dataModel.d.ts"));
  // The official one was made without a deployment, and so without the typed environment.
  const withoutNotes = (text: string) => text.replace(/\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n/g, "");
  expect(withoutNotes(files["server.js"]!)).toBe(withoutNotes(official("server.js")));
});

test("a broken config is told with its file", async () => {
  using app = temporaryApp({ "convex.config.ts": `import x from "./absent/convex.config"; export default x;` });
  await expect(generate(app.dir)).rejects.toThrow(/convex\.config could not be bundled:[\s\S]*absent\/convex\.config/);
});

test("writing touches only what differs and removes strangers; afterwards nothing is stale", async () => {
  using app = temporaryApp({ "messages.ts": module });
  const files = await generate(app.dir);
  expect(staleFiles(app.dir, files)).toEqual(Object.keys(files));
  expect(writeFiles(app.dir, files)).toEqual(Object.keys(files));
  expect(staleFiles(app.dir, files)).toEqual([]);
  const dir = join(app.dir, "_generated");
  writeFileSync(join(dir, "api.js"), "changed");
  writeFileSync(join(dir, "server.ts"), "from another time");
  mkdirSync(join(dir, "ai"));
  expect(staleFiles(app.dir, files)).toEqual(["api.js", "server.ts"]);
  expect(writeFiles(app.dir, files)).toEqual(["api.js", "server.ts"]);
  expect(readdirSync(dir).sort()).toEqual(["ai", ...Object.keys(files)].sort());
});
