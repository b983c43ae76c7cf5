const UNITS: [string, number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
];

/** The largest unit that fits, for people: "3 d", "2 h", "14 min"; null: less than a second. */
export function wholeUnits(ms: number): string | null {
  for (const [unit, length] of UNITS) if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return null;
}
