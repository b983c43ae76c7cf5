/** Questions about how and why a run went as it did, read from a message. Pure. Wordings of the answers: `offline_analysis_words.ts`. */
import * as find from "./offline_arguments.ts";
import type { Intent } from "./offline_intents.ts";

type Input = Record<string, unknown>;

const RUN = "(?:run|deploy|deployment|release|rollout|workflow)";
const WRONG =
  "(?:fail(?:ed|ing|s|ure)?|crash(?:ed|ing)?|br(?:eak|oke|oken)|die[ds]?|go wrong|went wrong|gone wrong|stop(?:ped)?|abort(?:ed)?|error(?:ed)?|not work(?:ing)?)";

export const WHY: RegExp[] = [
  new RegExp(`^(?:so\\s+|and\\s+)?(?:why|how come|for what reason)\\b.*\\b${WRONG}\\b`, "i"),
  new RegExp(`\\b(?:what|which error|what error)\\b.*\\b(?:made|caused|broke|killed|stopped)\\b.*\\b${RUN}\\b`, "i"),
  new RegExp(`\\bwhat(?:'s|\\s+is|\\s+has|\\s+was)?\\s+(?:went|gone|go|going|did go)?\\s*wrong\\b.*\\b${RUN}\\b`, "i"),
  new RegExp(`\\b(?:explain|analy[sz]e|diagnose|investigate|look into)\\b.*\\b${RUN}s?\\b`, "i"),
  new RegExp(`\\b(?:reason|cause|error|failure)\\b.{0,20}\\b(?:of|for|in|behind)\\b.*\\b${RUN}\\b`, "i"),
  /\bwhat\s+(?:is|does|did|was)\s+(?:the\s+)?(?:last\s+)?run\s+(?!wait)\S+.*\bwait(?:ing|s)?\s+for\b/i,
];

export const TIMELINE: RegExp[] = [
  /\b(?:timeline|time line|chronology|chronicle|sequence of events|order of events)\b/i,
  new RegExp(
    `\\b(?:history|events|story)\\s+(?:of|in|for)\\s+(?:the\\s+)?(?:last\\s+|latest\\s+|failed\\s+)*${RUN}\\b`,
    "i",
  ),
  /\bwhat\s+happened\s+when\b.*\brun\b/i,
];

export const STEP_DETAIL: RegExp[] = [
  /\b(?:what|why|how|details?|detail|show|tell|output|result|error|explain|look)\b.*\bstep\s+(?:""|["“'`]?[\p{L}\w#.-]+)/iu,
];

export const STEPS: RegExp[] = [
  new RegExp(
    `\\b(?:steps|step results|results of the steps|nodes)\\b.{0,30}\\b(?:of|in|from|did|for)\\b.*\\b${RUN}\\b`,
    "i",
  ),
  new RegExp(`\\bwhich\\s+steps?\\b.*\\b${RUN}\\b`, "i"),
];

export const RUN_COST: RegExp[] = [
  new RegExp(`\\bbreak\\b.*\\b${RUN}\\b.*\\bdown\\b`, "i"),
  new RegExp(
    `\\b(?:cost|costs|spend|spent|tokens?|usage)\\b.*\\b${RUN}\\b|\\b${RUN}\\b.*\\b(?:cost|costs|spend|spent|tokens?|usage)\\b`,
    "i",
  ),
];

/** Whether it asks run analysis, so that the Factory Manager hands it on. Spending as such is answered without. */
export const asksForAnalysis = (text: string, workflows: readonly string[]): boolean =>
  [...WHY, ...TIMELINE, ...STEP_DETAIL, ...STEPS].some((pattern) => pattern.test(text)) &&
  runIn(text, workflows) !== null;

/** An id, a workflow's name, `last`; null: no run is spoken of. */
export function runIn(text: string, workflows: readonly string[]): string | null {
  const id = /\brun\s+["“'`(]?([a-z0-9]{6,})\b/i.exec(text)?.[1] ?? /\b([a-z0-9]{28,36})\b/.exec(text)?.[1];
  if (id !== undefined && /\d/.test(id)) return id;
  const spoken = text.replace(/\bstep\s+["“'`]?[\p{L}\w#.-]+["”'`]?/giu, " ");
  const named = find.knownName(spoken, workflows);
  if (named !== null) return named;
  const quoted = /\brun\s+["“'`]([^"”'`]{1,80})["”'`]/i.exec(spoken)?.[1];
  if (quoted !== undefined) return quoted;
  const after = /\brun\s+(?:of\s+)?(?:the\s+)?([\p{L}][\p{L}\w-]*)/iu.exec(spoken)?.[1];
  if (after !== undefined && !NOT_A_NAME.test(after)) return after;
  const before = /\b([a-z]+-[a-z][\w-]*)\s+(?:run|workflow)\b/i.exec(spoken)?.[1];
  if (before !== undefined) return before;
  if (/\b(?:deploy|deployment|release|rollout)\b/i.test(spoken)) return "deploy";
  const dashed = /\b(?:did|has|is|was|of|in)\s+(?:the\s+|our\s+|my\s+)?(?:last\s+)?([a-z]+-[a-z][\w-]*)\b/i.exec(
    spoken,
  )?.[1];
  if (dashed !== undefined) return dashed;
  return /\b(?:run|workflow)\b/i.test(spoken) ? "last" : null;
}

const NOT_A_NAME =
  /^(?:fail(?:ed|ing|s|ure)?|stop(?:ped)?|crash(?:ed)?|break|broke|die[ds]?|cost|costs|wait(?:ing|s)?|is|was|did|has|had|that|which|and|so|to|in|on|by|with|at|go|went|gone|abort(?:ed)?|down|steps?|take|took|use[ds]?|please|again|yesterday|today|doing|stuck|error(?:ed)?|not|end|ended)$/i;

export function whyAsked(text: string, workflows: readonly string[]): Input | null {
  const run = runIn(text, workflows);
  if (run === null) return null;
  const failed = new RegExp(`\\b${WRONG}\\b`, "i").test(text) && !/\bnot\s+(?:start|begin)/i.test(text) && !isId(run);
  return { run, ...(failed ? { status: "failed" } : {}) };
}

export const runAsked = (text: string, workflows: readonly string[]): Input | null => {
  const run = runIn(text, workflows);
  if (run === null) return null;
  return { run, ...(/\bfail(?:ed|ing)?\b/i.test(text) && !isId(run) ? { status: "failed" } : {}) };
};

export function stepAsked(text: string, workflows: readonly string[]): Input | null {
  const step = /\bstep\s+["“'`]?([\p{L}\w][\p{L}\w#.-]*)/iu.exec(text)?.[1];
  const run = runIn(text, workflows);
  if (step === undefined || run === null) return null;
  return { ...runAsked(text, workflows), step: find.trimEnd(step) };
}

const isId = (run: string): boolean => /^[a-z0-9]{6,}$/.test(run) && /\d/.test(run);

export const ANALYSIS_ROWS: Intent[] = [
  {
    tool: "getStepDetail",
    what: "say everything about one step of a run",
    example: "what happened in step build of the deploy?",
    changes: false,
    patterns: STEP_DETAIL,
    input: stepAsked,
  },
  {
    tool: "getRunContext",
    what: "say why a run failed, or what it waits for",
    example: "why did the deploy fail?",
    changes: false,
    patterns: WHY,
    input: whyAsked,
  },
  {
    tool: "getStructuralTimeline",
    what: "tell what happened in a run, in order",
    example: "timeline of the last deploy",
    changes: false,
    patterns: TIMELINE,
    input: runAsked,
  },
  {
    tool: "getStepResults",
    what: "list the steps of a run with their results",
    example: "steps of the last deploy",
    changes: false,
    patterns: STEPS,
    input: runAsked,
  },
  {
    tool: "getCostBreakdown",
    what: "say what a run cost, step by step",
    example: "break the last deploy down by step",
    changes: false,
    patterns: RUN_COST,
    input: runAsked,
  },
];
