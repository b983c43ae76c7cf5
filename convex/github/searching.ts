/** Searching a repository: its index is brought up to date first, as far as that is quick; what is in can be searched meanwhile. */
import { FactoryError, zErrorInfo } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import type { ActionCtx } from "../_generated/server.js";
import { settingsFrom } from "./client.ts";
import type { IndexState } from "./code_index.ts";
import { demandPath, fullName, type Repo } from "./names.ts";

/** Nobody waits longer for a first index; a refresh mostly takes less than a second. */
const MAX_WAIT_MS = 25_000;
const FIRST_LOOK_MS = 50;
const LAST_LOOK_MS = 500;

export interface CodeAnswer {
  repo: string;
  /** Of what was searched; null: the first round is not through yet. */
  commit: string | null;
  results: { path: string; from: number; to: number; text: string }[];
  /** What the reader has to know of the index; null: it is complete and new. */
  note: string | null;
}

export async function searchRepository(
  ctx: ActionCtx,
  repo: Repo,
  wanted: { query: string; under: string | null },
  maxWaitMs = MAX_WAIT_MS,
): Promise<CodeAnswer> {
  // Without a token no round could begin, and the reason is better said at once.
  settingsFrom();
  const under = wanted.under === null ? null : demandPath(wanted.under);
  const repoId = await ctx.runMutation(internal.github.code_index.ensure, repo);
  const until = Date.now() + maxWaitMs;
  const look = async (): Promise<IndexState | null> => await ctx.runQuery(internal.github.code_index.state, { repoId });
  let state = await look();
  for (let pauseMs = FIRST_LOOK_MS; state?.status === "indexing" && Date.now() < until; ) {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 1.5, LAST_LOOK_MS);
    state = await look();
  }
  if (state === null) throw new FactoryError("conflict", `the index of ${fullName(repo)} was forgotten meanwhile`);
  const error = state.error === null ? null : zErrorInfo.parse(JSON.parse(state.error));
  if (error !== null && state.commit === null && state.done === 0) {
    const { code, message, remedy, retryable, field } = error;
    throw new FactoryError(code, message, {
      retryable,
      ...(remedy === null ? {} : { remedy }),
      ...(field === null ? {} : { field }),
    });
  }
  const results = await ctx.runQuery(internal.github.code_index.search, { repoId, query: wanted.query, under });
  return { repo: fullName(repo), commit: state.commit, results, note: noteOn(state, error?.message ?? null) };
}

function noteOn({ status, done, total, leftOut, commit }: IndexState, failed: string | null): string | null {
  if (failed !== null) return `the index could not be brought up to date: ${failed}`;
  if (status === "indexing") {
    const how = total === 0 ? "is being made" : `has ${done} of ${total} files so far`;
    return `the index ${how}${commit === null ? "" : ` of the newest commit; the older one was searched too`}; ask again in a minute`;
  }
  return leftOut > 0 ? `${leftOut} files are not in the index, because the repository is too large` : null;
}
