/** Hours in which a person is not written to about what can wait: `22:00-07:00` in their own zone. Pure: the clock is an argument. */
import { FactoryError } from "../contract/errors.ts";

export interface QuietHours {
  /** Minutes after midnight. From after until: over midnight. */
  from: number;
  until: number;
  /** IANA name. */
  zone: string;
}

const MINUTE = 60_000;
const DAY = 1440;

export function parseQuiet(hours: string, zone: string): QuietHours {
  const found = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(hours.trim());
  const [from, until] = found === null ? [NaN, NaN] : [minuteOf(found[1]!, found[2]!), minuteOf(found[3]!, found[4]!)];
  if (!Number.isInteger(from) || !Number.isInteger(until) || from === until) {
    throw new FactoryError("invalid_input", `"${hours}" are not hours of a day`, {
      field: "hours",
      remedy: "write from and until, for example 22:00-07:00",
    });
  }
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
  } catch {
    throw new FactoryError("invalid_input", `there is no time zone "${zone}"`, {
      field: "zone",
      remedy: "write it like Europe/Berlin or UTC",
    });
  }
  return { from, until, zone };
}

const minuteOf = (hour: string, minute: string): number =>
  Number(hour) < 24 && Number(minute) < 60 ? Number(hour) * 60 + Number(minute) : Number.NaN;

/** When the quiet that there is at `now` ends, ms since 1970; null: it is not quiet. */
export function quietUntil(quiet: QuietHours, now: number): number | null {
  const local = localMinute(quiet.zone, now);
  if ((local - quiet.from + DAY) % DAY >= (quiet.until - quiet.from + DAY) % DAY) return null;
  const left = (quiet.until - local + DAY) % DAY;
  const end = Math.floor(now / MINUTE) * MINUTE + left * MINUTE;
  // Where the clocks change during the night the end is an hour off; at most half a day, so the sign is plain.
  const off = ((localMinute(quiet.zone, end) - quiet.until + DAY + DAY / 2) % DAY) - DAY / 2;
  return end - off * MINUTE > now ? end - off * MINUTE : end;
}

function localMinute(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const of = (type: string) => Number(parts.formatToParts(at).find((part) => part.type === type)?.value);
  return of("hour") * 60 + of("minute");
}

const two = (value: number): string => String(value).padStart(2, "0");
export const quietText = ({ from, until, zone }: QuietHours): string =>
  `${two(Math.floor(from / 60))}:${two(from % 60)}-${two(Math.floor(until / 60))}:${two(until % 60)} ${zone}`;
