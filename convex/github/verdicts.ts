/** How a pull request stands, as one answer made of what GitHub says in several. Pure. */
import type { z } from "zod";
import type { FullPull, zCheckRuns, zReviews, zStatuses } from "./shapes.ts";

export interface Checks {
  passed: number;
  pending: string[];
  failed: string[];
  /** The token may not read some of them, or there are more than were read. */
  incomplete: boolean;
}

export interface Reviews {
  approvedBy: string[];
  changesRequestedBy: string[];
  /** Asked and not yet heard of. */
  waitingFor: string[];
}

export type Standing =
  | "merged"
  | "closed"
  | "draft"
  | "conflicts"
  | "checks failed"
  | "changes requested"
  | "checks pending"
  | "review pending"
  | "blocked"
  | "unknown"
  | "ready";

const FAILED = new Set(["failure", "timed_out", "cancelled", "action_required", "startup_failure", "error", "stale"]);

/** A name that both a check run and a status have counts once, as the worse of the two. */
export function sumUpChecks(
  runs: z.infer<typeof zCheckRuns>["check_runs"],
  statuses: z.infer<typeof zStatuses>["statuses"],
  incomplete: boolean,
): Checks {
  const all: [string, string][] = [
    ...runs.map(({ name, status, conclusion }): [string, string] => [
      name,
      status === "completed" ? (conclusion ?? "failure") : "pending",
    ]),
    ...statuses.map(({ context, state }): [string, string] => [context, state]),
  ];
  const worst = new Map<string, 0 | 1 | 2>();
  for (const [name, state] of all) {
    const rank = FAILED.has(state) ? 2 : state === "pending" ? 1 : 0;
    worst.set(name, Math.max(rank, worst.get(name) ?? 0) as 0 | 1 | 2);
  }
  const named = (rank: number): string[] => [...worst].flatMap(([name, has]) => (has === rank ? [name] : [])).sort();
  return { passed: named(0).length, pending: named(1), failed: named(2), incomplete };
}

/** What each reviewer said last counts; a comment does not take back a verdict, a dismissal does. */
export function sumUpReviews(pull: FullPull, reviews: z.infer<typeof zReviews>): Reviews {
  const last = new Map<string, string>();
  for (const { user, state } of reviews) {
    if (user == null || user.login === pull.user?.login) continue;
    if (["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].includes(state)) last.set(user.login, state);
  }
  const whose = (state: string): string[] =>
    [...last].flatMap(([login, said]) => (said === state ? [login] : [])).sort();
  const asked = [
    ...(pull.requested_reviewers ?? []).map(({ login }) => login),
    ...(pull.requested_teams ?? []).map(({ slug }) => `team ${slug}`),
  ];
  return { approvedBy: whose("APPROVED"), changesRequestedBy: whose("CHANGES_REQUESTED"), waitingFor: asked.sort() };
}

/** The first thing that stands in the way, the hardest first. */
export function standingOf(pull: FullPull, checks: Checks, reviews: Reviews): Standing {
  if (pull.merged === true || pull.merged_at != null) return "merged";
  if (pull.state === "closed") return "closed";
  if (pull.mergeable === false || pull.mergeable_state === "dirty") return "conflicts";
  if (checks.failed.length > 0) return "checks failed";
  if (reviews.changesRequestedBy.length > 0) return "changes requested";
  if (pull.draft === true) return "draft";
  if (checks.pending.length > 0) return "checks pending";
  if (reviews.waitingFor.length > 0 && reviews.approvedBy.length === 0) return "review pending";
  if (pull.mergeable_state === "blocked" || pull.mergeable_state === "behind") return "blocked";
  return pull.mergeable == null ? "unknown" : "ready";
}

/** One sentence for people. */
export function sentence(pull: FullPull, standing: Standing, checks: Checks, reviews: Reviews): string {
  const some = (names: string[]): string =>
    names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
  const words: Record<Standing, string> = {
    merged: "is merged",
    closed: "is closed and was not merged",
    draft: "is a draft",
    conflicts: `has conflicts with ${pull.base.ref}`,
    "checks failed": `cannot be merged yet: ${some(checks.failed)} failed`,
    "changes requested": `cannot be merged yet: ${some(reviews.changesRequestedBy)} requested changes`,
    "checks pending": `waits for ${some(checks.pending)}`,
    "review pending": `waits for a review by ${some(reviews.waitingFor)}`,
    blocked:
      pull.mergeable_state === "behind"
        ? `has to be brought up to date with ${pull.base.ref} first`
        : "is held back by the rules of the repository (a review or a check is missing)",
    unknown: "may be ready: GitHub still computes whether it can be merged",
    ready: "is ready to be merged",
  };
  return `#${pull.number} "${pull.title}" ${words[standing]}.`;
}
