/** How a pull request stands: asked of GitHub in several places, told as one answer. Changes nothing. */
import type { z } from "zod";
import { someOf } from "./bounds.ts";
import type { GitHub } from "./client.ts";
import { GitHubError } from "./errors.ts";
import { fullName, type Repo } from "./names.ts";
import { at } from "./repositories.ts";
import { type FullPull, zCheckRuns, zFullPull, zReviews, zStatuses } from "./shapes.ts";
import {
  type Checks,
  type Reviews,
  type Standing,
  sentence,
  standingOf,
  sumUpChecks,
  sumUpReviews,
} from "./verdicts.ts";

export interface PullChecked {
  repo: string;
  number: number;
  url: string;
  title: string;
  standing: Standing;
  summary: string;
  /** Null: GitHub still computes it. */
  mergeable: boolean | null;
  head: string;
  base: string;
  commit: string;
  checks: Checks;
  reviews: Reviews;
}

const PER_PAGE = 100;
const MAX_PAGES = 3;
const MAX_NAMES = 50;
/** GitHub computes `mergeable` when it is first asked for, mostly within a second or two. */
const ASK_AGAIN_AFTER_MS = [500, 1500, 3000];

export async function checkPull(
  github: GitHub,
  repo: Repo,
  number: number,
  askAgainAfterMs: readonly number[] = ASK_AGAIN_AFTER_MS,
): Promise<PullChecked> {
  const pull = await pullKnowing(github, repo, number, askAgainAfterMs);
  const [checks, given] = await Promise.all([checksOf(github, repo, pull.head.sha), reviewsOf(github, repo, number)]);
  const reviews = sumUpReviews(pull, given);
  const standing = standingOf(pull, checks, reviews);
  return {
    ...{ repo: fullName(repo), number, url: pull.html_url, title: pull.title, standing },
    summary: sentence(pull, standing, checks, reviews),
    ...{ mergeable: pull.mergeable ?? null, head: pull.head.ref, base: pull.base.ref, commit: pull.head.sha },
    checks: { ...checks, pending: someOf(checks.pending, MAX_NAMES), failed: someOf(checks.failed, MAX_NAMES) },
    reviews,
  };
}

export async function onePull(github: GitHub, repo: Repo, number: number): Promise<FullPull> {
  return await github.ask({
    route: "GET /repos/{owner}/{repo}/pulls/{pull_number}",
    parameters: { ...at(repo), pull_number: number },
    what: `the pull request ${number} of ${fullName(repo)}`,
    schema: zFullPull,
  });
}

async function pullKnowing(
  github: GitHub,
  repo: Repo,
  number: number,
  askAgainAfterMs: readonly number[],
): Promise<FullPull> {
  let pull = await onePull(github, repo, number);
  for (const pauseMs of askAgainAfterMs) {
    if (pull.state === "closed" || pull.mergeable != null) break;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pull = await onePull(github, repo, number);
  }
  return pull;
}

/** Some tokens may not read check runs, or statuses: the others are told, and that some are missing. */
async function checksOf(github: GitHub, repo: Repo, ref: string): Promise<Checks> {
  const what = `the checks of ${ref.slice(0, 7)} in ${fullName(repo)}`;
  let incomplete = false;
  const orNone = async <T>(asked: Promise<T[]>): Promise<T[]> => {
    try {
      return await asked;
    } catch (thrown) {
      if (!(thrown instanceof GitHubError) || ![403, 404].includes(thrown.more.status ?? 0)) throw thrown;
      incomplete = true;
      return [];
    }
  };
  const runs = paged(async (page) => {
    const parameters = { ...at(repo), ref, per_page: PER_PAGE, page };
    const route = "GET /repos/{owner}/{repo}/commits/{ref}/check-runs";
    return (await github.ask({ route, parameters, what, schema: zCheckRuns })).check_runs;
  });
  const statuses = paged(async (page) => {
    const parameters = { ...at(repo), ref, per_page: PER_PAGE, page };
    const route = "GET /repos/{owner}/{repo}/commits/{ref}/status";
    return (await github.ask({ route, parameters, what, schema: zStatuses })).statuses;
  });
  const [allRuns, allStatuses] = await Promise.all([orNone(runs), orNone(statuses)]);
  if (Math.max(allRuns.length, allStatuses.length) >= PER_PAGE * MAX_PAGES) incomplete = true;
  return sumUpChecks(allRuns, allStatuses, incomplete);
}

async function reviewsOf(github: GitHub, repo: Repo, number: number): Promise<z.infer<typeof zReviews>> {
  return await paged((page) =>
    github.ask({
      route: "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
      parameters: { ...at(repo), pull_number: number, per_page: PER_PAGE, page },
      what: `the reviews of the pull request ${number} of ${fullName(repo)}`,
      schema: zReviews,
    }),
  );
}

export async function paged<T>(page: (number: number) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let number = 1; number <= MAX_PAGES; number++) {
    const some = await page(number);
    all.push(...some);
    if (some.length < PER_PAGE) break;
  }
  return all;
}
