/** GitHub. What changes something there asks first. All of it is done by `convex/github/perform.ts`, under a lease. */
import { z } from "zod";
import { demandToken } from "../../github/errors.ts";
import { demandBranch } from "../../github/names.ts";
import { pullNamed, repoNamed } from "../../model/repos.ts";
import { demandTask } from "../../model/tasks.ts";
import { outside } from "./define.ts";

export const repoInput = z
  .string()
  .max(200)
  .optional()
  .describe("owner/name on GitHub, for example acme/site; leave out for the repository of the project");
const pull = z.string().min(1).max(300).describe("Its number, or its address on GitHub");

/** Of all tries together: GitHub may make one wait, and a crash takes a while to be noticed. */
export const GITHUB = { performer: "github", timeoutMs: 180_000 } as const;

export const githubTools = {
  createBranch: outside({
    ...GITHUB,
    capability: "code.write",
    description: "Create a branch in a repository on GitHub. The person is asked first.",
    input: z.object({
      repo: repoInput,
      name: z.string().min(1).max(200).describe("The new branch, for example feature/login"),
      base: z.string().min(1).max(200).optional().describe("Where it begins; leave out for the default branch"),
    }),
    prepare: async (ctx, _serving, input) => ({ ...input, repo: await repoNamed(ctx, input.repo) }),
    check: async (_ctx, _call, { name, base }) => {
      demandToken();
      demandBranch(name, "name");
      if (base !== undefined) demandBranch(base, "base");
    },
    question: ({ repo, name, base }) => `Create the branch ${name} in ${repo}, from ${base ?? "its default branch"}?`,
  }),
  openPR: outside({
    ...GITHUB,
    capability: "code.write",
    description: "Open a pull request on GitHub. The person is asked first.",
    lookUp: "github/look_up:head",
    input: z.object({
      repo: repoInput,
      head: z.string().min(1).max(200).describe("The branch with the changes; owner:branch of a fork"),
      commit: z
        .string()
        .regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, "is not the full id of a commit")
        .optional()
        .describe("The commit that head must end with, its full id; leave out for the one it ends with now"),
      base: z.string().min(1).max(200).optional().describe("Where they shall go; leave out for the default branch"),
      title: z.string().min(1).max(256).describe("What it changes, in a few words"),
      body: z.string().max(20_000).optional().describe("Why, and what a reviewer should know"),
      draft: z.boolean().optional().describe("True: not ready for review yet"),
      task: z.string().max(20).optional().describe("The factory's task it is for, for example T7"),
    }),
    prepare: async (ctx, _serving, input) => ({ ...input, repo: await repoNamed(ctx, input.repo, input.task) }),
    check: async (ctx, _call, { head, base, task }) => {
      demandToken();
      if (task !== undefined) await demandTask(ctx, task);
      demandBranch(head.split(":").at(-1) ?? "", "head");
      if (base !== undefined) demandBranch(base, "base");
    },
    question: ({ repo, head, commit, base, title, draft }) => {
      const what = `a ${draft === true ? "draft " : ""}pull request in ${repo}`;
      const from = commit === undefined ? head : `${head} at ${commit.slice(0, 12)}`;
      return `Open ${what}, ${from} into ${base ?? "the default branch"}: "${title}"?`;
    },
  }),
  checkPR: outside({
    ...GITHUB,
    ...{ capability: null, readOnly: true },
    description: "Tell how a pull request stands: checks, reviews, conflicts, and whether it can be merged.",
    input: z.object({ repo: repoInput, pull }),
    prepare: async (ctx, _serving, input) => await pullNamed(ctx, input),
  }),
  getPullRequest: outside({
    ...GITHUB,
    ...{ capability: "agents.use", readOnly: true },
    description: "Read a pull request: its title, description, and the diff of each file as far as it fits.",
    input: z.object({ repo: repoInput, pull }),
    prepare: async (ctx, _serving, input) => await pullNamed(ctx, input),
  }),
};
