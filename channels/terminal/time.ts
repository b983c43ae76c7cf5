/** Times and durations as people read them. Pure. */
import { wholeUnits } from "../../src/contract/duration.ts";

/** "today 14:03 (in 2 h)" in the reader's zone. */
export function when(at: number, options: { now: number; timeZone: string }): string {
  const part = (style: Intl.DateTimeFormatOptions, time: number) =>
    new Intl.DateTimeFormat("en-CA", { ...style, timeZone: options.timeZone }).format(time);
  const day = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
  const clock = part({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, at);
  const date = part(day, at) === part(day, options.now) ? "today" : part(day, at);
  const away = at - options.now;
  return `${date} ${clock} (${away >= 0 ? `in ${duration(away)}` : `${duration(-away)} ago`})`;
}

/** The largest unit that fits: "3 d", "2 h", "14 min", "0.4 s". */
export const duration = (ms: number): string => wholeUnits(ms) ?? `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
