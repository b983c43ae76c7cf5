/** The text of a repository on GitHub: found and read, never changed. */
import { z } from "zod";
import { demandPath } from "../../github/names.ts";
import { repoNamed } from "../../model/repos.ts";
import { outside } from "./define.ts";
import { GITHUB, repoInput } from "./github.ts";

export const codeTools = {
  searchCode: outside({
    ...GITHUB,
    ...{ capability: "agents.use", readOnly: true },
    description:
      "Find places in a repository's default branch by words: names in the code, or what it is about. Returns paths, lines and excerpts.",
    input: z.object({
      repo: repoInput,
      query: z.string().min(1).max(300).describe("A few words or identifiers, as they may stand in the code"),
      folder: z.string().max(300).optional().describe("Only below this folder, for example src/auth"),
    }),
    prepare: async (ctx, _serving, input) => ({ ...input, repo: await repoNamed(ctx, input.repo) }),
    check: async (_ctx, _call, { folder }) => {
      if (folder !== undefined) demandPath(folder);
    },
  }),
  readCode: outside({
    ...GITHUB,
    ...{ capability: "agents.use", readOnly: true },
    description: "Read a file of a repository, each line after its number. At most 400 lines at a time.",
    input: z.object({
      repo: repoInput,
      path: z.string().min(1).max(500).describe("From the top folder, for example src/login.ts"),
      ref: z.string().max(200).optional().describe("A branch, tag or commit; leave out for the default branch"),
      from: z.number().int().min(1).optional().describe("First line; default 1"),
      to: z.number().int().min(1).optional().describe("Last line"),
    }),
    prepare: async (ctx, _serving, input) => ({ ...input, repo: await repoNamed(ctx, input.repo) }),
    check: async (_ctx, _call, { path }) => {
      demandPath(path);
    },
  }),
};
