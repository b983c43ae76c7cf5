import { expect, test } from "vitest";
import { createFaults } from "./faults.ts";

const drop = { kind: "drop" } as const;

test("an order is used up by what fits it: target, fields, how often, how many first let through", () => {
  const faults = createFaults();
  faults.order({ on: "chat.*", fault: drop, times: 2, skip: 1, where: { channel: "C1" } });
  const take = (target: string, channel: string) => faults.take(target, { channel }) !== null;
  expect(take("views.open", "C1")).toBe(false);
  expect(take("chat.update", "C2")).toBe(false);
  expect([1, 2, 3, 4].map(() => take("chat.postMessage", "C1"))).toEqual([false, true, true, false]);
  expect(faults.open()).toEqual([]);
});

test("orders are taken in the order given; 0 times is until cleared", () => {
  const faults = createFaults();
  faults.order({ on: "a", fault: { kind: "status", status: 500 } });
  faults.order({ on: "*", fault: drop, times: 0 });
  expect([1, 2, 3].map(() => faults.take("a")?.kind)).toEqual(["status", "drop", "drop"]);
  faults.clear();
  expect(faults.take("a")).toBeNull();
});
