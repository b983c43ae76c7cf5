/**
 * A branch, made once for a call. Its name carries no mark of who made it, so what is meant is noted durably before GitHub is asked: a
 * branch that stands there at a second try, at the noted commit or after it, is the one the first try made.
 */
import { FactoryError } from "../../src/contract/errors.ts";
import type { GitHub } from "./client.ts";
import { GitHubError } from "./errors.ts";
import { demandBranch, fullName, type Repo } from "./names.ts";
import { at, isStatus, repository, tipIfAny, tipOf } from "./repositories.ts";
import { zComparison, zRef } from "./shapes.ts";

export interface BranchWanted {
  repo: Repo;
  /** Null: the repository's default branch. */
  base: string | null;
  name: string;
}

/** What a first try meant to make. */
export interface BranchNote {
  base: string;
  sha: string;
  url: string;
}

/** Of one call; kept where a crash does not reach it. */
export interface Notes {
  recall(): Promise<BranchNote | null>;
  keep(note: BranchNote): Promise<void>;
}

export interface BranchMade {
  repo: string;
  branch: string;
  base: string;
  sha: string;
  url: string;
}

export async function createBranch(github: GitHub, wanted: BranchWanted, notes: Notes): Promise<BranchMade> {
  const { repo } = wanted;
  const name = demandBranch(wanted.name, "name");
  const noted = await notes.recall();
  const note = noted ?? (await plan(github, wanted, name, notes));
  const made = { repo: fullName(repo), branch: name, base: note.base, sha: note.sha, url: note.url };
  if (noted !== null && (await stands(github, repo, name, note.sha))) return made;
  await make(github, repo, name, note.sha);
  return made;
}

async function plan(github: GitHub, { repo, base }: BranchWanted, name: string, notes: Notes): Promise<BranchNote> {
  const { default_branch, html_url } = await repository(github, repo);
  const from = base === null ? default_branch : demandBranch(base, "base");
  const sha = await tipOf(github, repo, from);
  if ((await tipIfAny(github, repo, name)) !== null) throw taken(repo, name);
  const note = { base: from, sha, url: `${html_url}/tree/${name}` };
  await notes.keep(note);
  return note;
}

/** Asked at most twice: the second time only after a look that found nothing. */
async function make(github: GitHub, repo: Repo, name: string, sha: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await github.ask({
        route: "POST /repos/{owner}/{repo}/git/refs",
        parameters: { ...at(repo), ref: `refs/heads/${name}`, sha },
        what: `a branch ${name} in ${fullName(repo)}`,
        schema: zRef,
      });
      return;
    } catch (thrown) {
      const exists = isStatus(thrown, 422) && /already exists/i.test(thrown.message);
      const unsure = thrown instanceof GitHubError && thrown.more.unsure;
      if (!exists && !unsure) throw thrown;
      if (await stands(github, repo, name, sha)) return;
      if (tries === 2 || exists) throw thrown;
    }
  }
}

/** Whether the branch is there, made from this commit. Throws when it is there, but was made from something else. */
async function stands(github: GitHub, repo: Repo, name: string, sha: string): Promise<boolean> {
  const tip = await tipIfAny(github, repo, name);
  if (tip === null) return false;
  if (tip === sha) return true;
  const { status } = await github.ask({
    route: "GET /repos/{owner}/{repo}/compare/{basehead}",
    // The second page has no files, and it is only asked how the two commits lie.
    parameters: { ...at(repo), basehead: `${sha}...${tip}`, per_page: 1, page: 2 },
    what: `the branch ${name} of ${fullName(repo)}`,
    schema: zComparison,
  });
  if (status === "ahead" || status === "identical") return true;
  throw taken(repo, name);
}

function taken(repo: Repo, name: string): FactoryError {
  return new FactoryError("conflict", `${fullName(repo)} has a branch ${name} already, which this call did not make`, {
    field: "name",
    remedy: "choose another name, or work on the branch that is there",
  });
}
