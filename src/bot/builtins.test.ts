import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getFunctionName } from "convex/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FactoryError } from "../contract/errors.ts";
import { problemLine } from "../contract/problem.ts";
import { parseDefinition } from "../flow/parse.ts";
import type { Backend } from "./backend.ts";
import { brokenBuiltins, installBuiltins } from "./builtins.ts";
import { createLogger } from "./logger.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "factory-builtins-"));
  mkdirSync(join(folder, "workflows"));
  const put = (name: string, content: string | Buffer) => writeFileSync(join(folder, "workflows", name), content);
  put("binary.yaml", Buffer.from([0x69, 0x64, 0x3a, 0xff, 0xfe, 0x00]));
  put("good.yaml", "startNodeId: z\nnodes: { z: { type: end } }\n");
  put("one.json", '{"startNodeId": "z"\n "nodes": {}}');
  put("two.yaml", "startNodeId: y\nnodes: { z: { type: ent } }\n");
  mkdirSync(join(folder, "workflows", "zoo.yaml"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const BROKEN = [
  "workflows/binary.yaml: it is not UTF-8 text (save it as UTF-8, or move it away)",
  'workflows/one.json:2:2 as JSON: expected "," or "}" after the value, found "nodes" (put a comma between two values, and close every bracket)',
  'workflows/two.yaml:1:14 there is no node "y" (the nodes are z); 1 more: factory workflow create workflows/two.yaml --validate',
  "workflows/zoo.yaml: it is a folder (move it away)",
];

/** What the backend does with a definition; nothing is kept. */
const check = ({ source, file }: { source: string; file: string }) => {
  const parsed = parseDefinition(source, file);
  return parsed.ok ? [] : parsed.problems;
};
const backend = {
  async mutation(_: unknown, args: { source: string; file: string }) {
    const problems = check(args);
    if (problems.length > 0) throw new FactoryError("invalid_definition", problems.map(problemLine).join("\n"));
    return { name: args.file, version: 1, changed: true, warnings: [] };
  },
  async query(reference: Parameters<typeof getFunctionName>[0], args: { source: string; file: string }) {
    expect(getFunctionName(reference)).toBe("workflows:validate");
    return { problems: check(args) };
  },
} as unknown as Backend;

test("each broken file is one log line with file, reason and remedy, and nothing else is said", async () => {
  const written: string[] = [];
  const write = (text: string) => void written.push(text);
  const { log } = createLogger({ level: "warn", pretty: true, secrets: [], write });
  await installBuiltins(backend, { kind: "operator", osUser: "root", as: null, channel: "system" }, log, folder);
  const said = written.join("").trimEnd().split("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
  const plain = said.map((line) => line.replace(/\u001b\[\d+m/g, "").replace(/^.* left out: /, ""));
  expect(plain.sort()).toEqual(BROKEN);
});

test("a backend that does not answer is no fault of the files", async () => {
  const away = { query: () => Promise.reject(new FactoryError("backend_unavailable", "does not answer")) };
  await expect(brokenBuiltins(away as unknown as Backend, folder)).rejects.toThrow("does not answer");
});

test("what the next start would leave out is found without storing anything", async () => {
  expect(await brokenBuiltins(backend, folder)).toEqual(BROKEN);
});
