/** What a pull request changes, and what a file holds, in portions that fit into a conversation with a model. Changes nothing. */
import { FactoryError } from "../../src/contract/errors.ts";
import { cutBytes, jsonBytes } from "./bounds.ts";
import { onePull, paged } from "./check.ts";
import type { GitHub } from "./client.ts";
import { demandPath, fullName, type Repo } from "./names.ts";
import { at, isStatus } from "./repositories.ts";
import { isSecretPath, withoutSecrets } from "./secrets.ts";
import { textOf, zContent, zPullFiles } from "./shapes.ts";

/** A result has 128 KiB, which the most of everything stays under. */
const MAX_BODY_BYTES = 12_000;
const MAX_PATCH_BYTES = 8000;
const MAX_PATCHES_BYTES = 50_000;
const MAX_FILES = 120;
const MAX_LINES = 400;
const MAX_TEXT_BYTES = 40_000;

export interface ChangedFile {
  path: string;
  status: string;
  additions: number;
  deletions: number;
  /** Unified diff; null: binary, too large, or left out (`note` says which). */
  patch: string | null;
  note: string | null;
}

export interface PullShown {
  repo: string;
  number: number;
  url: string;
  title: string;
  body: string;
  author: string | null;
  state: string;
  draft: boolean;
  head: string;
  base: string;
  commit: string;
  files: ChangedFile[];
  /** More files than these were changed. */
  more: boolean;
}

export async function showPull(github: GitHub, repo: Repo, number: number): Promise<PullShown> {
  const pull = await onePull(github, repo, number);
  const listed = await paged((page) =>
    github.ask({
      route: "GET /repos/{owner}/{repo}/pulls/{pull_number}/files",
      parameters: { ...at(repo), pull_number: number, per_page: 100, page },
      what: `the changes of the pull request ${number} of ${fullName(repo)}`,
      schema: zPullFiles,
    }),
  );
  let left = MAX_PATCHES_BYTES;
  const files = listed.slice(0, MAX_FILES).map(({ filename, status, additions, deletions, patch }): ChangedFile => {
    const file = { path: filename, status, additions, deletions };
    if (isSecretPath(filename)) return { ...file, patch: null, note: "may hold secrets: not shown" };
    if (patch == null || patch === "") return { ...file, patch: null, note: "no diff: binary, or very large" };
    if (left <= 0) return { ...file, patch: null, note: "left out: the pull request is too large; read the file" };
    const clean = withoutSecrets(patch);
    const shown = cutBytes(clean, Math.min(MAX_PATCH_BYTES, left));
    left -= jsonBytes(shown);
    return { ...file, patch: shown, note: shown.length < clean.length ? "the diff is cut here" : null };
  });
  return {
    ...{ repo: fullName(repo), number, url: pull.html_url, title: pull.title, state: pull.state },
    ...{ body: cutBytes(withoutSecrets(pull.body ?? ""), MAX_BODY_BYTES), author: pull.user?.login ?? null },
    ...{ draft: pull.draft ?? false, head: pull.head.ref, base: pull.base.ref, commit: pull.head.sha },
    ...{ files, more: Math.max(pull.changed_files ?? 0, listed.length) > files.length },
  };
}

export interface FileShown {
  repo: string;
  path: string;
  /** Branch, tag or commit; null: the default branch. */
  ref: string | null;
  from: number;
  to: number;
  lines: number;
  /** Each line after its number. */
  text: string;
}

/** `from` and `to` count from 1; at most 400 lines. */
export async function readFile(
  github: GitHub,
  repo: Repo,
  wanted: { path: string; ref: string | null; from: number; to: number | null },
): Promise<FileShown> {
  const path = demandPath(wanted.path);
  if (isSecretPath(path)) {
    throw new FactoryError("forbidden", `${path} may hold secrets and is not read`, {
      field: "path",
      remedy: "read it yourself; what it holds does not belong into a conversation",
    });
  }
  // Of the whole file: what begins above the lines that are asked for is a secret below it too.
  const text = withoutSecrets(await contentOf(github, repo, path, wanted.ref));
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const from = Math.max(1, Math.min(wanted.from, lines.length || 1));
  const last = Math.min(lines.length, Math.max(from, wanted.to ?? from + MAX_LINES - 1), from + MAX_LINES - 1);
  const numbered = lines.slice(from - 1, last).map((line, index) => `${from + index}: ${line.slice(0, 500)}`);
  const shown = cutBytes(numbered.join("\n"), MAX_TEXT_BYTES);
  return {
    ...{
      repo: fullName(repo),
      path,
      ref: wanted.ref,
      from,
      to: from + shown.split("\n").length - 1,
      lines: lines.length,
    },
    text: shown,
  };
}

async function contentOf(github: GitHub, repo: Repo, path: string, ref: string | null): Promise<string> {
  const what = `the file ${path} of ${fullName(repo)}${ref === null ? "" : ` at ${ref}`}`;
  const no = (why: string): FactoryError => new FactoryError("invalid_input", `${path} ${why}`, { field: "path" });
  try {
    const { content, encoding } = await github.ask({
      route: "GET /repos/{owner}/{repo}/contents/{+path}",
      parameters: {
        ...at(repo),
        path: path.split("/").map(encodeURIComponent).join("/"),
        ...(ref === null ? {} : { ref }),
      },
      what,
      schema: zContent,
    });
    const text = encoding === "base64" ? textOf(content) : null;
    if (text === null) throw no(encoding === "base64" ? "is no text" : "is too large to be read here");
    return text;
  } catch (thrown) {
    // A folder is answered by a list, a submodule without content: both are readable to GitHub and not to us.
    if (isStatus(thrown, 200)) throw no("is a folder, or no file");
    throw thrown;
  }
}
