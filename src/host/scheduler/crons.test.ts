import { defineSchema, defineTable, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";
import { describe, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import type { Timers } from "../engine/options.ts";
import type { CronSpec } from "../engine/types.ts";
import { openHarness, temporaryFile } from "../testing/harness.ts";
import { nextRun } from "./cron_times.ts";

const schema = defineSchema({ ticks: defineTable({ name: v.string() }) });
const modules = {
  ticks: {
    tick: mutationGeneric(async (ctx, { name }: { name: string }) => {
      await ctx.db.insert("ticks", { name });
    }),
    list: queryGeneric(async (ctx) => (await ctx.db.query("ticks").collect()).map(({ name }) => name)),
  },
};
const cron = (name: string, schedule: CronSpec["schedule"]): CronSpec => {
  return { name, component: "", udfPath: "ticks:tick", args: { name }, schedule };
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const start = Date.UTC(2026, 0, 1);

/** A clock that moves only when told, and runs what is due on the way. */
class TestClock implements Timers {
  now = start;
  #timers = new Map<number, { at: number; callback: () => void }>();
  #next = 0;

  setTimeout(callback: () => void, ms: number): number {
    this.#timers.set(++this.#next, { at: this.now + ms, callback });
    return this.#next;
  }
  clearTimeout(timer: unknown): void {
    this.#timers.delete(timer as number);
  }
  async advance(ms: number, settled: () => Promise<void>): Promise<void> {
    const end = this.now + ms;
    for (;;) {
      const [id, due] =
        [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (id === undefined || due === undefined) break;
      this.#timers.delete(id);
      this.now = Math.max(this.now, due.at);
      due.callback();
      await settled();
    }
    this.now = end;
  }
}

function open(clock: TestClock, file: string, crons: CronSpec[]) {
  const harness = openHarness({ "": { modules, schema } }, { file, crons, now: () => clock.now, timers: clock });
  const settled = async () => {
    // A cron's transaction, then the job it scheduled.
    for (let i = 0; i < 3; i++) {
      await harness.run("ticks:list");
      await harness.engine.scheduler.settled();
    }
  };
  return { ...harness, advance: (ms: number) => clock.advance(ms, settled) };
}

test("an interval runs soon after the start and then on its beat; a cron string on its minutes", async () => {
  const { engine, run, advance } = open(new TestClock(), temporaryFile(), [
    cron("interval", { type: "interval", minutes: 20 }),
    cron("hourly", { type: "hourly", minuteUTC: 30 }),
  ]);
  await engine.start();
  await advance(HOUR + MINUTE);
  expect(await run("ticks:list")).toEqual(["interval", "interval", "hourly", "interval", "interval"]);
});

test("what was missed while the process was down runs once", async () => {
  const clock = new TestClock();
  const file = temporaryFile();
  const crons = [cron("interval", { type: "interval", minutes: 10 }), cron("daily", { type: "daily", hourUTC: 6 })];
  const before = open(clock, file, crons);
  await before.engine.start();
  await before.advance(MINUTE);
  expect(await before.run("ticks:list")).toEqual(["interval"]);
  before.kill();
  clock.now += 3 * 24 * HOUR;
  const after = open(clock, file, crons);
  await after.engine.start();
  await after.advance(MINUTE);
  expect(((await after.run("ticks:list")) as string[]).toSorted()).toEqual(["daily", "interval", "interval"]);
  await after.advance(10 * MINUTE);
  expect(((await after.run("ticks:list")) as string[]).toSorted()).toEqual([
    "daily",
    "interval",
    "interval",
    "interval",
  ]);
});

test("what is due at the start lets those go first who wait for the process", async () => {
  const { engine, run, advance } = open(new TestClock(), temporaryFile(), [
    cron("i", { type: "interval", minutes: 20 }),
  ]);
  await engine.start();
  await advance(1_000);
  expect(await run("ticks:list")).toEqual([]);
  await advance(1_000);
  expect(await run("ticks:list")).toEqual(["i"]);
});

test("a restart in between neither repeats nor loses a run", async () => {
  const clock = new TestClock();
  const file = temporaryFile();
  const crons = [cron("hourly", { type: "hourly", minuteUTC: 0 })];
  for (let i = 0; i < 4; i++) {
    const harness = open(clock, file, crons);
    await harness.engine.start();
    await harness.advance(HOUR);
    harness.kill();
  }
  expect(await open(clock, file, crons).run("ticks:list")).toHaveLength(4);
});

test("a cron that is gone from the code does not run again", async () => {
  const clock = new TestClock();
  const file = temporaryFile();
  const before = open(clock, file, [cron("gone", { type: "interval", minutes: 1 })]);
  await before.engine.start();
  await before.advance(10_000);
  before.kill();
  const after = open(clock, file, []);
  await after.engine.start();
  await after.advance(HOUR);
  expect(await after.run("ticks:list")).toEqual(["gone"]);
});

describe("times", () => {
  const at = (text: string) => Date.parse(text);

  test.each([
    [{ type: "hourly", minuteUTC: 15 }, "2026-03-01T10:15:00Z", "2026-03-01T11:15:00Z"],
    [{ type: "daily", hourUTC: 6, minuteUTC: 30 }, "2026-03-01T06:29:59Z", "2026-03-01T06:30:00Z"],
    [{ type: "weekly", dayOfWeek: "monday", hourUTC: 9 }, "2026-11-20T00:00:00Z", "2026-11-23T09:00:00Z"],
    [{ type: "monthly", day: 31, hourUTC: 0 }, "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"],
    [{ type: "cron", cron: "*/5 * * * *" }, "2026-01-01T00:04:59Z", "2026-01-01T00:05:00Z"],
    [{ type: "cron", cron: "0 16 * * 1-5" }, "2026-11-20T16:00:00Z", "2026-11-23T16:00:00Z"],
  ])("%j after %s is %s", (schedule, after, expected) => {
    expect(new Date(nextRun(schedule, at(after), null)!).toISOString()).toBe(new Date(at(expected)).toISOString());
  });

  test("the next time of an interval lies ahead, at most one period, on the beat of the last", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.nat(1e9), fc.nat(1e9), (seconds, previous, later) => {
        const after = previous + later;
        const next = nextRun({ type: "interval", seconds }, after, previous)!;
        expect(next).toBeGreaterThan(after);
        expect(next - after).toBeLessThanOrEqual(seconds * 1000);
        expect((next - previous) % (seconds * 1000)).toBe(0);
      }),
    );
  });
});
