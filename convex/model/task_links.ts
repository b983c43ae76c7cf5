/** Tags and GitHub issues of a task, as people and models write them. Pure. */
import { fail } from "./errors.ts";

const MAX_LINKS = 10;
const TAG = /^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,39}$/u;
const NAME = "[\\w.-]{1,100}";
const ISSUE = new RegExp(`^(?:(${NAME}/${NAME}))?#(\\d{1,9})$`);
const ADDRESS = new RegExp(`^https?://[^/\\s]+/(${NAME}/${NAME})/(?:issues|pull)/(\\d{1,9})(?:[/?#]\\S*)?$`);

/** Only what there is; throws `invalid_input` for what is neither a tag nor an issue. */
export function linksOf({ tags, issues }: { tags?: string[]; issues?: string[] }): {
  tags?: string[];
  issues?: string[];
} {
  const found = { tags: distinct(tags ?? [], "tags", tagOf), issues: distinct(issues ?? [], "issues", issueOf) };
  return {
    ...(found.tags.length === 0 ? {} : { tags: found.tags }),
    ...(found.issues.length === 0 ? {} : { issues: found.issues }),
  };
}

function distinct(given: string[], field: string, read: (text: string) => string): string[] {
  const found = [...new Set(given.map((text) => read(text.trim())))];
  if (found.length > MAX_LINKS) fail("invalid_input", `a task has at most ${MAX_LINKS} ${field}`, { field });
  return found;
}

function tagOf(text: string): string {
  const tag = text.replace(/^#/, "").toLowerCase();
  if (TAG.test(tag)) return tag;
  fail("invalid_input", `"${text.slice(0, 60)}" cannot be a tag`, {
    field: "tags",
    remedy: "letters, digits, blanks, dots, dashes; at most 40",
  });
}

/** `owner/name#12`; `#12` where the project says which repository. */
function issueOf(text: string): string {
  const address = ADDRESS.exec(text);
  if (address !== null) return `${address[1]}#${Number(address[2])}`;
  const issue = ISSUE.exec(text);
  if (issue !== null) return `${issue[1] ?? ""}#${Number(issue[2])}`;
  fail("invalid_input", `"${text.slice(0, 60)}" names no GitHub issue`, {
    field: "issues",
    remedy: "write owner/name#12, #12, or the issue's address",
  });
}
