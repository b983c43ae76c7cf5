/** Which repository is meant: the one that is named, or that of the project. */
import type { QueryCtx } from "../_generated/server.js";
import { demandPull, demandRepo, fullName, type Repo, readRepo, repoKey } from "../github/names.ts";
import { fail } from "./errors.ts";
import { nameKeyOf } from "./people.ts";
import { allProjects } from "./projects.ts";
import { demandTask } from "./tasks.ts";

/**
 * `given`: `owner/name`, or the name of a project. Undefined: the repository of the task's project, else the only one that any project
 * has. As `owner/name`.
 */
export async function repoNamed(ctx: QueryCtx, given: string | undefined, task?: string): Promise<string> {
  const named = given?.trim() ?? "";
  const read = readRepo(named);
  if (read !== null) return fullName(read);
  const projects = (await allProjects(ctx)).filter(({ repo }) => repo != null && readRepo(repo) !== null);
  if (named !== "") {
    const project = projects.find(({ name }) => nameKeyOf(name) === nameKeyOf(named));
    return fullName(project?.repo == null ? demandRepo(named) : demandRepo(project.repo));
  }
  const of = task === undefined ? null : (await demandTask(ctx, task)).projectId;
  const own = projects.find(({ _id }) => _id === of)?.repo;
  if (own != null) return fullName(demandRepo(own));
  const repos = new Map(projects.map(({ repo }) => [repo!.toLowerCase(), repo!]));
  const [only, another] = [...repos.values()];
  if (only !== undefined && another === undefined) return fullName(demandRepo(only));
  if (only === undefined) {
    fail("invalid_input", "it is not said which repository is meant, and no project has one", {
      field: "repo",
      remedy: "name it as owner/name, for example acme/site",
    });
  }
  fail("ambiguous", "it is not said which repository is meant", {
    field: "repo",
    remedy: `name one of ${[...repos.values()].slice(0, 10).join(", ")}`,
  });
}

/** The pull request as text that names both: its repository from its address, or as said beside it. */
export async function pullNamed(
  ctx: QueryCtx,
  { repo, pull }: { repo?: string | undefined; pull: string },
): Promise<{ repo: string; pull: string }> {
  const named = demandPull(pull);
  const beside = repo === undefined || repo.trim() === "" ? null : await repoNamed(ctx, repo);
  const own = named.repo === null ? null : fullName(named.repo);
  if (own !== null && beside !== null && !same(named.repo!, demandRepo(beside))) {
    fail("invalid_input", `${pull.slice(0, 100)} is not in ${beside}`, {
      field: "pull",
      remedy: "leave the repository out, or give the number alone",
    });
  }
  return { repo: own ?? beside ?? (await repoNamed(ctx, undefined)), pull: String(named.number) };
}

const same = (a: Repo, b: Repo): boolean => repoKey(a) === repoKey(b);
