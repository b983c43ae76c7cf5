/**
 * How agents and tools are called towards people. Their names are for models, rules of the policy and the record; what is said in a chat
 * uses these. Pure: only types of the tools are known here.
 */
import type { AgentName } from "./crew.ts";
import type { ToolName } from "./tools/index.ts";

const AGENTS: Readonly<Record<AgentName, string>> = {
  factoryManager: "the Factory Manager",
  factoryWorker: "the Factory Worker",
  taskManager: "the Task Manager",
  runAnalysis: "Run Analysis",
  forgeAnalyst: "the Forge Analyst",
  codebaseSearch: "Codebase Search",
  prReview: "PR Review",
};

/** What is being done by a call of it. */
const TOOLS: Readonly<Record<ToolName, string>> = {
  listFactoryTasks: "listing the tasks",
  listTasks: "listing the tasks",
  getTask: "looking at a task",
  getProjectStatus: "summing up the work",
  createTask: "creating a task",
  assignTask: "giving a task to somebody",
  transitionTask: "moving a task",
  updateTaskStatus: "moving the own task",
  listFactoryTeam: "listing the team",
  sendChannelMessage: "saying something in a channel",
  createSession: "opening a topic in a channel",
  listWorkflows: "listing the workflows",
  runStatus: "looking at runs",
  startWorkflow: "starting a workflow",
  getRunContext: "looking at a run",
  getStepResults: "looking at a run's steps",
  getStructuralTimeline: "looking at a run's course",
  getStepDetail: "looking at a step",
  getCostBreakdown: "looking at a run's cost",
  dispatchCodingTask: "giving out a coding task",
  executeCommand: "running a command",
  reportProgress: "reporting progress",
  requestHelp: "asking for help",
  listFiles: "listing the files",
  fetchFileContent: "reading a file",
  getTokenSpendSummary: "looking at the spend",
  pendingQuestions: "listing the open questions",
  requestHumanInput: "asking a person",
  delegate: "asking another agent",
  createBranch: "creating a branch",
  openPR: "opening a pull request",
  checkPR: "checking a pull request",
  getPullRequest: "reading a pull request",
  searchCode: "searching the code",
  readCode: "reading code",
  recallMemories: "recalling what is remembered",
  rememberFact: "remembering something",
  forgetMemory: "forgetting something",
};

const titled = (titles: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(titles, name) ? titles[name]! : name;

/** "the Task Manager", in the middle of a sentence. A name that no agent of the crew has stays as it is. */
export const agentTitle = (name: string): string => titled(AGENTS, name);

/** The same where it stands alone, as in a list: "Task Manager". */
export const agentName = (name: string): string => agentTitle(name).replace(/^the /, "");

/** "running a command", in the middle of a sentence. */
export const toolTitle = (name: string): string => titled(TOOLS, name);
