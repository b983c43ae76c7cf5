/**
 * Brings the index of a repository up to its default branch: only files whose blob is another are fetched. Killed anywhere it leaves what
 * is in; the next round goes on from there.
 */
import { v } from "convex/values";
import { toErrorInfo } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import { chunksOf, isWritten, MAX_FILE_BYTES } from "./chunks.ts";
import { createGitHub, type GitHub } from "./client.ts";
import { fullName, type Repo } from "./names.ts";
import { at, repository, tipOf } from "./repositories.ts";
import { isSecretPath, withoutSecrets } from "./secrets.ts";
import { textOf, zContent, zTree } from "./shapes.ts";

/** Each costs a request; GitHub gives a token 5,000 an hour. */
const MAX_FILES = 1500;
const MAX_TOTAL_BYTES = 15_000_000;
const AT_ONCE = 6;
/** What is stored in one transaction: few enough documents, and progress that moves. */
const BATCH_FILES = 12;
const BATCH_CHARACTERS = 400_000;
/** An action may take ten minutes; before that the next one goes on. */
const MAX_ROUND_MS = 4 * 60_000;

interface Entry {
  path: string;
  blob: string;
  size: number;
}

export const run = internalAction({
  args: { repoId: v.id("codeRepos"), leaseId: v.string(), owner: v.string(), name: v.string() },
  handler: async (ctx, { repoId, leaseId, owner, name }): Promise<void> => {
    const held = { repoId, leaseId };
    try {
      const commit = await bringUp(ctx, held, createGitHub(), { owner, name });
      if (commit === "later") await ctx.scheduler.runAfter(0, internal.github.indexing.run, { ...held, owner, name });
      else if (commit !== null) await ctx.runMutation(internal.github.code_index.end, { ...held, commit, error: null });
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      await ctx.runMutation(internal.github.code_index.end, { ...held, commit: null, error });
    }
  },
});

type Held = { repoId: Id<"codeRepos">; leaseId: string };

/** The commit that is in; "later": more is to be done; null: the lease is lost. */
async function bringUp(ctx: ActionCtx, held: Held, github: GitHub, repo: Repo): Promise<string | null> {
  const until = Date.now() + MAX_ROUND_MS;
  const { default_branch } = await repository(github, repo);
  const commit = await tipOf(github, repo, default_branch);
  if ((await ctx.runQuery(internal.github.code_index.state, { repoId: held.repoId }))?.commit === commit) return commit;
  const { wanted, leftOut } = await listed(github, repo, commit);
  const present = await indexed(ctx, held.repoId);
  const kept = new Set(wanted.map(({ path }) => path));
  const gone = [...present.keys()].filter((path) => !kept.has(path));
  for (let start = 0; start < gone.length; start += 50) {
    const paths = gone.slice(start, start + 50);
    if (!(await ctx.runMutation(internal.github.code_index.remove, { ...held, paths }))) return null;
  }
  const changed = wanted.filter(({ path, blob }) => present.get(path) !== blob);
  let done = wanted.length - changed.length;
  const total = wanted.length;
  for (let start = 0; start < changed.length; ) {
    if (Date.now() > until) return "later";
    const batch: Entry[] = [];
    for (let size = 0; start < changed.length && batch.length < BATCH_FILES; start++) {
      size += changed[start]!.size;
      if (batch.length > 0 && size > BATCH_CHARACTERS) break;
      batch.push(changed[start]!);
    }
    const files = await readAll(github, repo, batch);
    done += batch.length;
    const progress = { done, total, leftOut };
    if (!(await ctx.runMutation(internal.github.code_index.store, { ...held, commit, files, ...progress })))
      return null;
  }
  const progress = { done, total, leftOut };
  return (await ctx.runMutation(internal.github.code_index.store, { ...held, commit, files: [], ...progress }))
    ? commit
    : null;
}

/** The files that people wrote, within the bounds; nearest to the top first, because there one looks first. */
async function listed(github: GitHub, repo: Repo, commit: string): Promise<{ wanted: Entry[]; leftOut: number }> {
  const { tree, truncated } = await github.ask({
    route: "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",
    parameters: { ...at(repo), tree_sha: commit, recursive: "1" },
    what: `the files of ${fullName(repo)}`,
    schema: zTree,
  });
  const texts = tree.flatMap(({ path, type, mode, sha, size }): Entry[] => {
    const file = type === "blob" && mode !== "120000" && isWritten(path) && !isSecretPath(path);
    return file && size != null && size > 0 && size <= MAX_FILE_BYTES ? [{ path, blob: sha, size }] : [];
  });
  const depth = ({ path }: Entry): number => path.split("/").length;
  texts.sort((a, b) => depth(a) - depth(b) || (a.path < b.path ? -1 : 1));
  let bytes = 0;
  const wanted = texts.slice(0, MAX_FILES).filter(({ size }) => {
    bytes += size;
    return bytes <= MAX_TOTAL_BYTES;
  });
  return { wanted, leftOut: texts.length - wanted.length + (truncated === true ? 1 : 0) };
}

async function indexed(ctx: ActionCtx, repoId: Id<"codeRepos">): Promise<Map<string, string>> {
  const present = new Map<string, string>();
  let cursor: string | null = null;
  let more = true;
  while (more) {
    const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 500, cursor };
    const found: IndexedPage = await ctx.runQuery(internal.github.code_index.files, { repoId, paginationOpts });
    for (const { path, blob } of found.page) present.set(path, blob);
    cursor = found.continueCursor;
    more = !found.isDone;
  }
  return present;
}

interface IndexedPage {
  page: { path: string; blob: string }[];
  isDone: boolean;
  continueCursor: string;
}

async function readAll(github: GitHub, repo: Repo, batch: Entry[]) {
  const files: { path: string; blob: string; chunks: ReturnType<typeof chunksOf> }[] = [];
  const left = batch.entries();
  const read = async (): Promise<void> => {
    for (const [place, { path, blob }] of left) {
      const { content, encoding } = await github.ask({
        route: "GET /repos/{owner}/{repo}/git/blobs/{file_sha}",
        parameters: { ...at(repo), file_sha: blob },
        what: `the file ${path} of ${fullName(repo)}`,
        schema: zContent,
        maxBytes: MAX_FILE_BYTES * 2,
      });
      const text = encoding === "base64" ? textOf(content) : null;
      // What is no text has no chunks: it is known, and not asked for again.
      files[place] = { path, blob, chunks: text === null ? [] : chunksOf(path, withoutSecrets(text)) };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, read));
  return files;
}
