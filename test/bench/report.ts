/** `{"bench","metric","value","unit"}`, one JSON object a line. */
export function report(bench: string, metric: string, value: number, unit: string): void {
  console.log(JSON.stringify({ bench, metric, value: Number(value.toPrecision(4)), unit }));
}

/** Nearest-rank percentile. */
export function percentile(values: number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}

export function reportTimes(bench: string, metric: string, timesMs: number[]): void {
  report(bench, `${metric}_p50`, percentile(timesMs, 50), "ms");
  report(bench, `${metric}_p99`, percentile(timesMs, 99), "ms");
}

/** Runs `body` over the items, at most `limit` at a time. */
export async function pooled<T>(items: T[], limit: number, body: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: limit }, async () => {
      for (const item of queue) await body(item);
    }),
  );
}
