/** When a schedule is due: five cron fields in a time zone. Pure: the moment is an argument. */
import { Cron } from "croner";
import type { Definition } from "./definition.ts";
import { Shape } from "./shape.ts";

export interface CronSpec {
  cron: string;
  timeZone: string;
}

export const CRON_REMEDY = 'write minute hour day month weekday, for example "0 7 * * 1-5"';
export const ZONE_REMEDY = "write for example Europe/Berlin";

/** Null: it is a time zone. */
export function zoneProblem(timeZone: string): string | null {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
    return null;
  } catch {
    return `there is no time zone "${timeZone.slice(0, 60)}"`;
  }
}

/** Null: it is a cron expression that comes true some day. */
export function cronProblem({ cron, timeZone }: CronSpec): string | null {
  const shown = `"${cron.slice(0, 60)}"`;
  try {
    const next = nextDue({ cron, timeZone }, 0);
    return next === null ? `${shown} never comes true` : null;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replace(/^\w+: /, "") : "";
    return `${shown} is not a cron expression: ${why}`;
  }
}

/** The first moment after `afterMs` (ms since 1970), by the wall clock of the zone; null: there is none. */
export function nextDue({ cron, timeZone }: CronSpec, afterMs: number): number | null {
  // Only to have it read; without a function nothing is scheduled.
  const parsed = new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" });
  try {
    return parsed.nextRun(new Date(afterMs))?.getTime() ?? null;
  } finally {
    parsed.stop();
  }
}

/** `schedule:` of a workflow or a hand. */
export function readSchedule(top: Shape): Definition["schedule"] {
  const tree = top.tree("schedule");
  if (tree === null) return null;
  const shape = new Shape(tree, ["cron", "timeZone", "input"], top.problems, "schedule");
  const cron = shape.requiredText("cron", 'write five fields, for example cron: "0 7 * * 1-5"');
  const timeZone = shape.text("timeZone") ?? "UTC";
  const noZone = zoneProblem(timeZone);
  if (noZone !== null) {
    shape.error("timeZone", noZone, ZONE_REMEDY);
    return { cron, timeZone: "UTC", input: shape.json("input") };
  }
  const noCron = cron === "" ? null : cronProblem({ cron, timeZone });
  if (noCron !== null) shape.error("cron", noCron, CRON_REMEDY);
  return { cron, timeZone, input: shape.json("input") };
}
