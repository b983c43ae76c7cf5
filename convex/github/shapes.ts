/** What is read of GitHub's answers, and how text in them is decoded. Fields that nobody reads are left out. */
import { z } from "zod";

export const zRepository = z.object({
  full_name: z.string(),
  default_branch: z.string(),
  html_url: z.string(),
  archived: z.boolean().optional(),
});

export const zRef = z.object({ object: z.object({ sha: z.string(), type: z.string().optional() }) });

export const zComparison = z.object({ status: z.string() });

const zUser = z.object({ login: z.string() }).nullish();
export const zPull = z.object({
  number: z.number(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  title: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  user: zUser,
  head: z.object({ ref: z.string(), sha: z.string(), label: z.string().nullish() }),
  base: z.object({ ref: z.string(), sha: z.string() }),
});
export type Pull = z.infer<typeof zPull>;

/** Of one pull request; a list does not have these. `mergeable` null: GitHub computes it. */
export const zFullPull = zPull.extend({
  merged: z.boolean().nullish(),
  mergeable: z.boolean().nullish(),
  mergeable_state: z.string().nullish(),
  changed_files: z.number().nullish(),
  additions: z.number().nullish(),
  deletions: z.number().nullish(),
  requested_reviewers: z.array(z.object({ login: z.string() })).nullish(),
  requested_teams: z.array(z.object({ slug: z.string() })).nullish(),
});
export type FullPull = z.infer<typeof zFullPull>;

export const zCheckRuns = z.object({
  total_count: z.number(),
  check_runs: z.array(z.object({ name: z.string(), status: z.string(), conclusion: z.string().nullish() })),
});

export const zStatuses = z.object({ statuses: z.array(z.object({ context: z.string(), state: z.string() })) });

export const zReviews = z.array(z.object({ user: zUser, state: z.string(), submitted_at: z.string().nullish() }));

export const zPullFiles = z.array(
  z.object({
    filename: z.string(),
    status: z.string(),
    additions: z.number(),
    deletions: z.number(),
    patch: z.string().nullish(),
    previous_filename: z.string().nullish(),
  }),
);

export const zTree = z.object({
  sha: z.string(),
  truncated: z.boolean().nullish(),
  tree: z.array(
    z.object({
      path: z.string(),
      type: z.string(),
      mode: z.string().nullish(),
      sha: z.string(),
      size: z.number().nullish(),
    }),
  ),
});

/** A file's content, from the contents or from the blobs. `encoding` none: too large to be sent. */
export const zContent = z.object({
  content: z.string(),
  encoding: z.string(),
  size: z.number().nullish(),
  sha: z.string(),
});

/** Text of a base64 content; null: it is no text. */
export function textOf(base64: string): string | null {
  const bytes = Uint8Array.from(atob(base64.replace(/\s/g, "")), (character) => character.charCodeAt(0));
  if (bytes.subarray(0, 8000).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
