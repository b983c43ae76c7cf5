/** When a cron is due. All times are UTC. */
import { Cron } from "croner";
import type { Json, JsonObject } from "../store/types.ts";

const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Milliseconds of an interval schedule; null for schedules by the calendar. */
export function intervalMs(schedule: Json): number | null {
  const { type, seconds, minutes, hours } = schedule as Record<string, unknown>;
  if (type !== "interval") return null;
  const ms = (Number(seconds ?? 0) + 60 * Number(minutes ?? 0) + 3600 * Number(hours ?? 0)) * 1000;
  if (!(ms > 0)) throw new Error(`A cron's interval must be positive: ${JSON.stringify(schedule)}`);
  return ms;
}

/**
 * The first time after `after` (ms). An interval counts on from `previous`, the time of its last run, so that it does not drift;
 * times that were missed in between are passed over. null: never again.
 */
export function nextRun(schedule: Json, after: number, previous: number | null): number | null {
  const interval = intervalMs(schedule);
  if (interval === null)
    return new Cron(pattern(schedule), { timezone: "UTC", paused: true }).nextRun(new Date(after))?.getTime() ?? null;
  if (previous === null) return after + interval;
  const periods = Math.floor(Math.max(0, after - previous) / interval) + 1;
  return previous + periods * interval;
}

function pattern(schedule: Json): string {
  const { type, cron, minuteUTC = 0, hourUTC = 0, dayOfWeek, day } = schedule as JsonObject;
  switch (type) {
    case "cron":
      return String(cron);
    case "hourly":
      return `${minuteUTC} * * * *`;
    case "daily":
      return `${minuteUTC} ${hourUTC} * * *`;
    case "weekly":
      return `${minuteUTC} ${hourUTC} * * ${DAYS.indexOf(String(dayOfWeek))}`;
    case "monthly":
      return `${minuteUTC} ${hourUTC} ${day} * *`;
    default:
      throw new Error(`Unknown cron schedule ${JSON.stringify(schedule)}`);
  }
}
