/** What is asked of a repository before anything is done in it. */
import type { z } from "zod";
import type { GitHub } from "./client.ts";
import { GitHubError } from "./errors.ts";
import { fullName, type Repo } from "./names.ts";
import { zRef, zRepository } from "./shapes.ts";

export const at = ({ owner, name }: Repo) => ({ owner, repo: name });

export async function repository(github: GitHub, repo: Repo): Promise<z.infer<typeof zRepository>> {
  return await github.ask({
    route: "GET /repos/{owner}/{repo}",
    parameters: at(repo),
    what: `the repository ${fullName(repo)}`,
    schema: zRepository,
  });
}

/** The commit at the end of a branch. Throws `not_found`. */
export async function tipOf(github: GitHub, repo: Repo, branch: string): Promise<string> {
  const { object } = await github.ask({
    route: "GET /repos/{owner}/{repo}/git/ref/{ref}",
    parameters: { ...at(repo), ref: `heads/${branch}` },
    what: `the branch ${branch} of ${fullName(repo)}`,
    schema: zRef,
  });
  return object.sha;
}

/** Null: there is no such branch. */
export async function tipIfAny(github: GitHub, repo: Repo, branch: string): Promise<string | null> {
  try {
    return await tipOf(github, repo, branch);
  } catch (thrown) {
    if (isStatus(thrown, 404)) return null;
    throw thrown;
  }
}

export const isStatus = (thrown: unknown, status: number): thrown is GitHubError =>
  thrown instanceof GitHubError && thrown.more.status === status;
