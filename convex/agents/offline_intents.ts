/**
 * What the offline model understands: the one table of plain requests and the tool each stands for. Pure; first match wins.
 * It shall rather not understand than do the wrong thing: text that fits no row calls no tool. Each row has at least 20
 * paraphrases, and sentences that must not match, in its test.
 */
import { ANALYSIS_ROWS } from "./offline_analysis.ts";
import * as find from "./offline_arguments.ts";
import * as channels from "./offline_channels.ts";
import { CREW_ROWS, HANDED_ON } from "./offline_crew.ts";
import { FILE_ROWS } from "./offline_files.ts";
import { GITHUB_ROWS } from "./offline_github.ts";
import * as memory from "./offline_memory.ts";
import * as questions from "./offline_questions.ts";
import * as request from "./offline_requests.ts";
import { taskManagerRows } from "./offline_tasks.ts";
import * as team from "./offline_team.ts";
import { WORKER_ROWS } from "./offline_workers.ts";
import type { ToolName } from "./tools/index.ts";

/** What to do with one message. `ask`: the request was understood but lacks something. */
export type Understood =
  | { kind: "call"; tool: ToolName; input: Record<string, unknown> }
  | { kind: "ask"; question: string }
  | { kind: "greeting" }
  | { kind: "thanks" }
  | { kind: "help" }
  | { kind: "unknown" };

export interface Intent {
  tool: ToolName;
  /** One line for the list of what can be done. */
  what: string;
  example: string;
  /** True: it changes something, so a negation, a report or a question about it is not a request. */
  changes: boolean;
  patterns: RegExp[];
  /** null: it does not fit after all; a string: what to ask back. `workflows`: the names that exist. */
  input: (text: string, workflows: readonly string[]) => Record<string, unknown> | string | null;
}

const TASK = request.TASK_NOUN;
const NAME = "@?\\p{L}[\\p{L}\\p{N}_.'-]*(?:\\s+\\p{L}[\\p{L}\\p{N}_.'-]*)?";
const WORKS = "(?:take|do|handle|own|work on|pick up|finish|start)s?";
/** A run, spoken of as a thing: "the deploy", "our deployment", "my run"; not the verb in "should we deploy". */
const A_RUN =
  "(?:(?:the|our|my|this|that|last|latest|current|recent|any|a)\\s+)+(?:deploy|deployment|release|rollout|run|runs|workflow)\\b|\\bdeployment\\b|\\b(?:deploy|run|workflow)\\s+(?:status|state|progress|run)\\b|\\bruns\\b";

const LISTS_TASKS: RegExp[] = [
  new RegExp(
    `\\b(?:list|show|see|display|which|what|whose|get|give|print|any|all|open|current|my|tell|are there|read|view|look at)\\b.{0,40}\\b${TASK}s?\\b`,
    "i",
  ),
  new RegExp(
    `^(?:the\\s+)?(?:${TASK}s?|task list|backlog|board|todo list|to-do list)(?:[\\s,]+please)?[\\s.!?]*$`,
    "i",
  ),
  /\b(?:show|see|what(?:'s| is)|list|open|read|view|look at)\b.{0,20}\b(?:backlog|board|to-?do list|task list|my plate|our plate|on the list)\b/i,
  /\b(?:what(?:'s| is| are|'re)?|anything|something|is anything)\b.{0,20}\b(?:blocked|stuck|in progress|in review|to do|left to do|on my plate|on our plate|assigned to|unassigned)\b/i,
  /\bwhat\s+(?:work|things)\s+(?:is|are)\s+(?:open|left|blocked|in)\b/i,
  /\bwhat(?:'s|\s+(?:are|is|am|do|does|should))\s+(?:we|i|everyone|everybody|the team|@?\p{L}+)\s+(?:currently\s+)?(?:working on|doing|have to do|do next|supposed to do)\b/iu,
  /\bwho(?:'s| is)\s+(?:working|doing|on|assigned)\b/i,
  /\b(?:is|what about|what is|how is|how's|how about|status of|state of)\s+(?:task\s+)?t\s?\d+\b/i,
];

export const INTENTS: Intent[] = [
  ...WORKER_ROWS,
  ...CREW_ROWS,
  ...FILE_ROWS,
  ...GITHUB_ROWS,
  {
    tool: "rememberFact",
    what: "keep something in mind",
    example: "remember that the release is on Friday",
    // Its form is anchored, and the fact may hold a negation or tell of the past.
    changes: false,
    patterns: [memory.REMEMBERS],
    input: memory.factToKeep,
  },
  {
    tool: "recallMemories",
    what: "tell what I remember",
    example: "what do you remember about the release?",
    changes: false,
    patterns: memory.RECALLS,
    input: memory.whatToRecall,
  },
  {
    tool: "forgetMemory",
    what: "forget something",
    example: "forget M3",
    changes: true,
    patterns: memory.FORGETS,
    input: memory.whatToForget,
  },
  {
    tool: "requestHumanInput",
    what: "ask somebody, and go on with the answer",
    example: "ask Ana whether we may ship 1.2",
    changes: true,
    patterns: questions.ASKS,
    input: questions.question,
  },
  {
    tool: "createSession",
    what: "open a topic in a channel",
    example: "open a session in #eng about the release",
    changes: true,
    patterns: [channels.OPENS],
    input: channels.session,
  },
  {
    tool: "sendChannelMessage",
    what: "say something in a channel",
    example: 'post "the build is green" in #eng',
    changes: true,
    patterns: [channels.SPEAKS],
    input: channels.channelMessage,
  },
  {
    tool: "pendingQuestions",
    what: "show the questions that wait for your answer",
    example: "what is waiting for me?",
    changes: false,
    patterns: [
      /\b(?:waiting|waits?)\b.{0,20}\b(?:for|on)\s+(?:me|my)\b/i,
      /\bwhat\s+are\s+you\s+waiting\s+for\b/i,
      /\b(?:pending|open|outstanding|unanswered)\s+(?:questions?|approvals?|decisions?|requests?)\b/i,
      /\b(?:questions?|approvals?|decisions?)\s+(?:are\s+|is\s+|do i have\s+)?(?:open|pending|outstanding|waiting|left)\b/i,
      /\b(?:any|a|are there|is there|show|list|which|what)\b.{0,20}\b(?:questions?|approvals?|decisions?)\b.{0,12}\b(?:for me|for us|do i have|to answer)\b/i,
      /\b(?:what|which|anything|something|do i have|is there|are there|show|list|any)\b.{0,30}\b(?:approve|approvals?|to decide|decide|to answer|to sign off|sign-offs?)\b/i,
      /\bdo i (?:need|have) to\s+(?:approve|decide|answer)\b/i,
      /\b(?:needs?|requires?|awaits?|awaiting)\s+(?:(?:my|an?)\s+)?(?:approval|answer|decision|sign-?off|ok)\b/i,
      /\b(?:need|want)\s+(?:anything\s+|something\s+)?from\s+me\b/i,
      /\b(?:what(?:'s| is)|anything|something|is anything|is something)\s+(?:still\s+)?pending\b/i,
      /\bam i (?:blocking|holding up)\b/i,
      /^(?:pending|approvals|my approvals|my questions|questions for me|show pending)(?:[\s,]+please)?[\s.!?]*$/i,
    ],
    input: () => ({}),
  },
  {
    tool: "getTokenSpendSummary",
    what: "tell what the language models cost, by agent, model, run or task",
    example: "how much did we spend?",
    changes: false,
    patterns: team.SPENDS,
    input: team.spending,
  },
  {
    tool: "listFactoryTeam",
    what: "show who is on the team",
    example: "who is on the team?",
    changes: false,
    patterns: team.TEAM,
    input: () => ({}),
  },
  {
    tool: "createTask",
    what: "create a task",
    example: 'create a task "fix the login page"',
    changes: true,
    patterns: [
      new RegExp(
        `\\b(?:create|add|make|open|file|log|raise|record|register|enter|write down|jot down|note down|note|track|new|need|want|have|get|start|set up|put in|put|should be)\\b[^.?!:"“]{0,40}?\\b${TASK}\\b`,
        "i",
      ),
      new RegExp(`^(?:please\\s+)?(?:a\\s+|new\\s+)*${TASK}\\s*(?:[:–-]|(?:for|to)\\s)`, "i"),
      /\b(?:create|add|make|track|log)\b[^.?!]{3,}\bas\s+an?\s+(?:new\s+)?(?:task|todo|to-do|ticket)\b/i,
      /\bremind\s+(?:me|us|the team)\s+to\s+\S/i,
      /\b(?:put|add|place|stick|drop)\b.+\b(?:on|to|in|onto|into)\s+(?:the|our|my)\s+(?:backlog|board|task list|to-?do list|tasks|list)\b/i,
    ],
    input: request.newTask,
  },
  {
    tool: "assignTask",
    what: "give a task to somebody",
    example: "assign T1 to Ana",
    changes: true,
    patterns: [
      /\b(?:assign|reassign|give|hand|delegate|pass|allocate|transfer|move)\b/i,
      /\b(?:i(?:'ll| will)?|let me)\s+(?:take|do|handle|own|grab|pick up)\b|\bis mine\b/i,
      new RegExp(`\\b(?:let|have|get|ask|tell|want|need)\\s+${NAME}\\s+(?:to\\s+)?(?:be\\s+)?${WORKS}\\b`, "iu"),
      new RegExp(`^(?:please\\s+)?(?:can|could|would|will)\\s+${NAME}\\s+(?:please\\s+)?${WORKS}\\b`, "iu"),
      new RegExp(`^${NAME}\\s+(?:takes|gets|does|handles|owns|picks up)\\s`, "iu"),
      /\b(?:is|goes|should go|belongs)\s+(?:for|to)\s+@?\p{L}/iu,
      /^\s*(?:t|task\s*)\d+\s*(?:->|→|=>|to|for)\s*@?\p{L}/iu,
      new RegExp(`\\bput\\s+${NAME}\\s+on\\b`, "iu"),
      /\b(?:should|shall|will|must|can|let)\b.*\b(?:be\s+done|be\s+handled|be\s+taken|be\s+owned|take|do|handle|own|work on)\b/i,
      /\bassignee\b|\bowner\b/i,
    ],
    input: request.assignment,
  },
  {
    tool: "transitionTask",
    what: "move a task: start it, send it to review, complete it, block it",
    example: "start T1, T1 is ready for review, T1 is blocked",
    changes: true,
    patterns: [
      /\b(?:start|begin|move|mark|set|put|send|close|finish|complete|block|unblock|resume|reopen|change|transition|push|submit|bring|take)\b/i,
      /\b(?:is|are|was|has|can be|may be|'s|needs?|goes|went|got)\b.*\b(?:done|finished|completed?|blocked|stuck|in progress|in review|review(?:ed)?|started|ready|underway|closed|through|begun)\b/i,
      /\b(?:working on|started|finished|completed|done with|blocked on|stuck on|i've done|wrapped up)\b/i,
      /^\s*(?:t|task\s*)\d+\s*(?:[:>–-]|->|→)*\s*(?:done|complete|blocked|in progress|in review|review|start)/i,
    ],
    input: request.move,
  },
  ...ANALYSIS_ROWS,
  ...HANDED_ON,
  {
    tool: "startWorkflow",
    what: "start a workflow",
    example: "deploy version 1.2 to production",
    changes: true,
    patterns: [
      request.DEPLOY,
      request.START,
      /\b(?:need|want|like|bring|get|put|take)\b.{0,20}\bversion\s+v?\d\S*.*\b(?:to|in|into|on|onto)\s+(?:the\s+)?(?:prod|production|staging|stage|test|dev)\b/i,
    ],
    input: request.workflowStart,
  },
  {
    tool: "runStatus",
    what: "tell how a run stands",
    example: "status of deploy?",
    changes: false,
    patterns: [
      /\b(?:status|state|progress)\s+(?:of|on|for)\s+(?:the\s+)?(?:last\s+|latest\s+|current\s+)?(?:runs?\b|workflow\b|deploy|deployment|release|[a-z]+-[\w-]+|r[a-z0-9]{8,})/i,
      new RegExp(
        `(?=.*\\b(?:status|state|progress|news|updates?|going|doing|done|finish(?:ed)?|complete[d]?|fail(?:ed|ing)?|wait(?:s|ing)?|stuck|running|far|where|why|happen(?:ed|ing)?|up with|result|succeed(?:ed)?|go|went|work(?:ed)?|stand|at)\\b)(?=^(?:is|are|was|were|what|which|how|where|why|has|have|did|does|do|any|status|state|update|news|check|show|give|tell)\\b).*(?:${A_RUN})`,
        "i",
      ),
      /\b(?:runs?|deploy|deployment|release)\s+(?:status|state|progress)\b/i,
      /\b(?:status|state|progress|news|update)\s+(?:of|on|for|about|from)\b/i,
      /\b(?:list|show|see|display|which|what|any|latest|last|recent|current|active|all)\b.{0,25}\bruns\b/i,
      /\b(?:what|anything|something|which workflows?)(?:'s| is| are)?\s+(?:currently\s+|still\s+)?running\b/i,
      /\bupdate\s+on\s+(?:the|our|my)\s+(?:deploy|deployment|release|run)\b/i,
      /\b(?:how(?:'s| is| did| does| far is)|where(?:'s| is)|did|has|is|why (?:did|is|has)|what about|what is|what's|status of)\s+(?:the\s+|our\s+|my\s+)?[a-z]+[ -](?:brief|[a-z]+)\b.{0,30}\b(?:finish(?:ed)?|done|going|doing|go|went|fail(?:ed)?|through|complete[d]?|running|waiting|stuck|at|stand)\b/i,
    ],
    input: request.runAskedFor,
  },
  {
    tool: "listWorkflows",
    what: "list the workflows",
    example: "which workflows are there?",
    changes: false,
    patterns: [
      /\b(?:what|which|list|show|see|display|name|know|tell|have|give|any|available|all)\b.{0,40}\b(?:workflows|flows|automations|playbooks|pipelines|processes)\b/i,
      /\b(?:workflows|flows|automations|playbooks)\b.{0,25}\b(?:there|available|exist|installed|have|run|start|list|know|defined)\b/i,
      /\bwhich\s+workflow\s+(?:can|could|may|should)\b/i,
      /^(?:the\s+|available\s+)?(?:workflows|workflow list|list of workflows)(?:[\s,]+please)?[\s.!?]*$/i,
      /\bwhat\s+(?:can|could|may)\s+(?:i|we|you|be)\s+(?:run|start|started|launch|launched|kick off|execute|executed)\b/i,
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
      /\bhow(?:\s+is|\s+are|\s+does|'s)\s+(?:the\s+|our\s+|this\s+)?(?:project|factory|team|work|sprint|things|everything|we|it all|progress|it going with the project)\b(?:.{0,25}\b(?:going|doing|coming along|look(?:ing)?|standing|progressing|moving|project)\b|[\s?.!]*$)/i,
      /\bhow\s+(?:far|much|many)\b.{0,25}\b(?:are we|tasks?|is left|is done|work)\b/i,
      /\bhow many\b.{0,30}\b(?:open|done|blocked|left|tasks?)\b/i,
      /\bwhere\s+(?:do\s+)?(?:are\s+)?we\s+(?:stand|at|are|now|with)\b|\bwhere are we\b|\bare we on track\b/i,
      /\b(?:give|show|send|get|tell)\b.{0,15}\b(?:a\s+|an\s+|the\s+)?(?:status|overview|summary|status report|progress report|status update|update|rundown)\b(?!.{0,20}\b(?:task|t\d|run|deploy))/i,
      /^(?:status|overview|summary|status report|progress|progress report|status update|report|update|overall status)(?:[\s,]+please)?[\s.!?]*$/i,
      /\bsum(?:marize|marise)?\s+(?:up\s+)?(?:the\s+|our\s+)?(?:project|work|status|tasks|progress|everything|where)\b/i,
      /\bwhat(?:'s| is)\s+(?:the\s+)?(?:overall\s+|current\s+)?(?:status|state of (?:play|things|affairs)|progress)\s*\??$/i,
      /\bwhat(?:'s| is)\s+(?:going on|happening|up)\s+(?:in|with)\s+(?:the\s+|our\s+)?(?:project|factory|team)\b/i,
    ],
    input: (text) => {
      const project = /\bproject\s+["“]([^"”]+)["”]/i.exec(text)?.[1];
      return project === undefined ? {} : { project };
    },
  },
  ...taskManagerRows(LISTS_TASKS).slice(0, 1),
  {
    tool: "listFactoryTasks",
    what: "list the tasks, all or by status or person",
    example: "which tasks are blocked?",
    changes: false,
    patterns: LISTS_TASKS,
    input: request.taskList,
  },
  ...taskManagerRows(LISTS_TASKS).slice(1),
];

const POLITE =
  /^(?:(?:please|hey|hi|hello|ok(?:ay)?|so|well|now|and|then|also)[\s,!.]+)*(?:can|could|would|will)\s+(?:you|we|i)\b|\bplease\b/i;
/** Asking somebody else to take a task is a request too: "can Ana work on T3?". */
const ASKS_ANOTHER =
  /^(?:can|could|would|will)\s+@?\p{Lu}\p{L}*\s+(?:please\s+)?(?:take|do|handle|own|work on|pick up)\b/u;
const NEGATED =
  /\b(?:don'?t|do not|never|no need to|not yet|shouldn'?t|should not|mustn'?t|must not|won'?t|cannot|can't|stop|cancel|without)\b/i;
const ASKING =
  /^(?:is|are|was|were|what|which|who|whose|how|when|why|where|has|have (?:we|you|i|they)|had|did|does|do (?:we|you|i|they)|should|shall)\b|\?\s*$/i;
/** Talk about the past or about an idea is not a request. */
const TOLD =
  /\b(?:yesterday|last week|last month|ago|used to|already (?:created|added|made|started|ran)|myself|maybe|perhaps|would have|could have|if (?:you|we|i|they) (?:create|start|run|add|deploy|had))\b/i;
const DEFINITION = /^what(?:'s| is| are)\s+an?\s+[\w-]+\s*\?*$|^what\s+(?:does|do)\s+[\w-]+\s+do\s*\?*$/i;
const GREETING =
  /^(?:hi|hello|hey|good (?:morning|afternoon|evening)|hallo|moin|servus|yo|greetings)(?:\s+(?:there|all|team|everyone|factory manager|manager))?[\s.!,]*$/i;
const THANKS =
  /^(?:thanks|thank you|thx|ty|cheers|great|perfect|cool|nice|awesome|good job|well done|danke)(?:[\s,]+(?:a lot|so much|very much|thanks|thank you|you|all|everyone|man|job|work))*[\s.!]*$/i;

const HELP =
  /^(?:(?:and|so|please|hey|hi|hello)[\s,]+)*(?:help(?:\s+me)?|\?+|commands|what\s+(?:else\s+)?(?:can|could|do)\s+(?:you|i|we)\s+(?:do|say|ask(?:\s+(?:you|for))?|help(?:\s+me)?(?:\s+with)?|know)(?:\s+(?:here|for\s+me|for\s+us))?|what\s+are\s+you\s+able\s+to\s+do|how\s+(?:does\s+this\s+work|can\s+you\s+help(?:\s+me)?|do\s+i\s+use\s+(?:this|you)))(?:[\s,]+please)?[\s.?!]*$/i;
/** An answer, where the questions that are open (if any) did not take it as theirs. */
const ANSWER = /^(?:yes|yep|yeah|no|nope|ok(?:ay)?|sure|approved?|denied|deny|reject(?:ed)?|[1-9])(?:$|[\s,.!:;])/i;
const ANSWERS_NOTHING =
  'That answers no question, so I did nothing. Ask "what is waiting for me?" to see the open ones with their codes; an answer with a reason needs the code, as in: no 4K too risky.';

export interface Known {
  /** The names that exist. */
  workflows: readonly string[];
  /** The tools of the agent that is asked: the others' rows do not count. Absent: every row does. */
  offered?: ReadonlySet<string>;
}

/** What one message asks for. Text in quotation marks is a name or title: it never makes a message a request or stops one. */
export function understand(message: string, known: Known = { workflows: [] }): Understood {
  const text = message.trim().replace(/\s+/g, " ");
  if (GREETING.test(text)) return { kind: "greeting" };
  if (THANKS.test(text)) return { kind: "thanks" };
  if (HELP.test(text)) return { kind: "help" };
  const spoken = find.withoutQuotes(text);
  const asksOrTells =
    ASKING.test(spoken) && ![POLITE, ASKS_ANOTHER, questions.ASKS_SOMEBODY].some((form) => form.test(spoken));
  const notARequest = NEGATED.test(spoken) || TOLD.test(spoken) || asksOrTells;
  for (const intent of INTENTS) {
    if (known.offered?.has(intent.tool) === false) continue;
    if (intent.changes ? notARequest : DEFINITION.test(spoken) && !/\b(?:pending|status|progress)\b/i.test(spoken))
      continue;
    if (!intent.patterns.some((pattern) => pattern.test(spoken))) continue;
    const input = intent.input(text, known.workflows);
    if (input === null) continue;
    return typeof input === "string" ? { kind: "ask", question: input } : { kind: "call", tool: intent.tool, input };
  }
  return ANSWER.test(text) ? { kind: "ask", question: ANSWERS_NOTHING } : { kind: "unknown" };
}

/** What most people come for, first. A tool that is not named here follows in the order of the table. */
const FIRST: readonly ToolName[] = [
  "createTask",
  "listFactoryTasks",
  "startWorkflow",
  "pendingQuestions",
  "runStatus",
  "assignTask",
  "transitionTask",
  "getProjectStatus",
  "listWorkflows",
  "listFactoryTeam",
  "getTokenSpendSummary",
  "rememberFact",
  "recallMemories",
  "forgetMemory",
];
const MOST_SUGGESTED = 4;

function offeredRows(offered: ReadonlySet<string>): Intent[] {
  const place = ({ tool }: Intent): number => (FIRST.includes(tool) ? FIRST.indexOf(tool) : FIRST.length);
  return INTENTS.filter(({ tool }) => offered.has(tool)).sort((a, b) => place(a) - place(b));
}

/** What can be asked for, one line each, with an example. */
export const capabilities = (offered: ReadonlySet<string>): string[] =>
  offeredRows(offered).map(({ what, example }) => `- ${what}: \`${example}\``);

/** A few examples of it. */
export const suggestions = (offered: ReadonlySet<string>): string[] =>
  offeredRows(offered)
    .slice(0, MOST_SUGGESTED)
    .map(({ example }) => `- \`${example}\``);
