/**
 * Every tool of every agent, by what a person says in Slack to have it called: the built-in model reaches each by plain words. A tool
 * without a row is an error of types, and of the test that walks the table.
 */
import type { AgentName } from "../convex/agents/crew.ts";
import { TOOL_NAMES, type ToolName } from "../convex/agents/tools/index.ts";

export interface Asked {
  tool: ToolName;
  /** In Ana's direct message, in this order; the tasks and runs that are named are there by then. */
  say: string;
  /** Who is to call it: the Manager, or another it hands the request to. */
  agent: AgentName;
  /** It needs what this workspace has not (a GitHub token, a place for workers): the refusal is on record and in the reply. */
  refused?: true;
}

/** What a worker does happens in its own conversation, after a dispatch: tested where workers are. */
export const OF_WORKERS: Partial<Record<ToolName, string>> = {
  executeCommand: "convex/workers.test.ts",
  updateTaskStatus: "convex/workers.test.ts",
  reportProgress: "convex/workers.test.ts",
  requestHelp: "convex/workers.test.ts",
};

const manager = (tool: ToolName, say: string): Asked => ({ tool, say, agent: "factoryManager" });
const by = (agent: AgentName, tool: ToolName, say: string): Asked => ({ tool, say, agent });
const refused = (asked: Asked): Asked => ({ ...asked, refused: true });

export const ASKED: Asked[] = [
  manager("createTask", 'create a task "fix the login page"'),
  manager("listFactoryTasks", "what's on the board?"),
  manager("assignTask", "assign T1 to bob"),
  manager("transitionTask", "begin T1"),
  manager("getProjectStatus", "project overview"),
  manager("listFactoryTeam", "please list the team"),
  manager("sendChannelMessage", "please tell #ops the database is back"),
  manager("createSession", "start a conversation in #ops about the outage"),
  manager("listWorkflows", "what workflows can be started?"),
  manager("startWorkflow", "run the workflow witnessed with id=tools"),
  manager("runStatus", "current runs"),
  manager("pendingQuestions", "which approvals are waiting for me?"),
  manager("listFiles", "which files are there?"),
  by("forgeAnalyst", "listFiles", "ask the forge analyst to list the files"),
  manager("getTokenSpendSummary", "can you tell me how much we spent?"),
  manager("requestHumanInput", "please check with bob whether the docs are done"),
  manager("rememberFact", "remember that T1 is urgent"),
  manager("recallMemories", "what do you remember about T1?"),
  manager("forgetMemory", "forget what you remember about T1"),
  manager("delegate", "ask the task manager for the list of tasks"),
  by("taskManager", "listTasks", "ask the task manager to list the tasks"),
  by("taskManager", "getTask", "ask the task manager for the details of T1"),
  by("runAnalysis", "getRunContext", "ask the run analysis to explain the witnessed run"),
  by("runAnalysis", "getStepResults", "ask the run analysis to list the steps of the witnessed run"),
  by("runAnalysis", "getStructuralTimeline", "ask the run analysis for the timeline of witnessed"),
  by("runAnalysis", "getStepDetail", "ask the run analysis what happened in step before of witnessed?"),
  by("runAnalysis", "getCostBreakdown", "ask the run analysis to break the run witnessed down by step"),
  refused(by("forgeAnalyst", "fetchFileContent", "read the file report.pdf")),
  refused(manager("createBranch", "create a branch feature/login in acme/site")),
  refused(manager("openPR", 'open a PR from feature/login in acme/site titled "Fix the login"')),
  refused(manager("checkPR", "check PR 12 of acme/site")),
  refused(by("codebaseSearch", "searchCode", "ask the codebase search to search acme/site for handleLogin")),
  refused(by("codebaseSearch", "readCode", "ask the codebase search to show src/login.ts in acme/site")),
  refused(by("prReview", "getPullRequest", "review PR 12 of acme/site")),
  refused(manager("dispatchCodingTask", "have the worker run `npm test` for T1")),
];

/** Tools that nobody asks for. */
export const unasked = (): ToolName[] =>
  TOOL_NAMES.filter((tool) => !Object.hasOwn(OF_WORKERS, tool) && !ASKED.some((asked) => asked.tool === tool));

/**
 * What else there is to ask for where nothing is missing: GitHub, a file, a workspace and a sandbox. Said after those above, which name
 * the task T1 and the pull request 12; the worker's own tools are reached by what it is given to do.
 */
export const ASKED_WITH_ALL: Asked[] = [
  by("taskManager", "createTask", 'ask the task manager to create a task "write the docs"'),
  by("taskManager", "assignTask", "ask the task manager to assign T2 to bob"),
  by("taskManager", "transitionTask", "ask the task manager to begin T2"),
  by("forgeAnalyst", "requestHumanInput", "ask the forge analyst to ask bob whether the report is final"),
  by("prReview", "searchCode", "let the pr review search acme/site for handleLogin"),
  by("prReview", "readCode", "let the pr review show src/login.ts in acme/site"),
  manager("createTask", 'create a task "run it"'),
  by("factoryWorker", "executeCommand", "have the worker run `cat readme.txt` for T3"),
  by("factoryWorker", "reportProgress", "dispatch T3 to a worker: report that the tests pass"),
  by("factoryWorker", "updateTaskStatus", "dispatch T3 to a worker: set your task to in review"),
  by("factoryWorker", "requestHelp", "dispatch T3 to a worker: ask for help: the database is missing"),
];
