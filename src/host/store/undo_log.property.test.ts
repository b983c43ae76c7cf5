import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { exported, testStore } from "./fixtures.test-support.ts";
import type { JsonObject, Savepoint, Writer } from "./types.ts";
import type { StoreWriter } from "./writer.ts";

/** One table whose writes have steps that reverse them, and two that SQLite has to take back. */
const schema = defineSchema({
  plain: defineTable(v.any()).index("by_n", ["n"]).index("by_text_and_n", ["text", "n"]).index("by_at", ["at"]),
  words: defineTable(v.any())
    .searchIndex("by_text", { searchField: "text", filterFields: ["n"] })
    .index("by_n", ["n"]),
  points: defineTable(v.any()).vectorIndex("by_at", { vectorField: "at", dimensions: 2, filterFields: ["n"] }),
});
const TABLES = ["plain", "words", "points"];

const body: fc.Arbitrary<JsonObject> = fc.record({
  n: fc.nat({ max: 3 }),
  text: fc.constantFrom("ship it", "hold it", "ship 1.2"),
  at: fc.constantFrom([0, 1], [1, 0], [0.5, 0.5]),
});
const table = fc.constantFrom(...TABLES);
const pick = fc.nat({ max: 20 });

type Change =
  | { type: "insert"; table: string; body: JsonObject }
  | { type: "patch" | "replace"; pick: number; body: JsonObject }
  | { type: "remove"; pick: number }
  | { type: "schedule" | "setState" | "unschedule" | "meta" | "session" | "newTable"; pick: number };
type Act = Change | { type: "begin" | "keep" | "undo" };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("insert" as const), table, body }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom("patch" as const, "replace" as const), pick, body }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("remove" as const), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom("meta", "session", "newTable"), pick }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom("schedule", "schedule", "setState", "unschedule"),
      pick: fc.nat({ max: 1 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constantFrom("begin" as const, "keep" as const, "undo" as const) }) },
);

const WORDS = ["ship", "hold", "it"];

/** Every row of the file; of full text what a search finds, because it writes its inner tables when it likes. */
function everything(tx: Writer): string[] {
  const { db } = (tx as StoreWriter).sql;
  const names = (db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]).map(
    ({ name }) => name,
  );
  const searches = names.filter((name) => /^fts_\d+$/.test(name));
  const rows = names
    .filter((name) => !name.startsWith("fts_"))
    .flatMap((name) => texts(name, db.prepare(`SELECT * FROM "${name}"`).all()));
  const found = searches.flatMap((name) =>
    WORDS.flatMap((word) =>
      texts(`${name} ${word}`, db.prepare(`SELECT rowid FROM ${name} WHERE ${name} MATCH ?`).all(word)),
    ),
  );
  // Without the time of the last COMMIT.
  return [...rows, ...found].filter((row) => !row.startsWith("meta ts|"));
}
const texts = (name: string, rows: object[]): string[] =>
  rows.map((row) => `${name} ${Object.values(row).map(shown).join("|")}`).sort();
const shown = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value);

let serial = 0;
function perform(tx: Writer, step: Change, ids: string[]): void {
  const id = "pick" in step ? ids[step.pick % Math.max(ids.length, 1)] : undefined;
  const known = id !== undefined && tx.get("", id) !== null;
  const job = `job${"pick" in step ? step.pick % 2 : 0}`;
  switch (step.type) {
    case "insert":
      ids.push(tx.insert("", step.table, step.body));
      return;
    case "patch":
    case "replace":
      if (known) tx[step.type]("", id, step.body);
      return;
    case "remove":
      if (known) tx.remove("", id);
      return;
    case "schedule":
      if (tx.scheduledById(job) === null) {
        tx.schedule({ id: job, ts: 1, component: "", udfPath: "m:f", owner: "", args: "{}", state: "pending" });
      }
      return;
    case "setState":
      tx.setScheduledState(job, "done");
      return;
    case "unschedule":
      tx.deleteScheduled(job);
      return;
    case "meta":
      tx.setMeta(job, String(serial++));
      return;
    case "session":
      // One that is there already is refused by the storage itself: the transaction fails as a whole, and that one stays.
      tx.saveSessionResult("s", step.pick % 4, "1");
      return;
    case "newTable":
      ids.push(tx.insert("", `made${step.pick % 3}`, { n: step.pick }));
      return;
  }
}

test("whatever a transaction or a nested one wrote is taken back to the last row, and nothing else", async () => {
  const transactions = fc.array(fc.record({ acts: fc.array(act, { maxLength: 14 }), fails: fc.boolean() }), {
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(transactions, async (planned) => {
      const store = testStore();
      store.defineComponent("", exported(schema));
      const ids: string[] = [];
      let rows = await store.write(async (tx) => everything(tx)).then(({ value }) => value);
      const run = async (tx: Writer, acts: Act[], fails: boolean) => {
        expect(everything(tx)).toEqual(rows);
        const open: { savepoint: Savepoint; rows: string[] }[] = [];
        for (const step of acts) {
          if (step.type === "begin") open.push({ rows: everything(tx), savepoint: tx.savepoint() });
          else if (step.type === "keep") open.pop()?.savepoint.release();
          else if (step.type === "undo") {
            const nested = open.pop();
            nested?.savepoint.rollback();
            if (nested !== undefined) expect(everything(tx)).toEqual(nested.rows);
          } else perform(tx, step as Change, ids);
        }
        for (const { savepoint } of open.reverse()) savepoint.release();
        if (fails) throw new Error("fails");
        rows = everything(tx);
      };
      // At once, so that they share a COMMIT. A comparison that fails must be told, other failures are wanted.
      const ended = await Promise.allSettled(
        planned.map(({ acts, fails }) => store.write((tx) => run(tx, acts, fails))),
      );
      for (const end of ended) {
        if (end.status === "rejected" && !/^fails|UNIQUE/.test(String(end.reason.message))) throw end.reason;
      }
      await store.write(async (tx) => expect(everything(tx)).toEqual(rows));
      store.close();
    }),
    { numRuns: 100 },
  );
});
