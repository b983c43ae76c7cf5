import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { looksLikeFile, readFields, readInput, readText } from "./files.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
  writeFileSync(join(folder, "input.json"), '{"version":"1.2"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (thrown) {
    return (thrown as { info: { code: string; field: string; message: string } }).info;
  }
  return null;
};

test("input is an object, from the line or from a file; absent it is empty", () => {
  expect(readInput(undefined)).toBe("{}");
  expect(JSON.parse(readInput('{"a":1}'))).toEqual({ a: 1 });
  expect(JSON.parse(readInput(`@${join(folder, "input.json")}`))).toEqual({ version: "1.2" });
});

test.each(["{", "[]", "3", "null", "@/no/such/file"])("input %j is refused", (value) => {
  expect(codeOf(() => readInput(value))).toMatchObject({ code: "invalid_input" });
});

test("a file that is no text is not read as if it were; a byte order mark is no part of one", () => {
  const binary = join(folder, "workflow.yaml");
  writeFileSync(binary, Buffer.from([0x69, 0x64, 0x3a, 0xff, 0xfe, 0x00]));
  expect(codeOf(() => readText(binary, "FILE"))).toMatchObject({
    code: "invalid_input",
    field: "FILE",
    message: expect.stringMatching(/workflow\.yaml cannot be read: it is not UTF-8 text$/),
  });
  writeFileSync(binary, "\ufeffid: x\n");
  expect(readText(binary, "FILE")).toBe("id: x\n");
});

test("a file without an end is refused, not read for ever", () => {
  expect(codeOf(() => readText("/dev/zero", "FILE"))).toMatchObject({ code: "too_large", field: "FILE" });
});

test("a name is no file, a path is", () => {
  expect(looksLikeFile("deploy")).toBe(false);
  expect(looksLikeFile("deploy.yaml")).toBe(true);
  expect(looksLikeFile("./deploy")).toBe(true);
});

test("a relative path typed under npm is found where it was typed", () => {
  const before = process.env.INIT_CWD;
  process.env.INIT_CWD = folder;
  try {
    expect(readText("input.json", "FILE")).toContain("1.2");
  } finally {
    if (before === undefined) delete process.env.INIT_CWD;
    else process.env.INIT_CWD = before;
  }
});

test("fields are JSON where they read as JSON, else text; the first = divides", () => {
  expect(readFields(["amount=820", "note=a=b", "ok=true", "empty="])).toEqual({
    amount: 820,
    note: "a=b",
    ok: true,
    empty: "",
  });
  expect(codeOf(() => readFields(["amount"]))).toMatchObject({ field: "--set" });
});
