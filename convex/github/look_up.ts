/** What GitHub has at the moment when people are asked, so that they approve a commit and not only a name. */
import { v } from "convex/values";
import { internalAction } from "../_generated/server.js";
import { githubTools } from "../agents/tools/github.ts";
import { createGitHub, settingsFrom } from "./client.ts";
import { demandBranch, demandRepo, headOf } from "./names.ts";
import { tipIfAny } from "./repositories.ts";

/** A person waits for the question meanwhile. */
const TIMEOUT_MS = 5_000;

/** The commit at the end of the pull request's branch. Null: it is named already, or there is no such branch. */
export const head = internalAction({
  args: { input: v.string() },
  handler: async (_ctx, { input }): Promise<string | null> => {
    const { repo: named, head: given, commit } = githubTools.openPR.input.parse(JSON.parse(input));
    if (commit !== undefined) return null;
    const { repo, branch } = headOf(demandRepo(named ?? ""), given);
    // What a limit would make one wait for is not learned.
    const github = createGitHub({ ...settingsFrom(), timeoutMs: TIMEOUT_MS, maxPauseMs: TIMEOUT_MS });
    const tip = await tipIfAny(github, repo, demandBranch(branch, "head"));
    return tip === null ? null : JSON.stringify({ commit: tip });
  },
});
