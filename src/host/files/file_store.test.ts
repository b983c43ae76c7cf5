import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DiskFileStore } from "./file_store.ts";

const id = "kg2abcdefghjkmnpqrstvwxyz0123456";
let dir: string;
let nowMs: number;
const open = () => new DiskFileStore({ dir, now: () => nowMs });

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "files-"));
  nowMs = 1_000_000;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("bytes", () => {
  test("staged, adopted, read back with their type", async () => {
    const files = open();
    const staged = await files.stage(new TextEncoder().encode("hello"));
    expect(staged).toEqual({ sha256: createHash("sha256").update("hello").digest("base64"), size: 5 });
    expect(await files.open(id)).toBeNull();
    files.adopt(staged, id);
    const blob = await files.open(id, "text/plain");
    expect(blob?.type).toBe("text/plain");
    expect(await blob?.text()).toBe("hello");
  });

  test("from a blob, from a stream, and none at all", async () => {
    const files = open();
    expect((await files.stage(new Blob(["ab", "c"]))).size).toBe(3);
    async function* chunks() {
      yield new Uint8Array([1, 2]);
      yield new Uint8Array([3]);
    }
    expect((await files.stage(chunks())).size).toBe(3);
    expect((await files.stage(new Uint8Array())).size).toBe(0);
  });

  test("a stream that breaks leaves nothing behind", async () => {
    const files = open();
    async function* broken() {
      yield new Uint8Array([1]);
      throw new Error("cut off");
    }
    await expect(files.stage(broken())).rejects.toThrow("cut off");
    expect(readdirSync(join(dir, "staging"))).toEqual([]);
  });

  test("discarded, twice -> gone; adopted afterwards -> refused", async () => {
    const files = open();
    const staged = await files.stage(new Uint8Array([1]));
    files.discard(staged);
    files.discard(staged);
    expect(() => files.adopt(staged, id)).toThrow();
    expect(readdirSync(join(dir, "staging"))).toEqual([]);
  });

  test("removed, twice -> null", async () => {
    const files = open();
    files.adopt(await files.stage(new Uint8Array([1])), id);
    files.remove(id);
    files.remove(id);
    expect(await files.open(id)).toBeNull();
  });

  test.each(["../outside", "", ".upload-secret", "a/b", "STAGING"])("the id %j never reaches the disk", async (bad) => {
    const files = open();
    expect(await files.open(bad)).toBeNull();
    files.remove(bad);
    const staged = await files.stage(new Uint8Array([1]));
    expect(() => files.adopt(staged, bad)).toThrow();
  });

  test("opened again: what was adopted stays, what was only staged is gone, orphans are swept", async () => {
    const files = open();
    await files.stage(new Uint8Array([1]));
    files.adopt(await files.stage(new Uint8Array([2])), id);
    const orphan = id.replace("kg2", "zz9");
    files.adopt(await files.stage(new Uint8Array([3])), orphan);
    const again = open();
    expect(readdirSync(join(dir, "staging"))).toEqual([]);
    expect(again.sweep((known) => known === id)).toBe(1);
    expect(await again.open(orphan)).toBeNull();
    expect(await again.open(id)).not.toBeNull();
  });
});

describe("upload tokens", () => {
  test("name their component, over a restart too", () => {
    const token = open().createUploadToken("workflow/workpool");
    expect(open().readUploadToken(token)).toBe("workflow/workpool");
  });

  test("run out after an hour", () => {
    const files = open();
    const token = files.createUploadToken("");
    nowMs += 3_599_999;
    expect(files.readUploadToken(token)).toBe("");
    nowMs += 1;
    expect(files.readUploadToken(token)).toBeNull();
  });

  test("forged ones are refused", () => {
    const files = open();
    const [payload, signature] = files.createUploadToken("").split(".");
    const other = Buffer.from(JSON.stringify(["other", nowMs * 2, ""])).toString("base64url");
    for (const token of ["", ".", `${payload}`, `${payload}.`, `${other}.${signature}`, `${payload}.${signature}x`]) {
      expect(files.readUploadToken(token)).toBeNull();
    }
  });

  test("of another folder are refused", () => {
    const token = open().createUploadToken("");
    const elsewhere = mkdtempSync(join(tmpdir(), "files-"));
    expect(new DiskFileStore({ dir: elsewhere, now: () => nowMs }).readUploadToken(token)).toBeNull();
    rmSync(elsewhere, { recursive: true });
  });
});
