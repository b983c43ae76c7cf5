// @vitest-environment edge-runtime

import { expect, test } from "vitest";
import type { AuditLine } from "../src/flow/audit_chain.ts";
import { ChainCheck, type Fault } from "../src/flow/audit_chain.ts";
import fc from "../test/property.ts";
import { startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import { record } from "./model/audit.ts";

type Harness = Awaited<ReturnType<typeof startBackend>>;
const event = (subject: string, n: number) => ({
  ...{ subject, kind: "test.noted", person: null, handle: null, channel: null },
  detail: { n, straße: "ü" },
});
const append = (t: Harness["t"], subject: string, n: number) => t.run((ctx) => record(ctx, event(subject, n)));

async function lines(t: Harness["t"]): Promise<AuditLine[]> {
  const all: AuditLine[] = [];
  for (const part of ["roots", "heads", "events"] as const) {
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const page: { lines: AuditLine[]; next: string | null } = await t.query(api.audit.page, { part, cursor });
      all.push(...page.lines);
      cursor = page.next;
    }
  }
  return all;
}

async function firstFault(all: AuditLine[]): Promise<Fault | null> {
  const check = new ChainCheck();
  for (const line of all) {
    const fault =
      line.type === "root"
        ? await check.root({ ...line, leaves: line.leaves.map(([subject, seq, hash]) => ({ subject, seq, hash })) })
        : line.type === "head"
          ? check.claim(line)
          : await check.event(line);
    if (fault !== null) return fault;
  }
  return check.end();
}

test("the record of a run that there is not -> not_found, not an empty list", async () => {
  const { t } = await startBackend();
  await expect(t.query(api.audit.list, { runId: "nosuch" })).rejects.toMatchObject({
    data: { code: "not_found", field: "runId", remedy: expect.stringContaining("workflow runs") },
  });
});

test("G3: 200 appends at once over one subject -> one chain without a fork", async () => {
  const { t, rows } = await startBackend();
  await Promise.all(Array.from({ length: 200 }, (_, n) => append(t, "run:x", n)));
  const chain = (await rows("audit")).filter((row) => row.subject === "run:x");
  expect(chain.map((row) => row.seq)).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
  expect(chain.slice(1).every((row, at) => row.prev === chain[at]!.hash)).toBe(true);
  expect(await firstFault(await lines(t))).toBeNull();
});

test("G3: a byte of row 17 changed in the database -> row 17 is named", async () => {
  const { t } = await startBackend();
  for (let n = 1; n <= 20; n++) await append(t, "run:x", n);
  await t.run(async (ctx) => {
    const row = await ctx.db
      .query("audit")
      .withIndex("by_subject_and_seq", (q) => q.eq("subject", "run:x").eq("seq", 17))
      .unique();
    await ctx.db.patch("audit", row!._id, { detail: row!.detail.replace("17", "18") });
  });
  expect(await firstFault(await lines(t))).toMatchObject({ subject: "run:x", seq: 17 });
});

test("G3: rows cut off the end of a chain after a root -> named, also when the head is forged", async () => {
  const { t } = await startBackend();
  for (let n = 1; n <= 5; n++) await append(t, "run:x", n);
  await t.mutation(internal.audit.root, {});
  await t.run(async (ctx) => {
    const rows = await ctx.db
      .query("audit")
      .withIndex("by_subject_and_seq", (q) => q.eq("subject", "run:x"))
      .collect();
    for (const row of rows.slice(3)) await ctx.db.delete("audit", row._id);
    const head = await ctx.db
      .query("auditHeads")
      .withIndex("by_subject", (q) => q.eq("subject", "run:x"))
      .unique();
    await ctx.db.patch("auditHeads", head!._id, { seq: 3, hash: rows[2]!.hash! });
  });
  expect(await firstFault(await lines(t))).toEqual({ subject: "run:x", seq: 4, message: "it is missing" });
});

test("G3: a root is made over chains that grew, and only over them", async () => {
  const { t } = await startBackend();
  for (const subject of ["b", "a", "c"]) await append(t, subject, 1);
  await t.mutation(internal.audit.root, {});
  await t.mutation(internal.audit.root, {});
  await append(t, "b", 2);
  await t.mutation(internal.audit.root, {});
  const roots = (await lines(t)).filter((line) => line.type === "root");
  expect(roots.map((line) => line.leaves.map(([subject, seq]) => [subject, seq]))).toEqual([
    [
      ["a", 1],
      ["b", 1],
      ["c", 1],
      [expect.stringMatching(/^person:/), 1],
    ],
    [["b", 2]],
  ]);
  expect(roots[1]!.prev).toBe(roots[0]!.hash);
});

test("G3: whatever one thing of an export is changed, removed or moved, the check sees it", async () => {
  const { t } = await startBackend();
  for (let n = 1; n <= 12; n++) await append(t, ["run:x", "run:y", "run:z"][n % 3]!, n);
  await t.mutation(internal.audit.root, {});
  for (let n = 1; n <= 4; n++) await append(t, "run:x", n);
  const whole = await lines(t);
  expect(await firstFault(whole)).toBeNull();
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.constantFrom("change" as const, "remove" as const, "double" as const, "swap" as const),
      fc.nat(),
      async (at, what, which) => {
        const changed = structuredClone(whole) as AuditLine[];
        const line = changed[at]!;
        // Heads without events, and the last root, are claims: taking one away only says less.
        if (what === "remove" && line.type !== "event") return;
        if (what === "remove") changed.splice(at, 1);
        else if (what === "double") {
          if (line.type !== "event") return;
          changed.splice(at, 0, structuredClone(line));
        } else if (what === "swap") {
          const next = changed.findIndex(
            (other, index) =>
              index > at && other.type === "event" && line.type === "event" && other.subject === line.subject,
          );
          if (next < 0) return;
          [changed[at], changed[next]] = [changed[next]!, line];
        } else {
          const fields = Object.keys(line).filter((key) => key !== "type");
          const field = fields[which % fields.length] as never;
          const value = line[field] as unknown;
          (line as Record<string, unknown>)[field] =
            typeof value === "number" ? value + 1 : value === null ? "x" : typeof value === "string" ? `${value}x` : [];
        }
        expect(await firstFault(changed)).not.toBeNull();
      },
    ),
    { numRuns: 150 },
  );
});
