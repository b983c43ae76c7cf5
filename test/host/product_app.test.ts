/** The product's own `convex/` folder, the official CLI and this host agree: what runs here is what Convex would take. */
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleApp } from "../../src/host/bundle/app.ts";
import { type RunningHost, startHost } from "../../src/host/index.ts";
import { NO_KEYS } from "./running_fixture.ts";

const root = join(import.meta.dirname, "../..");
let project: string;
let host: RunningHost;

beforeAll(async () => {
  project = realpathSync(mkdtempSync(join(tmpdir(), "convex-product-")));
  // A copy, because the CLI writes; the rest of the sources is only read.
  cpSync(join(root, "convex"), join(project, "convex"), {
    recursive: true,
    filter: (path) => !path.endsWith(".test.ts"),
  });
  for (const name of ["src", "node_modules", "package.json"]) symlinkSync(join(root, name), join(project, name));
  writeFileSync(join(project, "convex.json"), "{}");
  host = await startHost({
    appDir: project,
    dataDir: join(project, "data"),
    port: 0,
    env: { FACTORY_GATEWAY_JWKS: NO_KEYS },
  });
}, 60_000);
afterAll(async () => {
  await host?.stop(1_000);
  rmSync(project, { recursive: true, force: true });
});

function convex(...args: string[]) {
  const main = join(root, "node_modules/convex/bin/main.js");
  // The deployment of whoever runs the tests must not be reached.
  const env = { ...process.env, CONVEX_DEPLOYMENT: "", CONVEX_URL: "", CONVEX_DEPLOY_KEY: "", NO_COLOR: "1" };
  const target = ["--url", host.url, "--admin-key", host.adminKey, "--typecheck", "disable"];
  return promisify(execFile)(process.execPath, [main, args[0]!, ...target, ...args.slice(1)], { cwd: project, env });
}

test("`convex codegen` against this host writes what is committed", async () => {
  const committed = join(root, "convex/_generated");
  const files = readdirSync(committed);
  rmSync(join(project, "convex/_generated"), { recursive: true });
  await convex("codegen");
  expect(readdirSync(join(project, "convex/_generated"))).toEqual(files);
  for (const name of files) {
    const official = readFileSync(join(project, "convex/_generated", name), "utf8");
    expect(official, name).toBe(readFileSync(join(committed, name), "utf8"));
  }
}, 120_000);

interface PushRequest {
  appDefinition: { schema: object | null; changedModules: Module[] };
  componentDefinitions: { definitionPath: string; functions: Module[] }[];
}
interface Module {
  path: string;
  environment: string;
}

test("`convex deploy` bundles the app up to the upload, with the same modules as this host", async () => {
  const file = join(project, "push");
  await convex("deploy", "--write-push-request", file, "--codegen", "disable", "--yes");
  const request = JSON.parse(readFileSync(`${file}.json`, "utf8")) as PushRequest;
  const names = (modules: Module[]) =>
    modules
      .map(({ path }) => path.replace(/\.js$/, ""))
      .filter((path) => !path.startsWith("_deps/") && path !== "auth.config")
      .sort();
  const app = await bundleApp(join(project, "convex"), null);
  expect(request.appDefinition.schema).not.toBeNull();
  expect(names(request.appDefinition.changedModules)).toEqual(app.definitions.get(app.dir)!.modules.toSorted());
  expect(request.appDefinition.changedModules.every(({ environment }) => environment === "isolate")).toBe(true);
  const official = request.componentDefinitions.map(({ functions }) => names(functions));
  const own = [...app.definitions.values()]
    .filter(({ dir }) => dir !== app.dir)
    .map(({ modules }) => modules.toSorted());
  expect(official.map(String).sort()).toEqual(own.map(String).sort());
}, 120_000);
