import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readInstance } from "./instance.ts";
import { choosePort } from "./ports.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "convex-instance-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("an instance", () => {
  test("is made once, its key being for its owner only, also after a copy lost the mode", () => {
    const path = join(dir, "instance.json");
    const made = readInstance(dir);
    expect(made.adminKey).toMatch(/^embedded-[0-9a-f]{8}\|[0-9a-f]{64}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    expect(readInstance(dir)).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("damaged -> the file and the remedy are named", () => {
    writeFileSync(join(dir, "instance.json"), "{");
    expect(() => readInstance(dir)).toThrow(/instance\.json is damaged\. Delete it/);
  });
});

describe("ports", () => {
  test("0 -> a port whose neighbour is free too", async () => {
    const port = await choosePort("127.0.0.1", 0);
    expect(await choosePort("127.0.0.1", port)).toBe(port);
  });

  test("the neighbour is taken -> the neighbour is named", async () => {
    const port = await choosePort("127.0.0.1", 0);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + 1, "127.0.0.1", resolve));
    await expect(choosePort("127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE", port: port + 1 });
    server.close();
  });

  test("an address of another machine -> told", async () => {
    await expect(choosePort("203.0.113.1", 0)).rejects.toThrow(/not an address of this machine/);
  });
});
