import { expect, test } from "vitest";
import { crashRounds } from "./crash_rounds.ts";

test("killed under load -> nothing acknowledged is lost, every job ran once, the file is whole", async () => {
  const report = await crashRounds({ rounds: 2, roundMs: 1_200, writers: 6 });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.counted).toBeGreaterThanOrEqual(report.acknowledged);
  expect(report.counted).toBeLessThanOrEqual(report.sent);
  expect(report.socketCounted).toBe(report.socketSent);
  expect(report.recordedJobs).toEqual(expect.arrayContaining(report.acknowledgedJobs));
  expect(new Set(report.recordedJobs).size).toBe(report.recordedJobs.length);
  expect(report.integrity).toBe("ok");
}, 60_000);
