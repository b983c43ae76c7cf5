/** The arguments of each tool, read from a message that seems to ask for it. Pure. null: it does not ask for it after all. */
import * as find from "./offline_arguments.ts";

type Input = Record<string, unknown>;

export const TASK_NOUN =
  "(?:tasks?|todos?|to-dos?|to do|tickets?|work items?|backlog items?|action items?|item (?:in|on|to|for) the (?:backlog|board|list))";

const REQUEST =
  "^(?:(?:please|now|ok(?:ay)?|hey|hi|then|so|and|let'?s|can you|could you|would you|will you|can we|could we|can i|could i|i(?:'d| would) like (?:you )?to|i want (?:you )?to|we (?:should|need to|want to)|time to|go ahead and|you can)[\\s,]+)*";
export const DEPLOY = new RegExp(
  `${REQUEST}(?:deploy|release|ship|roll out|roll-out|rollout|push)\\b(?!\\s+(?:status|state|progress|notes?|runs?))`,
  "i",
);
const VERBS =
  "(?:run|start|launch|kick off|trigger|execute|fire off|fire up|begin|initiate|do a run of|go ahead with|do)";
export const START = new RegExp(`${REQUEST}${VERBS}\\b`, "i");

// ---- tasks -------------------------------------------------------------------------------------------------------------------

export function newTask(text: string): Input | string | null {
  const spoken = find.withoutQuotes(text);
  const beforeColon = spoken.split(":")[0] ?? spoken;
  if (
    find.taskName(beforeColon) !== null &&
    !/\b(?:task|ticket|todo|to-do)s?\b/i.test(beforeColon.replace(/\btask\s*#?\d+/gi, ""))
  )
    return null;
  if (/^(?:please\s+)?(?:(?:can|could) you\s+)?(?:list|show|which|what|see|display|get|give me|tell)\b/i.test(text))
    return null;
  if (/\b(?:see|have|show|list) (?:all |open |the |our |any )*(?:tasks|tickets|todos)\b/i.test(spoken)) return null;
  const assignee = find.nameAfter(spoken, "(?:assign(?:ed)?(?: it)?|give it|hand it) to");
  const priority = find.priorityIn(spoken);
  const title = titleIn(text);
  if (title === null) {
    const asked = new RegExp(
      `\\b(?:create|add|make|open|file|log|raise|record|new|track|set up)\\b.*\\b${TASK_NOUN}`,
      "i",
    );
    return asked.test(spoken)
      ? 'What should the task be called? For example: create a task "fix the login page".'
      : null;
  }
  const forPerson = assignee ?? personBeforeColon(spoken);
  return { title, ...(priority === null ? {} : { priority }), ...(forPerson === null ? {} : { assignee: forPerson }) };
}

/** `create a task for Ana: write the report` */
const personBeforeColon = (text: string): string | null =>
  /\b(?:for|to)\s+@?(\p{Lu}[\p{L}\p{N}_.'-]*)\s*:/u.exec(text)?.[1] ?? null;

function titleIn(text: string): string | null {
  const quoted = find.quoted(text);
  if (quoted !== null) return quoted;
  const tails = [
    /:\s*(\S.*)$/,
    /\s[–-]\s+(\S.*)$/,
    new RegExp(
      `\\b${TASK_NOUN}\\s+(?:called|named|titled|to|for|that says|about|saying|which says|that|so that (?:we|i)(?: can)?|so (?:we|i)(?: can)?|with the title|on)\\s+(\\S.*)$`,
      "i",
    ),
    /\bremind\s+(?:me|us|the team)\s+to\s+(\S.*)$/i,
    /\b(?:put|add|place|stick|drop)\s+(.+?)\s+(?:on|to|in|onto|into)\s+(?:the|our|my)\s+(?:backlog|board|task list|to-?do list|tasks|list)\b/i,
    /\b(?:create|add|make|track|log)\s+(.+?)\s+as\s+an?\s+(?:new\s+)?(?:task|todo|to-do|ticket)\b/i,
    new RegExp(
      `\\b(?:create|add|new)\\s+(?:a\\s+|an\\s+|the\\s+|new\\s+)*${TASK_NOUN}\\s+(?!please\\b|now\\b|for me\\b|in\\b|with\\b)(\\S.*)$`,
      "i",
    ),
  ];
  for (const tail of tails) {
    const found = tail.exec(text)?.[1];
    if (found === undefined) continue;
    const title = stripped(found);
    if (title !== "" && !/^(?:me|us|it|this|that|you|him|her|them)$/i.test(title)) return title;
  }
  return null;
}

const stripped = (tail: string): string =>
  find
    .trimEnd(tail)
    .replace(/[\s,]+(?:and\s+)?(?:assign(?:ed)?(?:\s+it)?|give it|hand it)\s+to\s+.*$/i, "")
    .replace(/[\s,]+(?:with|at|as)\s+(?:a\s+)?(?:high|low|top|urgent|medium|normal)(?:\s+priority)?$/i, "")
    .replace(/[\s,]+(?:please|thanks|thank you|asap|for me)$/i, "")
    .trim();

export function assignment(text: string): Input | null {
  const task = find.taskName(text);
  if (task === null) return null;
  const rest = find.withoutTask(text);
  const assignee =
    (/\b(?:i(?:'ll| will)?|let me)\s+(?:take|do|handle|own|grab|pick up)\b|\bassign me\b|\bis mine\b/i.test(text)
      ? "me"
      : null) ??
    find.nameAfter(rest, "(?:done|handled|taken|owned) by") ??
    find.nameAfter(rest, "let|have|get|put|ask|tell|want|need|make") ??
    find.nameAfter(rest, "assign(?=\\s+\\S+\\s+to\\b)") ??
    find.nameAfter(rest, "by") ??
    find.nameAfter(rest, "over to|to|for|->|→|=>|owner is|assignee is") ??
    subject(rest);
  if (assignee === null || find.statusIn(` to ${assignee}`) !== null) return null;
  if (
    /^(?:in|into|on|ready|task|review|production|staging|the|a|an|be|it|this|that|progress|backlog|do|done|go|move|someone|somebody|work|everyone|nobody)$/i.test(
      assignee,
    )
  )
    return null;
  return { task, assignee };
}

/** `Bo should do T3`, `can Bo take T3`, `Bo takes T3`: the one who shall. */
function subject(text: string): string | null {
  const found =
    /^@?(\p{L}[\p{L}\p{N}_.'-]*)\s+(?:(?:should|shall|will|must|can)\s+(?:take|do|handle|own|work on|pick up)|takes|gets|does|handles|owns|picks up)\b/iu.exec(
      text,
    )?.[1] ??
    /^(?:please\s+)?(?:can|could|would|will)\s+@?(\p{L}[\p{L}\p{N}_.'-]*)\s+(?:please\s+)?(?:take|do|handle|own|work on|pick up)\b/iu.exec(
      text,
    )?.[1];
  if (found === undefined || /^(?:we|you|they|it|this|that|someone|somebody|who|what)$/i.test(found)) return null;
  return /^i$/i.test(found) ? "me" : found;
}

export function move(text: string): Input | null {
  const task = find.taskName(text);
  if (task === null) return null;
  const rest = find.withoutTask(text);
  const status = find.statusIn(rest);
  if (status === null) return null;
  const why =
    /\b(?:because(?: of)?|since|due to|blocked by|blocked on|stuck on|waiting for)\s+(\S.*)$|:\s+(\S.*)$/i.exec(rest);
  const reason = status === "BLOCKED" ? find.trimEnd(why?.[1] ?? why?.[2] ?? "") : "";
  return { task, status, ...(reason === "" || find.statusIn(reason) === status ? {} : { reason }) };
}

export function taskList(text: string): Input {
  const status = /\bopen\b/i.test(text)
    ? null
    : find.statusIn(text.replace(/\b(?:to|left to) do\b|\b(?:working on|doing|work)\b/gi, " "));
  const about = text.replace(
    /\b(?:show|tell|give|get|read)\s+me\b|\b(?:can|could|may)\s+i\b|\bi(?:'d| would)? (?:want|like)\b/gi,
    " ",
  );
  const person =
    /\bwhat(?:'s|\s+is)\s+@?(\p{Lu}[\p{L}\p{N}_.'-]*)\s+(?:currently\s+)?(?:working on|doing)\b/u.exec(text)?.[1] ??
    null;
  const assignee = /\b(?:my|mine|i|me)\b/i.test(about)
    ? "me"
    : (person ?? find.nameAfter(text, "assigned to|assignee|tasks (?:of|for)|belonging to"));
  const wanted = status === "ASSIGNED" && assignee !== null ? null : status;
  return { ...(wanted === null ? {} : { status: wanted }), ...(assignee === null ? {} : { assignee }) };
}

// ---- workflows ---------------------------------------------------------------------------------------------------------------

/** A deploy is named by its verb; any other workflow by a name that exists, or that is said to be one. */
export function workflowStart(text: string, workflows: readonly string[]): Input | null {
  if (find.taskName(text) !== null) return null;
  const isDeploy = DEPLOY.test(text) || (/\bversion\s+v?\d/i.test(text) && !START.test(text));
  if (!isDeploy && /\b(?:status|how|why|when|which|list|latest)\b/i.test(text)) return null;
  const workflow = isDeploy ? "deploy" : (find.knownName(text, workflows) ?? saidToBeOne(text) ?? deployNoun(text));
  return workflow === null ? null : { workflow, inputs: find.workflowInputs(text) };
}

/** `run the deployment of version 1.2` */
const deployNoun = (text: string): string | null =>
  new RegExp(`\\b${VERBS}\\s+(?:(?:a|the|our|my|another)\\s+)?(?:deploy|deployment|release|rollout)\\b`, "i").test(text)
    ? "deploy"
    : null;

/** `run workflow x`, `start the x workflow`, `run "x"`, `run some-name`, `run x key=value`: whether it exists is the tool's to say. */
function saidToBeOne(text: string): string | null {
  const name = "[\"“']?([A-Za-z][\\w-]*)[\"”']?";
  const article = "(?:(?:a|an|the|our|my|new|another)\\s+)*";
  const forms = [
    `\\b${VERBS}\\s+${article}(?:workflow|flow)\\s+(?:called\\s+|named\\s+|of\\s+)?(?:the\\s+)?${name}`,
    `\\b${VERBS}\\s+${article}${name}\\s+(?:workflow|flow)\\b`,
    `\\b${VERBS}\\s+${article}["“']([A-Za-z][\\w-]*)["”']`,
    `\\b${VERBS}\\s+${article}([A-Za-z]+-[\\w-]+)`,
    `\\b${VERBS}\\s+([A-Za-z][\\w-]*)\\s+[A-Za-z_][\\w-]*=`,
  ];
  for (const form of forms) {
    const found = new RegExp(form, "i").exec(text)?.[1];
    if (found !== undefined && !/^(?:with|now|please|for|to|in|on|and)$/i.test(found)) return found;
  }
  return null;
}

export function runAskedFor(text: string, workflows: readonly string[]): Input | null {
  const id = /\brun\s+([a-z0-9]{6,})\b/i.exec(text)?.[1];
  if (id !== undefined && /\d/.test(id)) return { run: id };
  const named = find.knownName(text, workflows);
  if (named !== null) return { run: named };
  if (/\b(?:deploy|deployment|release|rollout)\b/i.test(text)) return { run: "deploy" };
  const dashed = /\b([a-z]+-[a-z][\w-]*)\b/i.exec(text)?.[1];
  if (dashed !== undefined && workflows.length === 0) return { run: dashed };
  // Without a name it must be about runs; "how is the big project going" is about something else.
  return /\b(?:runs?|running|workflows?)\b/i.test(text) ? {} : null;
}
