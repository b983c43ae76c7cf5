import { expect, test } from "vitest";
import { crashRounds } from "./crash_rounds.ts";

test("killed again and again under load -> nothing acknowledged is lost, every job ran once, the file is whole", async () => {
  const report = await crashRounds({ rounds: 25, roundMs: 2_500, writers: 24 });
  expect(report.acknowledged).toBeGreaterThan(0);
  expect(report.counted).toBeGreaterThanOrEqual(report.acknowledged);
  expect(report.counted).toBeLessThanOrEqual(report.sent);
  expect(report.socketCounted).toBe(report.socketSent);
  const recorded = new Set(report.recordedJobs);
  expect(report.acknowledgedJobs.filter((job) => !recorded.has(job))).toEqual([]);
  expect(recorded.size).toBe(report.recordedJobs.length);
  expect(report.integrity).toBe("ok");
}, 600_000);
