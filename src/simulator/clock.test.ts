import { expect, test } from "vitest";
import { createManualClock } from "./clock.ts";

test("what becomes due runs in the order of its time, and what that starts within the same move too", async () => {
  const clock = createManualClock(0);
  const seen: [string, number][] = [];
  const note = (name: string) => () => seen.push([name, clock.now()]);
  clock.after(20, note("b"));
  clock.after(10, () => {
    note("a")();
    void Promise.resolve().then(() => clock.after(15, note("c")));
  });
  clock.after(30, note("taken back"))();
  clock.after(50, note("later"));
  await clock.advance(40);
  expect(seen).toEqual([
    ["a", 10],
    ["b", 20],
    ["c", 25],
  ]);
  expect(clock.now()).toBe(40);
});
