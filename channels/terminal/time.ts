/** Times and durations as people read them. Pure. */
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

const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** The largest unit that fits: "3 d", "2 h", "14 min", "0.4 s". */
export function duration(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)} ${unit}`;
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}
