/** Does what GitHub's tools ask for, once for each call however often it is tried; see `model/outside_calls.ts`. */
import { v } from "convex/values";
import { FactoryError } from "../../src/contract/errors.ts";
import { internal } from "../_generated/api.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import { performOutside } from "../agents/outside_functions.ts";
import { codeTools } from "../agents/tools/code.ts";
import { githubTools } from "../agents/tools/github.ts";
import { createBranch, type Notes } from "./branches.ts";
import { checkPull } from "./check.ts";
import { createGitHub, settingsFrom } from "./client.ts";
import { GitHubError } from "./errors.ts";
import { readFile, showPull } from "./files.ts";
import { demandPull, demandRepo } from "./names.ts";
import { openPull } from "./pulls.ts";
import { searchRepository } from "./searching.ts";

export const run = internalAction({
  args: { callId: v.id("outsideCalls") },
  handler: async (ctx, { callId }): Promise<null> =>
    await performOutside(ctx, callId, async ({ toolName, input, idempotencyKey }, lost) => {
      try {
        return await perform(ctx, toolName, JSON.parse(input), idempotencyKey, lost);
      } catch (thrown) {
        throw patient(thrown);
      }
    }),
});

async function perform(
  ctx: ActionCtx,
  toolName: string,
  given: unknown,
  key: string,
  lost: AbortSignal,
): Promise<unknown> {
  const github = () => createGitHub(settingsFrom(), lost);
  const { createBranch: branch, openPR, checkPR, getPullRequest } = githubTools;
  const { searchCode, readCode } = codeTools;
  switch (toolName) {
    case "createBranch": {
      const { repo, name, base } = branch.input.parse(given);
      const wanted = { repo: demandRepo(repo ?? ""), name, base: base ?? null };
      return await createBranch(github(), wanted, notesOf(ctx, key));
    }
    case "openPR": {
      const { repo, head, commit, base, title, body, draft, task } = openPR.input.parse(given);
      const what = { head, title, body: body ?? null, draft: draft ?? false, task: task ?? null };
      const between = { commit: commit ?? null, base: base ?? null };
      return await openPull(github(), { repo: demandRepo(repo ?? ""), ...what, ...between }, key);
    }
    case "checkPR": {
      const { repo, pull } = checkPR.input.parse(given);
      return await checkPull(github(), demandRepo(repo ?? ""), demandPull(pull).number);
    }
    case "getPullRequest": {
      const { repo, pull } = getPullRequest.input.parse(given);
      return await showPull(github(), demandRepo(repo ?? ""), demandPull(pull).number);
    }
    case "searchCode": {
      const { repo, query, folder } = searchCode.input.parse(given);
      return await searchRepository(ctx, demandRepo(repo ?? ""), { query, under: folder ?? null });
    }
    case "readCode": {
      const { repo, path, ref, from, to } = readCode.input.parse(given);
      const wanted = { path, ref: ref ?? null, from: from ?? 1, to: to ?? null };
      return await readFile(github(), demandRepo(repo ?? ""), wanted);
    }
    default:
      throw new FactoryError("not_found", `GitHub has no ${toolName.slice(0, 80)}`);
  }
}

function notesOf(ctx: ActionCtx, key: string): Notes {
  return {
    recall: async () => await ctx.runQuery(internal.github.notes.recall, { key }),
    keep: async (note) => void (await ctx.runMutation(internal.github.notes.keep, { key, ...note })),
  };
}

/** What GitHub will not take for minutes is not tried again in seconds: it is said when to ask again. */
function patient(thrown: unknown): unknown {
  if (!(thrown instanceof GitHubError) || thrown.info.code !== "rate_limited") return thrown;
  const { message, remedy } = thrown.info;
  return new FactoryError("rate_limited", message, { retryable: false, ...(remedy === null ? {} : { remedy }) });
}
