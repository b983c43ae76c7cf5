/** G3: an export is checked alike by `factory audit verify` and by the script that knows nothing of the product. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { AuditLine } from "../bot/functions.ts";
import { ChainCheck, eventHash, faultText, merkleRoot, rootHash } from "../flow/audit_chain.ts";
import { checkLine } from "./audit_chain.ts";

const folder = mkdtempSync(join(tmpdir(), "factory-audit-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function chainOf(subject: string, length: number): Promise<Extract<AuditLine, { type: "event" }>[]> {
  const chain: Extract<AuditLine, { type: "event" }>[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const row = {
      ...{ subject, seq, prev: chain.at(-1)?.hash ?? "", at: 1000 + seq, kind: "run.noted" },
      ...{ personId: null, person: 'Zoë \u2028 "quoted"', handle: null, channel: "cli" },
      detail: JSON.stringify({ n: seq, emoji: "🏭" }),
    };
    chain.push({ type: "event", ...row, hash: await eventHash(row) });
  }
  return chain;
}

async function exported(): Promise<AuditLine[]> {
  const chains = [await chainOf("run:a", 20), await chainOf("run:b", 3), await chainOf("run:c", 1)];
  const leaves = chains.map((chain) => ({ subject: chain[0]!.subject, seq: chain.length, hash: chain.at(-1)!.hash }));
  const root = { seq: 1, prev: "", at: 5, root: await merkleRoot(leaves) };
  const tuples = leaves.map(({ subject, seq, hash }): [string, number, string] => [subject, seq, hash]);
  return [
    { type: "root", ...root, leaves: tuples, hash: await rootHash(root) },
    ...leaves.map((leaf): AuditLine => ({ type: "head", ...leaf })),
    ...chains.flat(),
  ];
}

async function ours(lines: AuditLine[]): Promise<string> {
  const check = new ChainCheck();
  for (const line of lines) {
    const fault = await checkLine(check, line);
    if (fault !== null) return faultText(fault);
  }
  const fault = check.end();
  return fault === null ? "whole" : faultText(fault);
}

function theirs(lines: AuditLine[]): string {
  const file = join(folder, "export.jsonl");
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const script = join(import.meta.dirname, "../../scripts/verify_audit_export.mjs");
  try {
    return execFileSync(process.execPath, [script, file], { encoding: "utf8", stdio: "pipe" });
  } catch (thrown) {
    return (thrown as { stderr: string }).stderr;
  }
}

test("whole -> both say so", async () => {
  const lines = await exported();
  expect(await ours(lines)).toBe("whole");
  expect(theirs(lines)).toBe("whole: 24 rows in 3 chains, 1 roots\n");
});

test.each([
  [
    "a byte of row 17 changed",
    (lines: AuditLine[]) => void Object.assign(lines[20]!, { kind: "run.notef" }),
    /row 17 of run:a/,
  ],
  ["row 5 removed", (lines: AuditLine[]) => void lines.splice(8, 1), /row 5 of run:a/],
  ["the end of a chain cut off", (lines: AuditLine[]) => void lines.splice(23, 1), /row 20 of run:a/],
  [
    "a leaf of the root changed",
    (lines: AuditLine[]) => void Object.assign(lines[0]!, { leaves: [["run:a", 19, "00"]] }),
    /root/,
  ],
])("%s -> both name it", async (_what, change, named) => {
  const lines = await exported();
  change(lines);
  expect(await ours(lines)).toMatch(named);
  expect(theirs(lines)).toMatch(named);
});
