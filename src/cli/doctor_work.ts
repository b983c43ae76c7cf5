/** How much there is to do, in one line. Pure. */
import type { Health } from "../bot/functions.ts";

export function workLine({ approvalsPending, runs, jobs, deliveries, countLimit }: Health): string {
  const some = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `${count}${count < countLimit ? "" : " or more"} ${state}`)
      .join(", ") || "none";
  return [
    `questions: ${some({ open: approvalsPending })}`,
    `runs: ${some(runs)}`,
    `jobs: ${some(jobs)}`,
    `messages to send: ${some(deliveries)}`,
  ].join("; ");
}
