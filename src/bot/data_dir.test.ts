import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FactoryError } from "../contract/errors.ts";
import { endpointFile, makeDataDir, readEndpoint, takeDataDir } from "./data_dir.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "data-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const MODULE = join(import.meta.dirname, "data_dir.ts");

/** Another process that takes the folder, says so, and stays until it is killed. */
async function otherBot(path: string) {
  const script = `import { takeDataDir } from ${JSON.stringify(MODULE)};
    try { const dir = await takeDataDir(${JSON.stringify(path)}); dir.publish({ url: "http://127.0.0.1:1", http: null, simulator: null, model: null }); console.log("held"); setInterval(() => {}, 1000); }
    catch (thrown) { console.log("refused " + thrown.info.code); }`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function refused(path: string) {
  try {
    (await takeDataDir(path)).release();
  } catch (thrown) {
    if (thrown instanceof FactoryError) return thrown.info;
    throw thrown;
  }
  return null;
}

test("the folder is made, for its owner only", async () => {
  const path = join(folder, "a", "b");
  const dir = await takeDataDir(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  dir.release();
});

test("taken -> published -> released leaves no announcement", async () => {
  const dir = await takeDataDir(folder);
  expect(readEndpoint(folder)).toMatchObject({ pid: process.pid, url: null });
  dir.publish({ url: "http://127.0.0.1:3210", http: "http://127.0.0.1:8787", simulator: null, model: "offline" });
  expect(readEndpoint(folder)).toMatchObject({ url: "http://127.0.0.1:3210", model: "offline" });
  expect(statSync(endpointFile(folder)).mode & 0o777).toBe(0o600);
  dir.release();
  dir.release();
  expect(existsSync(endpointFile(folder))).toBe(false);
  expect(await refused(folder)).toBeNull();
});

test("a second bot is refused and told who the first is; after kill -9 of the first it is not", async () => {
  const { child, said } = await otherBot(folder);
  expect(said).toBe("held");
  const info = await refused(folder);
  expect(info?.code).toBe("bot_running");
  expect(info?.message).toContain(`pid ${child.pid}`);
  expect(info?.message).toContain("http://127.0.0.1:1");
  expect(info?.remedy).not.toBeNull();
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await refused(folder)).toBeNull();
});

test("of several that start at once exactly one gets the folder", async () => {
  const bots = await Promise.all([1, 2, 3, 4].map(() => otherBot(folder)));
  expect(bots.map(({ said }) => said).sort()).toEqual(["held", ...Array(3).fill("refused bot_running")]);
  for (const { child } of bots) child.kill("SIGKILL");
});

test("a folder that cannot be one is refused with the variable's name", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(await refused(join(file, "data"))).toMatchObject({ code: "invalid_input", field: "FACTORY_DATA_DIR" });
});

test.skipIf(process.platform !== "linux")(
  "a parent that refuses new folders -> one error at once (Linux: /proc)",
  () => {
    expect(() => makeDataDir("/proc/no/such/folder")).toThrow(/cannot be used/);
  },
);
