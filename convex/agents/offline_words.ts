/** How the offline model words the results of tools. Pure. Friendly, short, and true to what the result says. */
import type { Budget } from "../../src/contract/work.ts";
import type { SpendRow } from "../model/spend.ts";
import type { TaskView } from "../model/tasks.ts";
import type { TeamView } from "../model/team.ts";
import { ANALYSIS_WORDS } from "./offline_analysis_words.ts";
import { CREW_WORDS } from "./offline_crew.ts";
import { FILE_WORDS } from "./offline_files.ts";
import { GITHUB_WORDS } from "./offline_github_words.ts";
import { capabilities, suggestions } from "./offline_intents.ts";
import { MEMORY_WORDS } from "./offline_memory.ts";
import { TASK_WORDS } from "./offline_tasks.ts";
import { WORKER_WORDS } from "./offline_workers.ts";
import { agentName, agentTitle } from "./titles.ts";

export const OFFLINE_NOTICE =
  "I am the built-in offline model: I understand plain requests like these, but I cannot hold a conversation. " +
  "Set ANTHROPIC_API_KEY, LLM_PROXY_BASE_URL or GLOO_API_KEY and restart to talk with a real language model.";

export const capabilityList = (offered: ReadonlySet<string>): string => ["I can:", ...capabilities(offered)].join("\n");

/** Few: a telephone shows 320 characters, and a screen full of lines hides what else is said. */
const forExample = (offered: ReadonlySet<string>): string =>
  `For example:\n${suggestions(offered).join("\n")}\nAsk "what can you do?" for everything.`;

export const greeting = (offered: ReadonlySet<string>): string =>
  `Hello! I am the Factory Manager. I keep track of tasks and start workflows. ${forExample(offered)}\n\n${OFFLINE_NOTICE}`;

/** The same for a telephone: one segment of 160 characters each, where the words of the longer ones would take three and be cut. */
const SHORTLY =
  'I am offline (ANTHROPIC_API_KEY brings a real model). Try: create a task "fix the login". HELP lists more.';

export const shortGreeting = (): string => `Hello, I am the Factory Manager. ${SHORTLY}`;

export const shortlyNotUnderstood = (): string => `I did not understand, so I did nothing. ${SHORTLY}`;

export const notUnderstood = (offered: ReadonlySet<string>): string =>
  `I did not understand that, so I did nothing. ${forExample(offered)}\n\n${OFFLINE_NOTICE}`;

export const help = (offered: ReadonlySet<string>): string => `${capabilityList(offered)}\n\n${OFFLINE_NOTICE}`;

export const passedOn = (from: string): string =>
  `These are words of ${from} that you pass on, so I did nothing. Let ${from} say it from an account of their own; or say it in your own words, if you want it yourself.`;

export const welcome = (): string => "You are welcome.";

/** `result` is what the tool returned; anything that is not JSON is shown as it is. */
export function wordResult(toolName: string, result: string): string {
  const value = parse(result);
  if (value === null) return result.trim() === "" ? "Done." : result;
  const error = value.error as { message?: string; remedy?: string | null } | undefined;
  if (error?.message !== undefined) {
    const remedy = error.remedy ? ` ${sentence(error.remedy)}` : "";
    return `That did not work: ${sentence(error.message, false)}${remedy}`;
  }
  const word = WORDS[toolName];
  return word === undefined ? "Done." : word(value);
}

type Value = Record<string, unknown>;

const WORDS: Record<string, (value: Value) => string> = {
  ...ANALYSIS_WORDS,
  ...GITHUB_WORDS,
  ...CREW_WORDS,
  ...TASK_WORDS,
  ...FILE_WORDS,
  ...MEMORY_WORDS,
  ...WORKER_WORDS,
  createTask: (value) => {
    const task = value.task as TaskView;
    const whose =
      task.assignee === null
        ? "It is in the backlog; say who should do it and I assign it."
        : `It is assigned to ${agentTitle(task.assignee)}.`;
    const priority = task.priority === "medium" ? "" : `, ${task.priority} priority`;
    return `Created **${task.task}** "${task.title}"${priority}. ${whose}`;
  },
  assignTask: (value) => {
    const task = value.task as TaskView;
    return `**${task.task}** "${task.title}" is now with ${agentTitle(task.assignee ?? "nobody")} (${statusWord(task.status)}).`;
  },
  transitionTask: (value) => {
    const task = value.task as TaskView;
    return `**${task.task}** "${task.title}" is now ${statusWord(task.status)}.`;
  },
  listFactoryTasks: (value) => {
    const tasks = value.tasks as TaskView[];
    if (tasks.length === 0) return 'No tasks fit that. To add one: create a task "fix the login page".';
    const lines = tasks.map((task) => {
      const who = task.assignee === null ? "" : `, ${agentTitle(task.assignee)}`;
      const priority = task.priority === "medium" ? "" : `, ${task.priority}`;
      return `- **${task.task}** ${task.title} (${statusWord(task.status)}${who}${priority})`;
    });
    const more = value.more === true ? "\nThere are more; ask for one status or one person." : "";
    return `${tasks.length === 1 ? "One task" : `${tasks.length} tasks`}:\n${lines.join("\n")}${more}`;
  },
  getProjectStatus: (value) => {
    const counts = value.counts as Record<string, number>;
    const total = value.total as number;
    if (total === 0) return 'There are no tasks yet. To add one: create a task "fix the login page".';
    const parts = Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([status, count]) => `${count} ${statusWord(status)}`);
    const runs = value.runs as { waiting: number; running: number } | undefined;
    const going =
      runs === undefined || runs.waiting + runs.running === 0
        ? ""
        : ` Runs of workflows: ${runs.running} working, ${runs.waiting} waiting.`;
    return `${total === 1 ? "One task" : `${total} tasks`}: ${parts.join(", ")}.${going}`;
  },
  startWorkflow: (value) => {
    const waiting = value.waitingFor as { question?: string }[] | undefined;
    const asks = waiting?.some((each) => each.question !== undefined)
      ? " It is waiting for an answer; the question follows."
      : "";
    return `Started **${value.title}** (run ${value.runId}).${asks} Ask me for the status of ${value.workflow} at any time.`;
  },
  listWorkflows: (value) => {
    const workflows = value.workflows as { name: string; title: string | null; inputs: string[] }[];
    if (workflows.length === 0) return "No workflow is installed. Add one with: factory workflow create FILE.";
    const lines = workflows.map((each) => {
      const title = each.title === null || each.title === each.name ? "" : `: ${each.title}`;
      const needed = each.inputs.filter((name) => !name.endsWith("?"));
      const optional = each.inputs.filter((name) => name.endsWith("?")).map((name) => name.slice(0, -1));
      const said = [
        ...(needed.length === 0 ? [] : [`needs ${needed.join(", ")}`]),
        ...(optional.length === 0 ? [] : [`takes ${optional.join(", ")}`]),
      ];
      const inputs = said.length === 0 ? "" : ` (${said.join("; ")})`;
      return `- **${each.name}**${title}${inputs}`;
    });
    return `Workflows:\n${lines.join("\n")}\nTo start one: run ${workflows[0]?.name}.`;
  },
  runStatus: (value) => {
    const runs = value.runs as {
      runId: string;
      workflow: string;
      title: string;
      status: string;
      waitingFor: string[];
      step: string | null;
      error: string | null;
    }[];
    if (runs.length === 0)
      return "No run fits that. To start one: run NAME; to see the names: which workflows are there?";
    return runs
      .map((run) => {
        const waits = run.waitingFor.length === 0 ? "" : `, waiting for ${run.waitingFor.join(" and ")}`;
        const step = run.step === null ? "" : ` at step ${run.step}`;
        const error = run.error === null ? "" : `: ${run.error}`;
        const colon = ENDED.has(run.status) ? "" : ":";
        return `- **${run.title}** (run ${run.runId})${colon} ${run.status}${step}${waits}${error}`;
      })
      .join("\n");
  },
  requestHumanInput: ({ alreadyAsked, question, asked, status, answer, by, reason }) => {
    if (alreadyAsked === true) return `I have asked ${asked} already: "${question}" It is still open.`;
    if (status !== "answered") return `Nobody answered "${question}": it is ${status}.`;
    return `${by ?? "Somebody"} answered "${question}": **${answer}**${reason ? ` (${reason})` : ""}.`;
  },
  listFactoryTeam: (value) => {
    const { people, agents, more } = value as unknown as TeamView;
    const lines = people.map(({ name, roles }) => `- **${name}**${roles.length === 0 ? "" : ` (${roles.join(", ")})`}`);
    const others = agents.map(({ name, does }) => `- **${agentName(name)}**: ${does}`);
    return `People:\n${lines.join("\n")}${more ? "\nThere are more." : ""}\nAgents:\n${others.join("\n")}`;
  },
  getTokenSpendSummary: (value) => {
    const { by, rows, total } = value as { by: string; rows: SpendRow[]; total: SpendRow };
    const budgets = ((value.budgets ?? []) as Budget[]).filter(({ limitUsd }) => limitUsd !== null).map(budgetWords);
    const below = budgets.length === 0 ? "" : `\n${budgets.join("\n")}`;
    if (rows.length === 0) {
      return `${total.calls === 0 ? "Nothing was used yet." : `Nothing was used by that ${by}.`}${below}`;
    }
    const lines = rows.map((row) => `- **${by === "agent" ? agentName(row.name) : row.name}**: ${spendWords(row)}`);
    return `By ${by}:\n${lines.join("\n")}\nAltogether: ${spendWords(total)}${below}`;
  },
  pendingQuestions: (value) => {
    const questions = value.questions as { code: string | null; question: string; options: string[] }[];
    const elsewhere = Number(value.askedInPrivate ?? 0);
    const untold =
      elsewhere === 0
        ? ""
        : `${elsewhere} asked in private: write PENDING to me there, or look at your questions where only you read along.`;
    if (questions.length === 0) return untold === "" ? "Nothing is waiting for you." : `Waiting for you: ${untold}`;
    const lines = questions.map((each) => {
      const options = each.options.length === 0 ? "free text" : each.options.join(", ");
      return `- ${each.code === null ? "" : `**${each.code}** `}${each.question} (${options})`;
    });
    return `${questions.length === 1 ? "One question is" : `${questions.length} questions are`} waiting for you:\n${lines.join("\n")}${untold === "" ? "" : `\nAnd ${untold}`}`;
  },
};

/** Told as everywhere (model/run_words.ts). */
const ENDED = new Set(["completed", "failed", "cancelled"]);

function spendWords({ calls, inputTokens, outputTokens, costUsd, unpricedCalls }: SpendRow): string {
  const unknown = unpricedCalls === 0 ? "" : `, without the ${unpricedCalls} whose model has no known price`;
  return `$${costUsd.toFixed(costUsd < 1 ? 4 : 2)} for ${calls} ${calls === 1 ? "call" : "calls"} (${inputTokens} tokens in, ${outputTokens} out)${unknown}`;
}

function budgetWords({ project, month, limitUsd, spentUsd, state, unpricedCalls }: Budget): string {
  const whose = project === null ? "the factory" : `project ${project}`;
  const unknown =
    unpricedCalls === 0
      ? ""
      : `, without ${unpricedCalls} ${unpricedCalls === 1 ? "call" : "calls"} whose price is not known`;
  const end = state === "stopped" ? ": used up, no more work for it" : state === "warned" ? ": nearly used up" : "";
  return `Budget of ${whose} for ${month}: $${spentUsd.toFixed(2)} of $${(limitUsd ?? 0).toFixed(2)}${unknown}${end}.`;
}

const statusWord = (status: string): string => status.toLowerCase().replace(/_/g, " ");

/** First letter large (unless it follows a colon), one full stop (or question mark) at the end. */
function sentence(text: string, capital = true): string {
  const trimmed = text.trim().replace(/[.\s]+$/, "");
  const first = capital ? trimmed.charAt(0).toUpperCase() + trimmed.slice(1) : trimmed;
  return /[?!]$/.test(first) ? first : `${first}.`;
}

function parse(text: string): Value | null {
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Value) : null;
  } catch {
    return null;
  }
}

/**
 * What a workflow's task step says when no model does its work. It repeats nothing of the prompt: a later branch may look for words
 * that the prompt only mentions ("answer SHIP_IT when …"), and no model decided that.
 */
export const stepOutput = (step: string): string =>
  `Offline result of step "${step}". No language model did this work; set ANTHROPIC_API_KEY, LLM_PROXY_BASE_URL or GLOO_API_KEY to have one do it.`;
