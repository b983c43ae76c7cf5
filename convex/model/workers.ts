/**
 * Tasks in the hands of the Factory Worker. One worker a task: a conversation of its own, a worktree of its own on the branch
 * `factory/T7`. What it may do it may do for that task only; when its turn ends the task goes to review, and a person looks at the branch.
 */
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import type { Call, Serving } from "../agents/tools/define.ts";
import { doneBy, record } from "./audit.ts";
import { startCrewTurn } from "./crew_turns.ts";
import { fail } from "./errors.ts";
import { canRunCommands } from "./functions.ts";
import type { Acting } from "./people.ts";
import { assignTask, demandTask, type TaskView, transitionTask } from "./tasks.ts";
import { tellTeam } from "./team_places.ts";
import { actingOf } from "./tool_calls.ts";
import { age, shorten } from "./words.ts";

export const WORKER = "factoryWorker";
const MAX_MACHINES = 100;
const MAX_REPORT = 3000;

export const branchOf = (task: string): string => `factory/${task}`;
const labelOf = (task: Doc<"tasks">): string => `T${task.number}`;

export async function workerOfTask(ctx: QueryCtx, taskId: Id<"tasks">): Promise<Doc<"workers"> | null> {
  return await ctx.db
    .query("workers")
    .withIndex("by_taskId", (q) => q.eq("taskId", taskId))
    .unique();
}

/** Throws when no machine of any gateway can run commands. */
export async function demandMachine(ctx: QueryCtx): Promise<void> {
  if (canRunCommands(await ctx.db.query("machines").take(MAX_MACHINES))) return;
  fail("platform_unavailable", "commands cannot be run here: no machine has a workspace and a sandbox", {
    remedy:
      "set FACTORY_WORKSPACE and install bubblewrap or docker, then restart the bot; factory doctor says what is missing",
    retryable: false,
  });
}

/** What refuses to give a task to a worker, before anybody is asked. */
export async function demandDispatchable(ctx: QueryCtx, reference: string): Promise<Doc<"tasks">> {
  const task = await demandTask(ctx, reference);
  const label = labelOf(task);
  if (task.status === "COMPLETE") {
    fail("conflict", `${label} is COMPLETE`, { field: "task", remedy: "create a new task for further work" });
  }
  const worker = await workerOfTask(ctx, task._id);
  if (worker?.status === "working") {
    const begun = age(Date.now() - worker.startedAt);
    fail("conflict", `${label} has a worker already, for ${worker.startedBy}, begun ${begun}`, {
      field: "task",
      remedy: `it reports to the engineering channel, and its work is on ${branchOf(label)}; wait until it has ended`,
    });
  }
  await demandMachine(ctx);
  return task;
}

export interface Dispatched {
  task: TaskView;
  worker: string;
  branch: string;
  reportsTo: string[];
}

/** The task becomes the worker's and IN_PROGRESS, and the worker begins. Given out again after it ended, the same conversation goes on. */
export async function dispatch(
  ctx: MutationCtx,
  { acting, turn }: Call,
  args: { task: string; instructions: string },
): Promise<Dispatched> {
  const task = await demandDispatchable(ctx, args.task);
  const label = labelOf(task);
  const before = await workerOfTask(ctx, task._id);
  const view = await toProgress(ctx, acting, task);
  const turnId = await startCrewTurn(ctx, {
    agent: WORKER,
    turn,
    key: `worker:${label}`,
    prompt: promptOf(view, args.instructions),
    onEnd: "workers:ended",
  });
  const { conversationId, personId } = (await ctx.db.get("turns", turnId))!;
  const round = {
    status: "working" as const,
    ...{ turnId, conversationId, personId, startedBy: acting.shown, startedAt: Date.now(), endedAt: null },
  };
  if (before === null)
    await ctx.db.insert("workers", { taskId: task._id, task: label, ...round, rounds: 1, branch: null, diffstat: "" });
  else await ctx.db.patch("workers", before._id, { ...round, rounds: before.rounds + 1 });
  await record(ctx, {
    subject: `task:${task._id}`,
    kind: "task.dispatched",
    ...doneBy(acting),
    detail: { task: label, agent: WORKER, turnId },
  });
  const text = `**${label}** "${view.title}" is with the Factory Worker now, for ${acting.shown}: ${shorten(args.instructions, 300)}`;
  const places = await tellTeam(ctx, "engineering", `worker:${turnId}:begun`, text);
  return { task: view, worker: WORKER, branch: branchOf(label), reportsTo: places };
}

/** Whatever open status it is in: the moves that lead to IN_PROGRESS, each on the record. */
async function toProgress(ctx: MutationCtx, acting: Acting, task: Doc<"tasks">): Promise<TaskView> {
  const label = labelOf(task);
  if (task.status === "BLOCKED") {
    const back = task.blockedFrom ?? "BACKLOG";
    await transitionTask(ctx, acting, { task: label, status: back, reason: "given to the Factory Worker again" });
  }
  const view = await assignTask(ctx, acting, { task: label, assignee: WORKER });
  if (view.status === "IN_PROGRESS") return view;
  return await transitionTask(ctx, acting, { task: label, status: "IN_PROGRESS" });
}

/** What others wrote about the task is quoted: the worker does what it is asked, not what a title says. */
function promptOf(task: TaskView, instructions: string): string {
  const about = [`its title: ${JSON.stringify(task.title)}`];
  if (task.description !== null) about.push(`its description: ${JSON.stringify(task.description)}`);
  return `${instructions.trim()}\n\n(This is about your task ${task.task}; ${about.join("; ")}.)`;
}

// ---- what a worker does --------------------------------------------------------------------------------------------------------

/** The one task of the worker whose turn this is. Naming another one is out of its scope, and refused. */
export async function ownTask(
  ctx: QueryCtx,
  { turn }: Pick<Serving, "turn">,
  named: string | undefined,
): Promise<{ worker: Doc<"workers">; task: Doc<"tasks">; label: string }> {
  const worker = await ctx.db
    .query("workers")
    .withIndex("by_conversationId", (q) => q.eq("conversationId", turn.conversationId))
    .unique();
  const task = worker === null ? null : await ctx.db.get("tasks", worker.taskId);
  if (worker === null || task === null) {
    fail("forbidden", "this conversation has no task to work on", {
      remedy: "give a task to the Factory Worker first",
    });
  }
  const label = labelOf(task);
  if (named !== undefined && named.trim().toUpperCase() !== label) {
    fail("forbidden", `you work on ${label}; ${named.trim().slice(0, 40)} is not yours`, {
      field: "task",
      remedy: `stay with ${label}; what else you noticed belongs in a report`,
    });
  }
  return { worker, task, label };
}

/** Throws when the task is not in work any more: somebody took it back, or it waits for help. */
export async function demandInWork(ctx: QueryCtx, serving: Serving, named: string | undefined): Promise<void> {
  const { task, label } = await ownTask(ctx, serving, named);
  if (task.assignee !== WORKER) fail("forbidden", `${label} is with ${task.assignee ?? "nobody"} now, not with you`);
  if (task.status !== "IN_PROGRESS") {
    fail("conflict", `${label} is ${task.status}; commands are run while it is IN_PROGRESS`, {
      remedy: "end your work with a short summary",
    });
  }
}

/** Said in the engineering channel, under the worker's name. */
export async function report(ctx: MutationCtx, call: Call, input: { text: string; task?: string | undefined }) {
  const { label, task } = await ownTask(ctx, call, input.task);
  const text = `**${label}** ${task.title} · Factory Worker: ${clipped(input.text)}`;
  const saidIn = await tellTeam(ctx, "engineering", keyOf(call), text);
  return { saidIn, status: "underWay" };
}

/** Asks the support channel; the task is BLOCKED until somebody gives it out again. */
export async function askForHelp(ctx: MutationCtx, call: Call, input: { problem: string; task?: string | undefined }) {
  const { label, task } = await ownTask(ctx, call, input.task);
  const problem = clipped(input.problem);
  if (task.status !== "BLOCKED")
    await transitionTask(ctx, call.acting, { task: label, status: "BLOCKED", reason: shorten(problem, 300) });
  const text = `**${label}** ${task.title} · the Factory Worker needs help: ${problem}\nWhen it can go on, have the worker continue ${label}, and say how.`;
  const askedIn = await tellTeam(ctx, "support", keyOf(call), text);
  return { task: label, status: "BLOCKED", askedIn };
}

/** A worker hands its work to a review; that it is complete, people say. */
export async function moveOwnTask(
  ctx: MutationCtx,
  call: Call,
  input: { status: string; reason?: string | undefined; task?: string | undefined },
) {
  const { label } = await ownTask(ctx, call, input.task);
  if (input.status === "COMPLETE") {
    fail("forbidden", `that ${label} is complete is for a person to say, after review`, {
      field: "status",
      remedy: "IN_REVIEW is as far as you can move it",
    });
  }
  const reason = input.reason === undefined ? {} : { reason: input.reason };
  return { task: await transitionTask(ctx, call.acting, { task: label, status: input.status, ...reason }) };
}

// ---- what comes of it ----------------------------------------------------------------------------------------------------------

/** `worker` null: nobody's turn, or somebody else's. */
async function workerOf(ctx: MutationCtx, turnId: Id<"turns">) {
  const turn = await ctx.db.get("turns", turnId);
  if (turn === null) return { turn, worker: null };
  const worker = await ctx.db
    .query("workers")
    .withIndex("by_conversationId", (q) => q.eq("conversationId", turn.conversationId))
    .unique();
  return { turn, worker };
}

/** What a machine saw of the branch after a command. */
export async function noteChanges(
  ctx: MutationCtx,
  turnId: Id<"turns">,
  changes: { branch: string | null; diffstat: string },
): Promise<void> {
  const { worker } = await workerOf(ctx, turnId);
  if (worker === null || worker.task !== (changes.branch?.replace(/^factory\//, "") ?? worker.task)) return;
  await ctx.db.patch("workers", worker._id, { branch: changes.branch, diffstat: changes.diffstat.slice(0, 4000) });
}

/** The worker's turn is over, once: the result is told, and the task goes to review; when it broke off, the task is blocked. */
export async function ended(ctx: MutationCtx, turnId: Id<"turns">, result: string): Promise<void> {
  const { turn, worker } = await workerOf(ctx, turnId);
  if (turn === null || worker === null || worker.status !== "working") return;
  const task = await ctx.db.get("tasks", worker.taskId);
  await ctx.db.patch("workers", worker._id, { status: "ended", endedAt: Date.now() });
  if (task === null) return;
  const told = JSON.parse(result) as { text?: string; error?: { message?: string } };
  const broke = told.text === undefined ? (told.error?.message ?? "its turn broke off") : null;
  const mine = task.assignee === WORKER && task.status === "IN_PROGRESS";
  const moved = mine ? await tryMove(ctx, turn, worker.task, broke) : null;
  const where =
    worker.branch === null
      ? "Nothing was changed."
      : `Branch \`${worker.branch}\`:\n\`\`\`\n${fenced(worker.diffstat)}\n\`\`\``;
  const now = moved === null ? `It is ${task.status}.` : `It is ${moved} now.`;
  const text =
    broke === null
      ? `**${worker.task}** ${task.title} · the Factory Worker has ended: ${clipped(told.text ?? "")}\n${where}\n${now}`
      : `**${worker.task}** ${task.title} · the Factory Worker broke off: ${shorten(broke, 500)}\n${where}\n${now}`;
  const key = `worker:${turn._id}:ended`;
  await tellTeam(ctx, "engineering", key, text);
  if (broke !== null) await tellTeam(ctx, "support", `${key}:help`, text);
}

/** The status it has now; null: it could not be moved, for example because its person may not any more. */
async function tryMove(
  ctx: MutationCtx,
  turn: Doc<"turns">,
  task: string,
  broke: string | null,
): Promise<string | null> {
  try {
    const acting = await actingOf(ctx, turn);
    const to = broke === null ? { status: "IN_REVIEW" } : { status: "BLOCKED", reason: shorten(broke, 300) };
    return (await transitionTask(ctx, acting, { task, ...to })).status;
  } catch (thrown) {
    console.warn(`${task} could not be moved when its worker ended: ${toErrorInfo(thrown).message}`);
    return null;
  }
}

/** Names of files are chosen in there: none ends the block that it stands in. */
const fenced = (text: string): string => text.replaceAll("```", "'''").replace(/\s+$/, "");

const keyOf = ({ turn, toolCallId }: Call): string => `tool:${turn._id}:${toolCallId}`;

const clipped = (text: string): string => {
  const trimmed = text.trim();
  return trimmed.length <= MAX_REPORT ? trimmed : `${trimmed.slice(0, MAX_REPORT)} …`;
};
