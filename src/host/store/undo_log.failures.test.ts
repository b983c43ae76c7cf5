/** The storage fails at any statement of a group: what its members are told is what is there, and every index agrees with it. */
import { defineSchema, defineTable } from "convex/server";
import { v } from "convex/values";
import { expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { exported, testStore } from "./fixtures.test-support.ts";
import type { Sql } from "./sql.ts";
import type { Store, Writer } from "./types.ts";
import type { StoreWriter } from "./writer.ts";

const schema = defineSchema({
  plain: defineTable(v.any()).index("by_n", ["n"]).index("by_who_and_n", ["who", "n"]).index("by_who", ["who"]),
  words: defineTable(v.any()).searchIndex("by_text", { searchField: "text" }),
});

const FULL = 13;
const CONSTRAINT = 19;

interface Fault {
  /** Statements before it. */
  at: number;
  /** SQLite has rolled back the whole group by itself, as it may when the disk is full. */
  rollsBack: boolean;
  /** The first row of a statement of several is written before it fails. */
  halfDone: boolean;
}

/** Lets one statement that changes something fail. */
function inject(sql: Sql, fault: Fault): { disarm(): void } {
  const real = { run: sql.run.bind(sql), insert: sql.insert.bind(sql) };
  let left = fault.at;
  const failing =
    (does: typeof sql.run) =>
    (text: string, ...values: Parameters<typeof sql.run> extends [string, ...infer Rest] ? Rest : never): number => {
      if (/^(BEGIN|COMMIT|ROLLBACK$)/.test(text) || left-- !== 0) return does(text, ...values);
      if (fault.halfDone && text.includes("OR FAIL"))
        real.run("INSERT INTO idx VALUES(?, ?, ?)", ...values.slice(0, 3));
      if (fault.rollsBack && sql.db.isTransaction) sql.db.exec("ROLLBACK");
      const error = Object.assign(new Error("injected"), { errcode: fault.rollsBack ? FULL : CONSTRAINT });
      sql.failure ??= error;
      throw error;
    };
  sql.run = failing(real.run);
  sql.insert = failing(real.insert);
  return { disarm: () => void Object.assign(sql, real) };
}

const step = fc.record({ kind: fc.nat({ max: 7 }), pick: fc.nat({ max: 9 }) });
const member = fc.record({
  steps: fc.array(step, { maxLength: 4 }),
  nested: fc.array(fc.record({ steps: fc.array(step, { maxLength: 4 }), fails: fc.boolean() }), { maxLength: 2 }),
  /** Goes on after a failure, as a function with a catch-all does. */
  swallows: fc.boolean(),
  fails: fc.boolean(),
});

let serial = 0;
function perform(tx: Writer, who: string, { kind, pick }: { kind: number; pick: number }, ids: string[]): void {
  const id = ids[pick % ids.length]!;
  const known = tx.get("", id) !== null;
  if (kind < 3) ids.push(tx.insert("", kind === 0 ? "words" : "plain", { who, n: pick, text: "ship it" }));
  else if (kind < 6 && known) tx.patch("", id, { who, n: pick });
  else if (kind === 6 && known && ids.length > 3) tx.remove("", id);
  else if (kind === 7) {
    const row = { id: `job${serial++}`, ts: 1, component: "", udfPath: "m:f", owner: "", args: "{}" };
    tx.schedule({ ...row, state: "pending" });
    if (pick % 2 === 0) tx.setScheduledState(row.id, "done");
  }
}

function work(tx: Writer, who: string, plan: typeof member extends fc.Arbitrary<infer T> ? T : never, ids: string[]) {
  const tried = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      if (!plan.swallows) throw error;
    }
  };
  for (const one of plan.steps) tried(() => perform(tx, who, one, ids));
  for (const { steps, fails } of plan.nested) {
    tried(() => {
      const savepoint = tx.savepoint();
      try {
        for (const one of steps) perform(tx, who, one, ids);
        if (fails) throw new Error("nested");
      } catch (error) {
        savepoint.rollback();
        if ((error as Error).message === "nested") return;
        throw error;
      }
      savepoint.release();
    });
  }
  if (plan.fails) throw new Error("fails");
}

const documents = (sql: Sql): string[] =>
  sql.rows<[string]>("SELECT json FROM docs ORDER BY rid").map(([json]) => json);

async function sqlOf(store: Store): Promise<Sql> {
  return (await store.write(async (tx) => (tx as StoreWriter).sql)).value;
}

test("a failure at any statement, with or without SQLite undoing the whole group by itself", async () => {
  const fault = fc.record({ at: fc.nat({ max: 60 }), rollsBack: fc.boolean(), halfDone: fc.boolean() });
  let met = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(member, { minLength: 1, maxLength: 4 }), fault, async (plans, planned) => {
      const store = testStore();
      store.defineComponent("", exported(schema));
      const ids: string[] = [];
      await store.write(async (tx) => {
        for (let n = 0; n < 4; n++)
          ids.push(tx.insert("", n === 3 ? "words" : "plain", { who: "base", n, text: "hold" }));
      });
      const sql = await sqlOf(store);
      let kept = documents(sql);
      const injected = inject(sql, planned);
      const ended = await Promise.allSettled(
        plans.map((plan, i) =>
          store.write(async (tx) => {
            work(tx, `m${i}`, plan, ids);
            return documents(sql);
          }),
        ),
      );
      injected.disarm();
      for (const end of ended) {
        if (end.status === "fulfilled") kept = end.value.value;
        else if (end.reason.message === "injected") met++;
      }
      expect(documents(sql)).toEqual(kept);
      const entries = sql.rows<[number, number]>("SELECT i.ix, i.rid FROM idx i JOIN docs d ON d.rid = i.rid");
      const [[all]] = sql.rows<[number]>("SELECT count(*) FROM idx") as [[number]];
      expect(all).toBe(entries.length);
      const wanted = sql.rows("SELECT 1 FROM docs d JOIN idxs x ON x.tbl = d.tbl AND x.kind = 'db'");
      expect(all).toBe(wanted.length);
      await store.write(async (tx) => tx.insert("", "plain", { who: "after", n: 0 }));
      store.close();
    }),
    { numRuns: 150 },
  );
  // Otherwise the faults were put where nothing is written.
  expect(met).toBeGreaterThan(20);
});
