/**
 * A pull request, opened once for a call. Its body carries a mark of the call, by which a second try finds it; GitHub itself takes only
 * one open pull request of a branch into another.
 */
import { z } from "zod";
import { FactoryError } from "../../src/contract/errors.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { GitHub } from "./client.ts";
import { GitHubError } from "./errors.ts";
import { demandBranch, fullName, headOf, type Repo } from "./names.ts";
import { at, isStatus, repository, tipOf } from "./repositories.ts";
import { type Pull, zPull } from "./shapes.ts";

export interface PullWanted {
  repo: Repo;
  /** A branch of the repository, or `owner:branch` of a fork. */
  head: string;
  /** What the branch ended with when people were asked; at another one nothing is opened. Null: it is not known. */
  commit: string | null;
  /** Null: the repository's default branch. */
  base: string | null;
  title: string;
  body: string | null;
  draft: boolean;
  /** The factory's task it is for. */
  task: string | null;
}

export interface PullOpened {
  repo: string;
  number: number;
  url: string;
  title: string;
  state: "open" | "closed";
  draft: boolean;
  head: string;
  base: string;
  /** It was open before, and not by this call: nothing was opened. */
  alreadyOpen: boolean;
}

const MAX_TITLE = 256;
/** GitHub takes 65,536; the mark and the task need room. */
const MAX_BODY = 60_000;

/** `key`: the same at every try of one call, different between calls. */
export async function openPull(github: GitHub, wanted: PullWanted, key: string): Promise<PullOpened> {
  const { repo } = wanted;
  const { repo: own, fork, branch: named } = headOf(repo, wanted.head);
  const branch = demandBranch(named, "head");
  const head = `${own.owner}:${branch}`;
  const base =
    wanted.base === null ? (await repository(github, repo)).default_branch : demandBranch(wanted.base, "base");
  const title = wanted.title.trim().replace(/\s+/g, " ");
  if (title === "" || title.length > MAX_TITLE) {
    throw new FactoryError("invalid_input", `a pull request's title has 1 to ${MAX_TITLE} characters`, {
      field: "title",
    });
  }
  if ((wanted.body?.length ?? 0) > MAX_BODY) {
    throw new FactoryError("too_large", `a pull request's body has at most ${MAX_BODY} characters`, { field: "body" });
  }
  const mark = `<!-- factory-call:${(await sha256Hex(key)).slice(0, 32)} -->`;
  const find = async (): Promise<PullOpened | null> => found(repo, await listed(github, repo, head, base), mark);
  for (let tries = 1; ; tries++) {
    const before = await find();
    if (before !== null) return before;
    if (wanted.commit !== null) await demandUnmoved(github, own, branch, wanted.commit);
    try {
      const made = await github.ask({
        route: "POST /repos/{owner}/{repo}/pulls",
        parameters: {
          ...at(repo),
          ...{ head: fork === null ? branch : head, base, title, draft: wanted.draft },
          body: bodyOf(wanted.body, wanted.task, mark),
        },
        what: `a pull request of ${wanted.head} into ${base} in ${fullName(repo)}`,
        schema: zPull,
      });
      return view(repo, made, false);
    } catch (thrown) {
      const exists = isStatus(thrown, 422) && /already exists/i.test(thrown.message);
      const unsure = thrown instanceof GitHubError && thrown.more.unsure;
      if (!exists && !unsure) throw explained(thrown, wanted.head, repo);
      // What a list does not show yet, GitHub refuses to open again.
      if (tries === 2) {
        const after = await find();
        if (after !== null) return after;
        throw thrown;
      }
    }
  }
}

/** Throws where the branch does not end with the commit that was seen. */
async function demandUnmoved(github: GitHub, repo: Repo, branch: string, seen: string): Promise<void> {
  const tip = await tipOf(github, repo, branch);
  if (tip === seen) return;
  throw new FactoryError(
    "conflict",
    `the branch ${branch} of ${fullName(repo)} has moved: asked about was ${seen.slice(0, 12)}, now it is at ${tip.slice(0, 12)}`,
    { field: "head", remedy: "look at what was pushed since, then ask for the pull request again", retryable: false },
  );
}

async function listed(github: GitHub, repo: Repo, head: string, base: string): Promise<Pull[]> {
  return await github.ask({
    route: "GET /repos/{owner}/{repo}/pulls",
    parameters: { ...at(repo), head, base, state: "all", per_page: 30 },
    what: `the pull requests of ${fullName(repo)}`,
    schema: z.array(zPull),
  });
}

function found(repo: Repo, pulls: Pull[], mark: string): PullOpened | null {
  const own = pulls.find(({ body }) => body?.includes(mark));
  if (own !== undefined) return view(repo, own, false);
  const open = pulls.find(({ state }) => state === "open");
  return open === undefined ? null : view(repo, open, true);
}

const view = (repo: Repo, pull: Pull, alreadyOpen: boolean): PullOpened => ({
  ...{ repo: fullName(repo), number: pull.number, url: pull.html_url, title: pull.title, state: pull.state },
  ...{ draft: pull.draft ?? false, head: pull.head.ref, base: pull.base.ref, alreadyOpen },
});

function bodyOf(body: string | null, task: string | null, mark: string): string {
  // No text given may pass for the mark of a call.
  const said = (body ?? "").replaceAll(/<!--\s*factory-call:/gi, "<!-- ").trim();
  return [said, task === null ? "" : `For task ${task}.`, mark].filter((part) => part !== "").join("\n\n");
}

/** Two refusals that people meet every day, in words that say what to do. */
function explained(thrown: unknown, head: string, repo: Repo): unknown {
  if (!isStatus(thrown, 422)) return thrown;
  if (/no commits between/i.test(thrown.message)) {
    return new FactoryError("platform_refused", `${head} has nothing that its base does not have`, {
      field: "head",
      remedy: `push commits to ${head} first`,
    });
  }
  if (/\bhead\b.*invalid|invalid.*\bhead\b/i.test(thrown.message)) {
    return new FactoryError("not_found", `${fullName(repo)} has no branch ${head}`, {
      field: "head",
      remedy: "create the branch and push commits to it first",
    });
  }
  return thrown;
}
