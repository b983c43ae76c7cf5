/**
 * What the offline model understands: the one table of plain requests and the tool each stands for. Pure; first match wins.
 * It shall rather not understand than do the wrong thing: text that fits no row calls no tool. Each row has at least 20
 * paraphrases, and sentences that must not match, in its test.
 */
import * as find from "./offline_arguments.ts";
import type { ToolName } from "./tool_schemas.ts";

/** What to do with one message. `ask`: the request was understood but lacks something. */
export type Understood =
  | { kind: "call"; tool: ToolName; input: Record<string, unknown> }
  | { kind: "ask"; question: string }
  | { kind: "greeting" }
  | { kind: "thanks" }
  | { kind: "unknown" };

interface Intent {
  tool: ToolName;
  /** One line for the list of what can be done. */
  what: string;
  example: string;
  /** True: it changes something, so a negation or a question about it is not a request. */
  changes: boolean;
  patterns: RegExp[];
  /** null: it does not fit after all; a string: what to ask back. */
  input: (text: string) => Record<string, unknown> | string | null;
}

const TASK_NOUN = "(?:task|tasks|todo|to-do|to do|ticket|work item|backlog item|action item)";
const NOT_A_WORKFLOW =
  /^(?:a|an|the|to|with|by|on|it|this|that|work|working|task|tasks|t?\d+|project|status|again|over|now|here|away|out|new|my|your|our|all|some|something|anything|run|runs|workflow|workflows|please|reviewing|review|up|off|doing|late|low|into|from|for|in|and|if|when|when)$/i;

/** The name after a verb that starts things: `run the "morning-brief" workflow`, `start deploy`. */
function workflowNamed(text: string): string | null {
  const after =
    /\b(?:run|start|launch|kick off|trigger|execute|fire off|fire up|begin|initiate|do a run of|go ahead with|do)\s+(?:(?:a|an|the|our|my|new|another)\s+)*(?:(?:run|workflow|flow)\s+(?:of\s+|called\s+|named\s+)?(?:the\s+)?)?["“']?([A-Za-z][\w-]*)["”']?/i.exec(
      text,
    )?.[1];
  if (after !== undefined && !NOT_A_WORKFLOW.test(after)) return after;
  return null;
}

const REQUEST =
  "^(?:(?:please|now|ok(?:ay)?|hey|hi|then|so|and|let'?s|can you|could you|would you|will you|i(?:'d| would) like (?:you )?to|i want (?:you )?to|we (?:should|need to|want to)|time to|go ahead and|you can)[\\s,]+)*";
const DEPLOY = new RegExp(
  `${REQUEST}(?:deploy|release|ship|roll out|roll-out|rollout|push)\\b(?!\\s+(?:status|state|progress|notes?|runs?))`,
  "i",
);
const START = new RegExp(
  `${REQUEST}(?:run|start|launch|kick off|trigger|execute|fire off|fire up|begin|initiate|do a run of|go ahead with)\\b`,
  "i",
);

export const INTENTS: Intent[] = [
  {
    tool: "pendingQuestions",
    what: "show the questions that wait for your answer",
    example: "what is waiting for me?",
    changes: false,
    patterns: [
      /\b(?:waiting|wait|waits)\b.{0,20}\b(?:for|on)\s+(?:me|my)\b/i,
      /\b(?:pending|open|outstanding|unanswered)\s+(?:questions?|approvals?|decisions?|requests?)\b/i,
      /\b(?:questions?|approvals?|decisions?)\s+(?:are\s+|is\s+|do i have\s+)?(?:open|pending|outstanding|waiting|left)\b/i,
      /\b(?:what|which|anything|something|do i have|is there|are there|show|list|any)\b.{0,30}\b(?:approve|approvals?|to decide|to answer|to sign off|sign-offs?)\b/i,
      /\b(?:needs?|need|require[sd]?|awaits?|awaiting)\s+(?:my|an?)\s+(?:approval|answer|decision|sign-?off|ok)\b/i,
      /\bwhat\b.{0,15}\b(?:do you|does anyone|do they)\s+need\s+from\s+me\b/i,
      /^(?:pending|approvals|my approvals|my questions|questions for me|show pending)[\s.!?]*$/i,
    ],
    input: () => ({}),
  },
  {
    tool: "createTask",
    what: "create a task",
    example: 'create a task "fix the login page"',
    changes: true,
    patterns: [
      new RegExp(
        `\\b(?:create|add|make|open|file|log|raise|record|register|enter|write down|note|set up|start|put in|put|new|need|want|have|get)\\b[^.?!:"“]{0,40}?\\b${TASK_NOUN}\\b`,
        "i",
      ),
      new RegExp(`^(?:please\\s+)?(?:new\\s+)?${TASK_NOUN}\\s*[:–-]`, "i"),
      /\bremind\s+(?:me|us|the team)\s+to\s+\S/i,
      /\b(?:put|add|place|stick|drop)\b.+\b(?:on|to|in|onto|into)\s+(?:the|our|my)\s+(?:backlog|board|task list|to-?do list|tasks|list)\b/i,
    ],
    input: newTask,
  },
  {
    tool: "assignTask",
    what: "give a task to somebody",
    example: "assign T1 to Ana",
    changes: true,
    patterns: [
      /\b(?:assign|reassign|give|hand|delegate|pass|allocate|transfer|move)\b.*\b(?:to|over to)\b/i,
      /\b(?:i(?:'ll| will)?|let me)\s+(?:take|do|handle|own|grab|pick up)\b/i,
      /\b(?:let|have|get)\s+@?\p{L}[\p{L}\p{N}_.'-]*(?:\s+\p{L}[\p{L}\p{N}_.'-]*)?\s+(?:to\s+)?(?:take|do|handle|own|work on|pick up)\b/iu,
      /\b(?:is|goes|should go|belongs)\s+(?:for|to)\s+@?\p{L}/iu,
      /\bput\s+@?\p{L}[\p{L}\p{N}_.'-]*\s+on\b/iu,
      /\b(?:should|shall|will|must|can)\s+(?:be\s+done|be\s+handled|be\s+taken|be\s+owned|take|do|handle|own|work on)\b/i,
      /\bassign(?:ed)?\s+me\b|\bassignee\b|\bowner\b/i,
    ],
    input: assignment,
  },
  {
    tool: "transitionTask",
    what: "move a task: start it, send it to review, complete it, block it",
    example: "start T1, T1 is ready for review, T1 is blocked",
    changes: true,
    patterns: [
      /\b(?:start|begin|move|mark|set|put|send|close|finish|complete|block|unblock|resume|reopen|change|transition|push|submit|bring|take)\b/i,
      /\b(?:is|are|was|has been|'s|needs?|goes|went|got)\b.*\b(?:done|finished|complete[d]?|blocked|stuck|in progress|in review|review|started|ready|underway|closed|through)\b/i,
      /\b(?:working on|started|finished|completed|done with|blocked on|stuck on|i've done|wrapped up)\b/i,
      /^\s*t\s?\d+\s*(?:[:>–-]|->|→)?\s*(?:done|complete|blocked|in progress|in review|review|start)/i,
    ],
    input: move,
  },
  {
    tool: "startWorkflow",
    what: "start a workflow",
    example: "deploy version 1.2 to production",
    changes: true,
    patterns: [DEPLOY, START],
    input: (text) => {
      if (/\b(?:status|how|why|when|which|list|latest)\b/i.test(text) && !DEPLOY.test(text)) return null;
      const workflow = DEPLOY.test(text)
        ? "deploy"
        : (workflowNamed(text) ?? (/\b(?:deploy|deployment|release)\b/i.test(text) ? "deploy" : null));
      return workflow === null || find.taskName(text) !== null ? null : { workflow, inputs: find.workflowInputs(text) };
    },
  },
  {
    tool: "runStatus",
    what: "tell how a run stands",
    example: "status of deploy?",
    changes: false,
    patterns: [
      /\b(?:status|state|progress)\s+(?:of|on|for)\s+(?:the\s+)?(?:last\s+|latest\s+|current\s+)?(?:runs?\b|workflow\b|deploy|deployment|release|[a-z]+-[\w-]+|r[a-z0-9]{8,})/i,
      /\b(?:runs?|deploy|deployment|release)\s+(?:status|state|progress)\b/i,
      /\b(?:list|show|see|display|which|what|any|latest|last|recent|current|active|all)\b.{0,25}\bruns\b/i,
      /\b(?:what|anything|something|which workflows?)(?:'s| is| are)?\s+(?:currently\s+|still\s+)?running\b/i,
      /\bwhy\s+(?:did|has|is|was|were)\b.{0,40}\b(?:fail(?:ed|ing)?|stuck|stop(?:ped)?|break|broken|waiting)\b/i,
      /\b(?:did|has|is|was|how(?:'s| is| did| does)|where(?:'s| is))\s+(?:the\s+|our\s+|my\s+)?(?:last\s+|latest\s+)?(?:run|workflow|deploy|deployment|release|[a-z]+-(?:brief|[\w-]+))\b.{0,30}\b(?:finish(?:ed)?|done|going|doing|go|fail(?:ed)?|work|through|succeed(?:ed)?|complete[d]?|running|coming along|at|stand)\b/i,
      /\bwhere\s+(?:does|do|is)\s+(?:the\s+|my\s+)?(?:run|deploy|deployment|release)\b/i,
      /\bwhat(?:'s| is| was)?\s+(?:happen(?:ed|ing)|going on|up)\s+(?:to|with|in)\s+(?:the\s+|my\s+|our\s+)?(?:last\s+|latest\s+)?(?:run|workflow|deploy|deployment|release)\b/i,
    ],
    input: (text) => {
      const run = runNamed(text);
      return run === null ? {} : { run };
    },
  },
  {
    tool: "listWorkflows",
    what: "list the workflows",
    example: "which workflows are there?",
    changes: false,
    patterns: [
      /\b(?:what|which|list|show|see|display|name|know|tell|have|give|any|available|all)\b.{0,40}\b(?:workflows|flows|automations|playbooks|pipelines)\b/i,
      /\b(?:workflows|flows|automations|playbooks)\b.{0,25}\b(?:there|available|exist|installed|have|run|start|list|know|defined)\b/i,
      /^(?:the\s+)?(?:workflows|workflow list|list of workflows)[\s.!?]*$/i,
      /\bwhat\s+(?:can|could|may)\s+(?:i|we|you)\s+(?:run|start|launch|kick off|execute)\b/i,
    ],
    input: () => ({}),
  },
  {
    tool: "getProjectStatus",
    what: "sum up how the work stands",
    example: "how is the project going?",
    changes: false,
    patterns: [
      /\b(?:project|factory|team|overall|work|sprint|backlog|general)(?:'s)?\s+(?:status|state|progress|overview|summary|health|report)\b/i,
      /\b(?:status|state|progress|overview|summary|health)\s+(?:report\s+)?(?:of|on|for|about)\s+(?:the\s+|our\s+|this\s+)?(?:project|factory|team|work|everything|all|tasks|sprint|backlog|things)\b/i,
      /\bhow(?:\s+is|\s+are|'s)\s+(?:the\s+|our\s+|this\s+)?(?:project|factory|team|work|sprint|things|everything|we|it all)\b.{0,25}\b(?:going|doing|coming along|looking|standing|progressing|moving)\b/i,
      /\bhow\s+(?:far|much|many)\b.{0,25}\b(?:are we|tasks?|is left|is done|work)\b/i,
      /\bhow many\b.{0,30}\b(?:open|done|blocked|left|tasks?)\b/i,
      /\bwhere\s+(?:do|are)\s+we\s+(?:stand|at|now|with)\b|\bwhere are we\b/i,
      /\b(?:give|show|send|get|tell)\b.{0,15}\b(?:a\s+|an\s+|the\s+)?(?:status|overview|summary|status report|progress report|status update|update|rundown)\b(?!.{0,20}\b(?:task|t\d))/i,
      /^(?:status|overview|summary|status report|progress|progress report|status update|report|update)(?:[\s,]+please)?[\s.!?]*$/i,
      /\bsum(?:marize|marise)?\s+(?:up\s+)?(?:the\s+|our\s+)?(?:project|work|status|tasks|progress|everything)\b/i,
      /\bwhat(?:'s| is)\s+(?:the\s+)?(?:overall\s+|current\s+)?(?:status|state of (?:play|things|affairs)|progress)\s*\??$/i,
    ],
    input: (text) => {
      const project = /\bproject\s+["“]([^"”]+)["”]/i.exec(text)?.[1];
      return project === undefined ? {} : { project };
    },
  },
  {
    tool: "listFactoryTasks",
    what: "list the tasks, all or by status or person",
    example: "which tasks are blocked?",
    changes: false,
    patterns: [
      new RegExp(
        `\\b(?:list|show|see|display|which|what|whose|get|give|print|any|all|open|current|my|tell|are there|read|view|look at)\\b.{0,40}\\b${TASK_NOUN}s?\\b`,
        "i",
      ),
      new RegExp(`^(?:the\\s+)?(?:${TASK_NOUN}s?|task list|backlog|board|todo list|to-do list)[\\s.!?]*$`, "i"),
      /\b(?:show|see|what(?:'s| is)|list|open|read|view|look at)\b.{0,20}\b(?:backlog|board|to-?do list|task list|my plate|our plate|on the list)\b/i,
      /\bwhat(?:'s| is| are|'re)\b.{0,20}\b(?:blocked|stuck|in progress|in review|to do|left to do|on my plate|on our plate|assigned to|open|unassigned)\b/i,
      /\bwhat\s+(?:are|is|am|do|should)\s+(?:we|i|you|everyone|everybody|the team|@?\p{L}+)\s+(?:currently\s+)?(?:working on|doing|have to do|do next|supposed to do)\b/iu,
      /\bwho(?:'s| is)\s+(?:working|doing|on|assigned)\b/i,
      /\b(?:is|what about|how is|how's|how about|status of|state of)\s+(?:task\s+)?t\s?\d+\b/i,
    ],
    input: (text) => {
      const status = /\bopen\b/i.test(text)
        ? null
        : find.statusIn(text.replace(/\bto do\b|\bworking on\b|\bdoing\b/gi, " "));
      const mine = /\b(?:my|mine|i|me)\b/i.test(
        text.replace(/\b(?:show|tell|give|get|read)\s+me\b|\b(?:can|could|may)\s+i\b/gi, " "),
      );
      const assignee = mine ? "me" : find.nameAfter(text, "assigned to|assignee|tasks (?:of|for)|belonging to");
      const about = status === "ASSIGNED" && assignee !== null ? null : status;
      return { ...(about === null ? {} : { status: about }), ...(assignee === null ? {} : { assignee }) };
    },
  },
];

const POLITE =
  /^(?:(?:please|hey|hi|hello|ok(?:ay)?|so|well|now|and|then|also)[\s,!.]+)*(?:can|could|would|will)\s+(?:you|we)\b|\bplease\b/i;
const NEGATED =
  /\b(?:don'?t|do not|never|no need to|not yet|shouldn'?t|should not|mustn'?t|must not|won'?t|cannot|can't|stop|cancel|without)\b/i;
const ASKING =
  /^(?:is|are|was|were|what|which|who|whose|how|when|why|where|has|have (?:we|you|i|they)|had|did|does|do|should|shall)\b|\?\s*$/i;
/** Talk about the past or about an idea is not a request. */
const TOLD =
  /\b(?:yesterday|last week|last month|ago|used to|already (?:created|added|made|started|ran)|would have|could have|if (?:you|we|i|they) (?:create|start|run|add|deploy|had))\b/i;

/** What one message asks for. */
export function understand(message: string): Understood {
  const text = message.trim().replace(/\s+/g, " ");
  if (
    /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|hallo|moin|servus|yo|greetings)(?:\s+(?:there|all|team|everyone|factory manager|manager))?[\s.!,]*$/i.test(
      text,
    )
  )
    return { kind: "greeting" };
  if (
    /^(?:thanks|thank you|thx|ty|cheers|great|perfect|cool|nice|awesome|good job|well done|danke)(?:[\s,]+(?:a lot|so much|very much|thanks|thank you|you|all|everyone|man|job|work))*[\s.!]*$/i.test(
      text,
    )
  )
    return { kind: "thanks" };
  const polite = POLITE.test(text);
  for (const intent of INTENTS) {
    if (intent.changes && (NEGATED.test(text) || TOLD.test(text) || (ASKING.test(text) && !polite))) continue;
    if (!intent.patterns.some((pattern) => pattern.test(text))) continue;
    const input = intent.input(text);
    if (input === null) continue;
    return typeof input === "string" ? { kind: "ask", question: input } : { kind: "call", tool: intent.tool, input };
  }
  return { kind: "unknown" };
}

/** What can be asked for, one line each, with an example. */
export const capabilities = (): string[] => INTENTS.map((intent) => `- ${intent.what}: \`${intent.example}\``);

function newTask(text: string): Record<string, unknown> | string | null {
  if (find.taskName(text) !== null && !/[:"“]/.test(text)) return null;
  if (/^(?:please\s+)?(?:list|show|which|what|see|display|get|give me)\b/i.test(text)) return null;
  const assignee = find.nameAfter(text.replace(/["“][^"”]*["”]/g, ""), "(?:assign(?:ed)?(?: it)?|give it|hand it) to");
  const priority = find.priorityIn(text.replace(/["“][^"”]*["”]/g, ""));
  const title = titleIn(text);
  if (title === null) {
    return new RegExp(`\\b(?:create|add|make|open|file|log|raise|record|new)\\b.*\\b${TASK_NOUN}\\b`, "i").test(text)
      ? 'What should the task be called? For example: create a task "fix the login page".'
      : null;
  }
  return { title, ...(priority === null ? {} : { priority }), ...(assignee === null ? {} : { assignee }) };
}

function titleIn(text: string): string | null {
  const quoted = find.quoted(text);
  if (quoted !== null) return quoted;
  const tails = [
    /(?::|\s[–-])\s+(\S.*)$/,
    /^\s*[\w\s-]{0,20}:(\S.*)$/,
    new RegExp(
      `\\b${TASK_NOUN}\\b\\s+(?:called|named|titled|to|for|that says|about|saying|which says|that|with the title|on)\\s+(\\S.*)$`,
      "i",
    ),
    /\bremind\s+(?:me|us|the team)\s+to\s+(\S.*)$/i,
    /\b(?:put|add|place|stick|drop)\s+(.+?)\s+(?:on|to|in|onto|into)\s+(?:the|our|my)\s+(?:backlog|board|task list|to-?do list|tasks|list)\b/i,
    new RegExp(
      `\\b(?:create|add|new)\\s+(?:a\\s+|an\\s+|the\\s+|new\\s+)*${TASK_NOUN}\\s+(?!please\\b|now\\b|for me\\b|in\\b|with\\b)(\\S.*)$`,
      "i",
    ),
  ];
  for (const tail of tails) {
    const found = tail.exec(text)?.[1];
    if (found !== undefined) {
      const title = stripped(found);
      if (title !== "" && !/^(?:me|us|it|this|that|you|him|her|them)$/i.test(title)) return title;
    }
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

function assignment(text: string): Record<string, unknown> | string | null {
  const task = find.taskName(text);
  if (task === null) return null;
  const assignee =
    (/\b(?:i(?:'ll| will)?|let me)\s+(?:take|do|handle|own|grab|pick up)\b|\bassign me\b/i.test(text) ? "me" : null) ??
    find.nameAfter(text, "let|have|get|put") ??
    find.nameAfter(text, "to|for|by|over to|assignee|owner(?: is)?") ??
    find.nameAfter(text.replace(/\b(?:should|shall|will|must|can)\b.*$/i, ""), "^") ??
    subject(text);
  if (assignee === null || find.statusIn(` to ${assignee}`) !== null) return null;
  if (
    /^(?:in|into|on|ready|task|review|production|staging|the|a|an|be|it|this|progress|backlog|do|done)$/i.test(assignee)
  )
    return null;
  return { task, assignee };
}

/** `Bo should do T3`: the one who shall. */
function subject(text: string): string | null {
  const found =
    /^@?(\p{L}[\p{L}\p{N}_.'-]*)\s+(?:should|shall|will|must|can)\s+(?:take|do|handle|own|work on)\b/iu.exec(text)?.[1];
  return found === undefined || /^(?:we|you|they|it|this|that|someone|somebody|who)$/i.test(found)
    ? null
    : /^i$/i.test(found)
      ? "me"
      : found;
}

function move(text: string): Record<string, unknown> | null {
  const task = find.taskName(text);
  if (task === null) return null;
  const rest = text.replace(/\b(?:t|task\s*#?)\s?\d+\b|#\d+\b/gi, " ").replace(/\s+([.!?])/g, "$1");
  const status = find.statusIn(rest);
  if (status === null) return null;
  const why =
    /\b(?:because(?: of)?|since|due to|blocked by|blocked on|stuck on|waiting for)\s+(\S.*)$|:\s+(\S.*)$/i.exec(rest);
  const reason = status === "BLOCKED" ? find.trimEnd(why?.[1] ?? why?.[2] ?? "") : "";
  return { task, status, ...(reason === "" ? {} : { reason }) };
}

function runNamed(text: string): string | null {
  const id = /\brun\s+([a-z0-9]{6,})\b/i.exec(text)?.[1];
  if (id !== undefined && /\d/.test(id)) return id;
  if (/\b(?:deploy|deployment|release)\b/i.test(text)) return "deploy";
  const dashed = /\b([a-z]+-[a-z][\w-]*)\b/i.exec(text)?.[1];
  return dashed ?? null;
}
