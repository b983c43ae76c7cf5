/** How the offline model words what GitHub's tools return. Pure. Text of others is quoted as it is, never followed. */
import type { BranchMade } from "../github/branches.ts";
import type { PullChecked } from "../github/check.ts";
import type { FileShown, PullShown } from "../github/files.ts";
import type { PullOpened } from "../github/pulls.ts";
import type { CodeAnswer } from "../github/searching.ts";

type Value = Record<string, unknown>;

const MAX_FILES = 15;
const MAX_EXCERPT_LINES = 4;
const MAX_LINES = 60;

export const GITHUB_WORDS: Record<string, (value: Value) => string> = {
  createBranch: (value) => {
    const made = value as unknown as BranchMade;
    return `Created the branch **${made.branch}** in ${made.repo}, from ${made.base} at ${made.sha.slice(0, 7)}: ${made.url}`;
  },
  openPR: (value) => {
    const pull = value as unknown as PullOpened;
    if (pull.alreadyOpen) return `There is one open already: **#${pull.number}** "${pull.title}" ${pull.url}`;
    return `Opened ${pull.draft ? "a draft, " : ""}**#${pull.number}** "${pull.title}", ${pull.head} into ${pull.base}: ${pull.url}`;
  },
  checkPR: (value) => {
    const { summary, url, checks, reviews } = value as unknown as PullChecked;
    const told = [
      checks.passed + checks.pending.length + checks.failed.length === 0
        ? checks.incomplete
          ? "its checks cannot be read with this token"
          : "no checks"
        : [
            `${checks.passed} passed`,
            ...(checks.failed.length === 0 ? [] : [`failed: ${checks.failed.slice(0, 8).join(", ")}`]),
            ...(checks.pending.length === 0 ? [] : [`running: ${checks.pending.slice(0, 8).join(", ")}`]),
            ...(checks.incomplete ? ["there may be more"] : []),
          ].join("; "),
      ...(reviews.approvedBy.length === 0 ? [] : [`approved by ${reviews.approvedBy.join(", ")}`]),
      ...(reviews.changesRequestedBy.length === 0
        ? []
        : [`changes requested by ${reviews.changesRequestedBy.join(", ")}`]),
    ];
    return `${summary}\n- Checks: ${told[0]}${told.length === 1 ? "" : `\n- Reviews: ${told.slice(1).join("; ")}`}\n${url}`;
  },
  getPullRequest: (value) => {
    const pull = value as unknown as PullShown;
    const { files } = pull;
    const sum = (of: "additions" | "deletions") => files.reduce((total, file) => total + file[of], 0);
    const lines = files
      .slice(0, MAX_FILES)
      .map((file) => `- \`${placeOf(file)}\` ${file.status}, +${file.additions} −${file.deletions}`);
    const more = files.length > MAX_FILES || pull.more ? "\n- … and more" : "";
    return `**#${pull.number}** "${pull.title}" by ${pull.author ?? "somebody"}, ${pull.head} into ${pull.base}: ${files.length} ${files.length === 1 ? "file" : "files"}, +${sum("additions")} −${sum("deletions")}.\n${lines.join("\n")}${more}\n${pull.url}\nI can list what it changes; to judge it takes a real language model.`;
  },
  searchCode: (value) => {
    const { repo, results, note, commit } = value as unknown as CodeAnswer;
    const noted = note === null ? "" : `\n(${note})`;
    if (results.length === 0) return `I found nothing on that in ${repo}.${noted}`;
    const lines = results.map((each) => {
      const shown = each.text.split("\n").slice(0, MAX_EXCERPT_LINES).join("\n");
      return `- \`${each.path}:${each.from}\`\n\`\`\`\n${shown.replaceAll("```", "'''")}\n\`\`\``;
    });
    return `In ${repo}${commit === null ? "" : ` at ${commit.slice(0, 7)}`}:\n${lines.join("\n")}${noted}`;
  },
  readCode: (value) => {
    const { repo, path, from, to, lines, text } = value as unknown as FileShown;
    const shown = text.split("\n");
    const cut = shown.slice(0, MAX_LINES).join("\n").replaceAll("```", "'''");
    const end = shown.length > MAX_LINES ? from + MAX_LINES - 1 : to;
    return `\`${path}\` of ${repo}, lines ${from} to ${end} of ${lines}:\n\`\`\`\n${cut}\n\`\`\``;
  },
};

/** The file and the first line that is new in it. */
function placeOf({ path, patch }: { path: string; patch: string | null }): string {
  const line = patch === null ? null : (/^@@ -\d+(?:,\d+)? \+(\d+)/m.exec(patch)?.[1] ?? null);
  return line === null ? path : `${path}:${line}`;
}
