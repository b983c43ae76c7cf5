import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { cronProblem, nextDue, zoneProblem } from "./schedule.ts";

const at = (text: string) => Date.parse(text);
const UTC = "UTC";

describe("when a schedule is due", () => {
  it.each([
    ["0 7 * * 1-5", UTC, "2027-01-01T08:00:00Z", "2027-01-04T07:00:00Z"],
    ["0 7 * * *", "Europe/Berlin", "2027-01-01T00:00:00Z", "2027-01-01T06:00:00Z"],
    // Summer time begins on 28 March 2027: two o'clock is followed by three.
    ["0 7 * * *", "Europe/Berlin", "2027-03-28T00:00:00Z", "2027-03-28T05:00:00Z"],
    ["0 0 29 2 *", UTC, "2027-01-01T00:00:00Z", "2028-02-29T00:00:00Z"],
    ["*/15 * * * *", UTC, "2027-01-01T00:00:00Z", "2027-01-01T00:15:00Z"],
  ])("%s in %s after %s: %s", (cron, timeZone, after, due) => {
    expect(nextDue({ cron, timeZone }, at(after))).toBe(at(due));
  });

  it.each([
    ["0 0 30 2 *", "never comes true"],
    ["* * * *", "not a cron expression"],
    ["0 0 7 * * *", "not a cron expression"],
    ["61 * * * *", "not a cron expression"],
    ["soon", "not a cron expression"],
  ])("%s: %s", (cron, problem) => {
    expect(cronProblem({ cron, timeZone: UTC })).toContain(problem);
  });

  it("knows which zones there are", () => {
    expect(zoneProblem("Europe/Berlin")).toBeNull();
    expect(zoneProblem("Mars/Base")).toContain("Mars/Base");
  });

  it("is always later than the moment asked for, on a whole minute, whatever the text", () => {
    const field = fc.oneof(fc.constant("*"), fc.nat(70).map(String), fc.constant("*/7"), fc.string({ maxLength: 4 }));
    fc.assert(
      fc.property(fc.array(field, { minLength: 3, maxLength: 6 }), fc.nat(4_000_000_000), (fields, seconds) => {
        const spec = { cron: fields.join(" "), timeZone: UTC };
        if (cronProblem(spec) !== null) return;
        const due = nextDue(spec, seconds * 1000);
        if (due === null) return;
        expect(due).toBeGreaterThan(seconds * 1000);
        expect(due % 60_000).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
