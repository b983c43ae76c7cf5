/** Branches, pull requests and code, read from a message. Pure. Wordings of the results: `offline_github_words.ts`. */
import * as find from "./offline_arguments.ts";
import type { Intent } from "./offline_intents.ts";

type Input = Record<string, unknown>;

const POLITE =
  "^(?:(?:please|now|ok(?:ay)?|hey|hi|then|so|and|let'?s|can you|could you|would you|will you|can we|could we|i(?:'d| would) like (?:you )?to|i want (?:you )?to|we (?:should|need to|want to)|we need|i need|go ahead and)[\\s,]+)*";
const MAKE = "(?:create|make|open|start|add|cut|set up|push|raise|submit|file|draft|publish|put up|prepare)";
const PR = "(?:pull[\\s-]?requests?|prs?|merge request)";
const ARTICLE = "(?:(?:a|an|the|another|new|my|our|this|draft|me)\\s+)*";
const A_PR = `(?:${PR}\\s*(?:number|no\\.?|nr\\.?)?\\s*#?\\s*\\d+|https?://\\S+/pull/\\d+|[\\w.-]+/[\\w.-]+#\\d+)`;
const REPO = "[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]*[A-Za-z0-9_-]";
/** A whole word, whatever is in it: what is no branch is refused by the tool, and never made into another one. */
const BRANCH = "[^\\s,;:?!\"'`]+";

const pattern = (text: string): RegExp => new RegExp(text, "iu");

const WHERE = "in|of|on|for|at|from|within|inside|across|repo|repository|search|grep|through";
/** Beside branches, which look like repositories and come from and go to somewhere too. */
const WHERE_AMONG_BRANCHES = "in|(?<!based\\s)on|repo|repository";

/** Where: after a word that says so, or in an address. Absent: the project's. */
function repoIn(text: string, where = WHERE): Input {
  const address = pattern(`https?://[^/\\s]+/(${REPO}?)(?:\\.git)?(?=/pull/|/tree/|/blob/|[\\s?]|$)`).exec(text)?.[1];
  const short = pattern(`(?:^|\\s)(${REPO})#\\d`).exec(text)?.[1];
  const said = [
    ...text.matchAll(
      new RegExp(
        `\\b(?:${where})\\s+(?:the\\s+)?(?:repo(?:sitory)?\\s+|code(?:base)?\\s+of\\s+|code\\s+in\\s+)?(${REPO})(?=$|[\\s,;:?!]|\\.(?:\\s|$)|'s\\b)`,
        "giu",
      ),
    ),
  ];
  const found = address ?? short ?? said.at(-1)?.[1];
  return found === undefined ? {} : { repo: found };
}

const withoutRepo = (text: string, { repo }: Input): string =>
  typeof repo !== "string"
    ? text
    : text.replace(
        new RegExp(
          `\\s*\\b(?:in|of|on|for|at|from|within|inside|across)\\s+(?:the\\s+)?(?:repo(?:sitory)?\\s+|code(?:base)?\\s+of\\s+)?${escaped(repo)}(?:'s)?`,
          "iu",
        ),
        "",
      );

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

function branch(text: string): Input | string {
  const repo = repoIn(text, WHERE_AMONG_BRANCHES);
  const rest = withoutRepo(text, repo);
  const quoted = find.quoted(rest);
  const named =
    pattern(`\\bbranch(?:ed)?(?:\\s+off)?\\s+(?:called|named|with the name|as)\\s+(${BRANCH})`).exec(rest)?.[1] ??
    pattern(`\\bas\\s+(${BRANCH})`).exec(rest)?.[1] ??
    pattern(
      `\\bbranch\\s*:?\\s+(?!from\\b|off\\b|in\\b|on\\b|for\\b|of\\b|based\\b|please\\b|called\\b|named\\b)(${BRANCH})`,
    ).exec(rest)?.[1] ??
    pattern(`\\b(${BRANCH})\\s+(?:as\\s+(?:a\\s+)?(?:new\\s+)?)branch\\b`).exec(rest)?.[1];
  const name = quoted ?? named ?? null;
  if (name === null) return "What should the branch be called? For example: create branch feature/login in acme/site.";
  const base = pattern(
    `\\b(?:from|off(?:\\s+of)?|based on|starting (?:at|from)|on top of)\\s+(?:the\\s+)?(?:branch\\s+)?(${BRANCH})`,
  ).exec(rest)?.[1];
  return { ...repo, name: find.trimEnd(name), ...(base === undefined || base === name ? {} : { base }) };
}

const TITLED = "(?:titled|called|named|with (?:the )?title|entitled|title)\\s*:?\\s+";

function pullRequest(text: string): Input | string {
  const repo = repoIn(find.withoutQuotes(text), WHERE_AMONG_BRANCHES);
  const titled = pattern(`\\b${TITLED}(\\S.*)$`).exec(text);
  const title = find.quoted(text) ?? (titled?.[1] === undefined ? null : find.trimEnd(titled[1]));
  const head = withoutRepo(titled === null ? find.withoutQuotes(text) : text.slice(0, titled.index), repo);
  const from =
    pattern(`\\b(?:from|of|for)\\s+(?:the\\s+)?(?:branch\\s+)?(?!the\\b|a\\b|task\\b|t\\d+\\b)(${BRANCH})`).exec(
      head,
    )?.[1] ?? pattern(`\\bbranch\\s+(${BRANCH})`).exec(head)?.[1];
  if (from === undefined)
    return 'Which branch is it for? For example: open a PR from feature/login in acme/site titled "Fix the login".';
  if (title === null) return `What should its title be? For example: open a PR from ${from} titled "Fix the login".`;
  const base = pattern(`\\b(?:into|to|against|onto)\\s+(?:the\\s+)?(?:branch\\s+)?(${BRANCH})`).exec(head)?.[1];
  const task = /\bfor\s+(?:task\s+)?(?:t\s?|#|(?<=task\s))\d+\b/i.test(head) ? find.taskName(head) : null;
  return {
    ...{ ...repo, head: from, title },
    ...(base === undefined ? {} : { base }),
    ...(/\bdraft\b/i.test(head) ? { draft: true } : {}),
    ...(task === null ? {} : { task }),
  };
}

function pullAsked(text: string): Input | null {
  const address = /https?:\/\/\S+\/pull\/\d+/i.exec(text)?.[0];
  if (address !== undefined) return { pull: address };
  const number =
    pattern(`\\b${PR}\\s*(?:number|no\\.?|nr\\.?)?\\s*#?\\s*(\\d{1,9})\\b`).exec(text)?.[1] ??
    /#(\d{1,9})\b/.exec(text)?.[1];
  return number === undefined ? null : { ...repoIn(text), pull: number };
}

const FILE = "[\\w@.-]+(?:/[\\w@.+-]+)*\\.[A-Za-z][A-Za-z0-9]{0,9}";

function fileAsked(text: string): Input | null {
  const path = pattern(
    `(?:^|[\\s\`"'])(${FILE}|(?:README|LICENSE|Makefile|Dockerfile))(?=$|[\\s,;:?!\`"']|\\.(?:\\s|$))`,
  ).exec(text)?.[1];
  if (path === undefined) return null;
  const lines =
    /\blines?\s+(\d{1,7})(?:\s*(?:-|–|to|until|through|and)\s*(\d{1,7}))?/i.exec(text) ??
    /:(\d{1,7})(?:-(\d{1,7}))?\b/.exec(text);
  const from = lines?.[1] === undefined ? {} : { from: Number(lines[1]) };
  const to = lines?.[2] === undefined ? {} : { to: Number(lines[2]) };
  const ref = pattern(`\\b(?:on|at)\\s+(?:the\\s+)?(?:branch|commit|tag)\\s+(${BRANCH})`).exec(text)?.[1];
  return { ...repoIn(text), path, ...from, ...to, ...(ref === undefined ? {} : { ref }) };
}

/** What to look for: the message without the words that only ask. The repository's name is no word of its code. */
function codeAsked(text: string): Input | null {
  const repo = repoIn(text);
  const quoted = find.quoted(text) ?? /`([^`]+)`/.exec(text)?.[1] ?? null;
  const rest = withoutRepo(text, repo)
    .replace(pattern(`${POLITE}(?:search|grep|look|find(?: out)?|show me|tell me|where)\\b`), " ")
    .replace(repo.repo === undefined ? /$^/ : pattern(escaped(String(repo.repo))), " ")
    .replace(/\b(?:search|look|grep|find)\s+(?:for|through)?\b/gi, " ")
    .replace(
      /\b(?:(?:in|of|through|across)\s+)?(?:the|our|my|this)\s+(?:code\s?base|source code|code|repo(?:sitory)?|sources?)\b/gi,
      " ",
    )
    .replace(/\s+/g, " ");
  const query =
    quoted ??
    find
      .trimEnd(rest)
      .trim()
      .replace(/^for\s+/i, "");
  return query === "" ? null : { ...repo, query: query.slice(0, 300) };
}

const CODE_NOUN = "(?:code\\s?base|source code|source|sources|repo(?:sitory)?|code)";
const MAKES_BRANCH = [
  pattern(`${POLITE}${MAKE}\\s+${ARTICLE}(?:git\\s+|feature\\s+|topic\\s+)?branch\\b`),
  pattern(`${POLITE}branch\\s+off\\b`),
  pattern(`^${ARTICLE}(?:new\\s+)branch\\b.*\\S`),
  pattern(`${POLITE}${MAKE}\\s+\\S+\\s+as\\s+(?:a\\s+)?(?:new\\s+)?branch\\b`),
];
const OPENS_PULL = [
  pattern(`${POLITE}${MAKE}\\s+${ARTICLE}${PR}(?!\\s*#?\\d)\\b`),
  pattern(`^${ARTICLE}(?:new\\s+|draft\\s+)${PR}(?!\\s*#?\\d)\\b.*\\b(?:from|of|for)\\b`),
];
const CHECKS_PULL = [
  pattern(
    `\\b(?:check|status|state|how(?:'s| is| are| does| about)|what about|ready|merged?|mergeable|green|red|pass(?:ed|ing|es)?|fail(?:ed|ing|s)?|conflicts?|approved?|checks|ci|build|blocked|blocking|wait(?:ing|s)?|still open|open|going|doing|reviewed|reviewers?)\\b.*${A_PR}`,
  ),
  pattern(
    `${A_PR}.*\\b(?:status|state|ready|merged?|mergeable|green|pass(?:ed|ing)?|fail(?:ed|ing)?|conflicts?|approved|checks|ci|doing|going|stand(?:s|ing)?|blocked|waiting|open|reviewed)\\b`,
  ),
  pattern(`^${A_PR}(?:\\s+(?:of|in)\\s+\\S+)?[?.!]*$`),
];
/** Nothing here does that; a look would pass for an answer. */
const ORDERS_PULL = pattern(
  `${POLITE}(?:merge|approve|close|reopen|delete|rebase|squash|update|land|ship|reject|decline)\\b`,
);
const READS_PULL = [
  pattern(
    `\\b(?:review|look (?:at|over|through|into)|go (?:over|through)|read|summari[sz]e|inspect|examine|assess|judge|comment on|explain|describe|what(?:'s| is| does| are| do)|show|critique|audit)\\b.*${A_PR}`,
  ),
  pattern(`\\breview\\b.*${A_PR}|${A_PR}.*\\b(?:needs?|wants?)\\s+(?:a\\s+)?review\\b`),
];
const READS_CODE = [
  pattern(
    `\\b(?:show|read|open|display|print|cat|view|see|give|what(?:'s| is) in|content(?:s)? of|look (?:at|into)|let me see)\\b.*(?:^|[\\s\`"'])(?:${FILE}|README|LICENSE|Makefile|Dockerfile)(?=$|[\\s,;:?!\`"']|\\.(?:\\s|$))`,
  ),
  pattern(`^(?:the\\s+)?lines?\\s+\\d+.*\\b(?:of|in)\\s+${FILE}`),
];
const SEARCHES_CODE = [
  pattern(`\\b(?:search|grep|look|scan|go)\\b.*\\b(?:${CODE_NOUN}|${REPO})\\b.*\\bfor\\b`),
  pattern(
    `\\b(?:find|search|look|grep)\\b.*\\b(?:in|of|within|across|through)\\s+(?:(?:the|our|my|this)\\s+)?(?:${CODE_NOUN}\\b|repo\\s|${REPO}(?=$|[\\s,;:?!.']))`,
  ),
  pattern(
    `\\b(?:where|which files?|what files?|in which|how)\\b.*\\b(?:in|of|within)\\s+(?:(?:the|our|my|this)\\s+)?(?:${CODE_NOUN}\\b|${REPO}(?=$|[\\s,;:?!.']))`,
  ),
  pattern(
    `\\bwhere\\b.*\\b(?:is|are|do we|does|gets?)\\b.*\\b(?:class|function|method|module|component|constant|variable|endpoint|route|handler|hook|type|interface)\\b`,
  ),
  pattern(`\\bwhere\\s+(?:is|are|do we|does)\\b.*\\b(?:defined|implemented|declared)\\b`),
  pattern(`^(?:code search|grep|search the code(?:base)? for)\\b.*\\S`),
];

const matches = (patterns: readonly RegExp[], text: string): boolean => patterns.some((each) => each.test(text));

/** Whether it asks PR review: for the change itself, not for how it stands. */
export const asksForReview = (text: string): boolean =>
  pullAsked(text) !== null &&
  matches(READS_PULL, text) &&
  !matches(CHECKS_PULL.slice(0, 2), text.replace(/\breview(?:ed)?\b/gi, ""));

/** Whether it asks codebase search. */
export const asksForCode = (text: string): boolean =>
  !matches([pattern(A_PR)], text) &&
  ((matches(SEARCHES_CODE, text) && codeAsked(text) !== null) ||
    (matches(READS_CODE, text) && fileAsked(text) !== null));

export const GITHUB_ROWS: Intent[] = [
  {
    tool: "createBranch",
    what: "create a branch on GitHub (I ask first)",
    example: "create branch feature/login in acme/site",
    changes: true,
    patterns: MAKES_BRANCH,
    input: branch,
  },
  {
    tool: "openPR",
    what: "open a pull request (I ask first)",
    example: 'open a PR from feature/login in acme/site titled "Fix the login"',
    changes: true,
    patterns: OPENS_PULL,
    input: pullRequest,
  },
  {
    tool: "getPullRequest",
    what: "read a pull request",
    example: "review PR 12 of acme/site",
    changes: false,
    patterns: READS_PULL,
    input: (text) => (asksForReview(text) ? pullAsked(text) : null),
  },
  {
    tool: "checkPR",
    what: "tell how a pull request stands",
    example: "check PR 12 of acme/site",
    changes: false,
    patterns: CHECKS_PULL,
    input: (text) => (ORDERS_PULL.test(text) ? null : pullAsked(text)),
  },
  {
    tool: "readCode",
    what: "show a file of a repository",
    example: "show src/login.ts in acme/site",
    changes: false,
    patterns: READS_CODE,
    input: fileAsked,
  },
  {
    tool: "searchCode",
    what: "find where something is in the code",
    example: "where in acme/site is the login handled?",
    changes: false,
    patterns: SEARCHES_CODE,
    input: codeAsked,
  },
];
