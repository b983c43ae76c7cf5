/** How repositories, branches, commits and pull requests are named by people and models. Pure; throws what GitHub would not take. */
import { fail } from "../model/errors.ts";

export interface Repo {
  owner: string;
  name: string;
}

const OWNER = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})";
const NAME = "[A-Za-z0-9._-]{1,100}";
const MAX_BRANCH = 200;

export const fullName = ({ owner, name }: Repo): string => `${owner}/${name}`;
/** GitHub takes names in any case; rows are found by this. */
export const repoKey = (repo: Repo): string => fullName(repo).toLowerCase();

/** `owner/name`, or an address of the repository or of something in it. Null: it names none. */
export function readRepo(text: string): Repo | null {
  const plain = text.trim().replace(/^(?:https?:\/\/|git@)[^/:\s]+[/:]/i, "");
  const found = new RegExp(`^(${OWNER})/(${NAME}?)(?:\\.git)?(?:[/?#].*)?$`).exec(plain);
  const [, owner, name] = found ?? [];
  return owner === undefined || name === undefined || name === "." || name === ".." ? null : { owner, name };
}

export function demandRepo(text: string): Repo {
  const repo = readRepo(text);
  if (repo !== null) return repo;
  fail("invalid_input", `"${text.slice(0, 100)}" is not the name of a repository`, {
    field: "repo",
    remedy: "write owner/name, for example acme/site",
  });
}

/** As `git check-ref-format --branch` takes it, and nothing that a shell or a command line would read otherwise. */
export function demandBranch(text: string, field: string): string {
  const name = text.trim().replace(/^refs\/heads\//, "");
  const wrong = branchProblem(name);
  if (wrong === null) return name;
  fail("invalid_input", `"${name.slice(0, 100)}" cannot be a branch: ${wrong}`, {
    field,
    remedy: "use letters, digits, dots, dashes and slashes, for example feature/login",
  });
}

function branchProblem(name: string): string | null {
  if (name === "" || name.length > MAX_BRANCH) return `it has 1 to ${MAX_BRANCH} characters`;
  if (!/^[A-Za-z0-9._/+#@=,-]+$/.test(name)) return "it has a character that is not allowed";
  if (name.startsWith("-")) return "it begins with a dash";
  if (name === "@" || name === "HEAD") return "that word means something else to git";
  if (name.includes("..") || name.includes("@{") || name.includes("//")) return 'it has "..", "//" or "@{"';
  if (name.startsWith("/") || name.endsWith("/") || name.endsWith("."))
    return "it begins or ends with a slash or a dot";
  if (name.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock")))
    return 'a part of it begins with a dot or ends in ".lock"';
  return /^[0-9a-f]{40}$/.test(name) ? "it looks like a commit" : null;
}

/** Where a pull request's branch is: in the repository, or with `owner:` before it in that owner's fork. */
export function headOf(repo: Repo, head: string): { repo: Repo; fork: string | null; branch: string } {
  const [fork, branch] = head.includes(":") ? head.split(":", 2) : [null, head];
  return { repo: fork == null ? repo : { owner: fork, name: repo.name }, fork: fork ?? null, branch: branch ?? "" };
}

export interface PullName {
  repo: Repo | null;
  number: number;
}

/** `12`, `#12`, `acme/site#12`, or the pull request's address. */
export function demandPull(text: string): PullName {
  const given = text.trim();
  const address = /^https?:\/\/[^/\s]+\/([^/\s]+\/[^/\s]+)\/pull\/(\d{1,9})(?:[/?#].*)?$/i.exec(given);
  const short = /^([^/\s#]+\/[^/\s#]+)?\s*#?\s*(\d{1,9})$/.exec(given);
  const [, named, digits] = address ?? short ?? [];
  const number = Number(digits ?? 0);
  if (number > 0) return { repo: named === undefined ? null : demandRepo(named), number };
  fail("invalid_input", `"${given.slice(0, 100)}" is not a pull request`, {
    field: "pull",
    remedy: "write its number or its address, for example 12 or https://github.com/acme/site/pull/12",
  });
}

/** A path inside a repository: relative, without `..`. */
export function demandPath(text: string): string {
  const path = text.trim().replace(/^(?:\.?\/)+|\/+$/g, "");
  const parts = path.split("/");
  if (
    path !== "" &&
    path.length <= 500 &&
    !/\p{Cc}/u.test(path) &&
    !parts.some((part) => part === ".." || part === "." || part === "")
  )
    return path;
  fail("invalid_input", `"${text.slice(0, 100)}" is not a path in a repository`, {
    field: "path",
    remedy: "write it from the repository's top folder, for example src/login.ts",
  });
}
