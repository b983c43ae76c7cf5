import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { parseQuiet, quietText, quietUntil } from "./quiet.ts";

const utc = (text: string) => Date.parse(`${text}Z`);

describe("A12: quiet hours", () => {
  const night = parseQuiet("22:00-07:00", "UTC");
  it.each([
    ["2026-11-20T23:30:00", "2026-11-21T07:00:00"],
    ["2026-11-20T22:00:00", "2026-11-21T07:00:00"],
    ["2026-11-21T06:59:59", "2026-11-21T07:00:00"],
  ])("%s is quiet until %s", (now, until) => expect(quietUntil(night, utc(now))).toBe(utc(until)));
  it.each(["2026-11-20T21:59:59", "2026-11-20T07:00:00", "2026-11-20T12:00:00"])("%s is not quiet", (now) =>
    expect(quietUntil(night, utc(now))).toBeNull(),
  );
  it("within one day, in another zone", () => {
    const noon = parseQuiet("12:00-14:00", "Europe/Berlin");
    expect(quietUntil(noon, utc("2026-07-01T10:30:00"))).toBe(utc("2026-07-01T12:00:00"));
    expect(quietUntil(noon, utc("2026-07-01T12:30:00"))).toBeNull();
  });
  it("the clocks change during the night: it ends at seven by the wall", () => {
    const berlin = parseQuiet("22:00-07:00", "Europe/Berlin");
    expect(quietUntil(berlin, utc("2026-10-24T22:00:00"))).toBe(utc("2026-10-25T06:00:00"));
    expect(quietUntil(berlin, utc("2026-03-28T22:00:00"))).toBe(utc("2026-03-29T05:00:00"));
  });
  it.each(["22-7", "25:00-07:00", "07:00-07:00", "22:00", "22:60-07:00"])("%s is refused", (hours) =>
    expect(() => parseQuiet(hours, "UTC")).toThrow(/hours of a day/),
  );
  it("a zone that there is not is refused", () => expect(() => parseQuiet("22:00-07:00", "Mars/Base")).toThrow(/zone/));
  it("reads back as it was written", () => expect(quietText(night)).toBe("22:00-07:00 UTC"));
  it("always ends in the future, within a day and an hour, and then it is not quiet", () => {
    const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe");
    const minute = fc.integer({ min: 0, max: 1439 });
    const now = fc.integer({ min: utc("2026-01-01T00:00:00"), max: utc("2027-12-31T00:00:00") });
    fc.assert(
      fc.property(minute, minute, zones, now, (from, until, zone, at) => {
        fc.pre(from !== until);
        const end = quietUntil({ from, until, zone }, at);
        if (end === null) return;
        expect(end).toBeGreaterThan(at);
        expect(end - at).toBeLessThanOrEqual(25 * 3600_000);
      }),
      { numRuns: 200 },
    );
  });
});
