/** What is asked of the Task Manager beside making and moving tasks: one task in full, and who has how much to do. Pure. */
import type { TaskView } from "../model/tasks.ts";
import * as find from "./offline_arguments.ts";
import type { Intent } from "./offline_intents.ts";
import { taskList } from "./offline_requests.ts";
import { agentName, agentTitle } from "./titles.ts";

const A_TASK = "(?:t|task\\s*(?:number|no\\.?|nr\\.?)?\\s*#?\\s*t?)\\s?-?\\d{1,6}\\b";

const DETAILS: RegExp[] = [
  new RegExp(`\\b(?:details?|everything|description|full story|history|background|more)\\b.*\\b${A_TASK}`, "i"),
  new RegExp(`\\b${A_TASK}.*\\b(?:details?|in detail|in full|history|description)\\b`, "i"),
  new RegExp(`\\bwho\\s+(?:made|created|wrote|opened|asked for|reported)\\s+${A_TASK}`, "i"),
  new RegExp(`\\b(?:which|what)\\s+(?:issues?|tags?)\\b.*\\b${A_TASK}`, "i"),
  new RegExp(`\\bwhere\\s+(?:can|could|may)\\s+${A_TASK}\\s+(?:go|move|be moved)`, "i"),
];

const WORKLOAD: RegExp[] = [
  /\bwork\s?loads?\b|\bhow busy\b|\bto whom should\b/i,
  /\bwho\s+(?:has|had|got)\s+(?:the\s+)?(?:least|most|fewest|more|less|too much|time|capacity|room|nothing)\b/i,
  /\bwho(?:'s|\s+is|\s+are)?\s+(?:free|available|busy|busiest|idle|overloaded|least busy)\b/i,
  /\bwho\s+(?:should|could|can|would|might)\s+(?:best\s+)?(?:do|take|get|handle|work on|pick up)\b/i,
];

/** `lists`: how the list of tasks is asked for; the Task Manager has it under a name of its own. */
export const taskManagerRows = (lists: RegExp[]): Intent[] => [
  {
    tool: "getTask",
    what: "say everything about one task",
    example: "details of T1",
    changes: false,
    patterns: DETAILS,
    input: (text) => {
      const task = find.taskName(text);
      return task === null ? null : { task };
    },
  },
  {
    tool: "listTasks",
    what: "say who has how much to do, and list the tasks",
    example: "who has the least to do?",
    changes: false,
    patterns: [...WORKLOAD, ...lists],
    input: (text) => (WORKLOAD.some((pattern) => pattern.test(text)) ? {} : taskList(text)),
  },
];

type Value = Record<string, unknown>;
interface Load {
  name: string;
  open: number;
  inProgress: number;
  inReview: number;
  blocked: number;
  pressing: number;
}

const words = (status: string): string => status.toLowerCase().replace(/_/g, " ");

export const TASK_WORDS: Record<string, (value: Value) => string> = {
  getTask: (value) => {
    const task = value as unknown as TaskView & { canBecome: string[]; createdBy: string; createdAt: string };
    const { issues, tags, history } = value as { issues: string[]; tags: string[]; history: { what: string }[] };
    const facts = [
      `${words(task.status)}, ${task.priority} priority, ${task.assignee === null ? "given to nobody" : agentTitle(task.assignee)}`,
      ...(task.project === null ? [] : [`project ${task.project}`]),
      ...(tags.length === 0 ? [] : [`tags ${tags.join(", ")}`]),
      ...(issues.length === 0 ? [] : [`issues ${issues.join(", ")}`]),
      `made by ${agentTitle(task.createdBy.replace(/^agent:/, ""))} on ${task.createdAt.slice(0, 10)}`,
      task.canBecome.length === 0 ? "finished" : `can become ${task.canBecome.map(words).join(", ")}`,
      `${history.length} ${history.length === 1 ? "change" : "changes"} on record`,
    ];
    const about = task.description === null ? "" : `\n${task.description}`;
    return `**${task.task}** ${task.title}${about}\n${facts.map((fact) => `- ${fact}`).join("\n")}`;
  },
  listTasks: (value) => {
    const { tasks, workload } = value as { tasks: TaskView[]; workload: Load[] };
    const lines = tasks.map(
      ({ task, title, status, assignee }) =>
        `- **${task}** ${title} (${words(status)}${assignee === null ? "" : `, ${agentTitle(assignee)}`})`,
    );
    const list = lines.length === 0 ? "No tasks fit that." : `Tasks:\n${lines.join("\n")}`;
    const loads = workload.map((load) => `- **${agentName(load.name)}**: ${loadWords(load)}`);
    return `${list}\nWho has how much to do, the least first:\n${loads.join("\n")}`;
  },
};

function loadWords({ open, inProgress, inReview, blocked, pressing }: Load): string {
  if (open === 0) return "nothing open";
  const parts = [
    ...(inProgress === 0 ? [] : [`${inProgress} in progress`]),
    ...(inReview === 0 ? [] : [`${inReview} in review`]),
    ...(blocked === 0 ? [] : [`${blocked} blocked`]),
    ...(pressing === 0 ? [] : [`${pressing} pressing`]),
  ];
  return `${open} open${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}
