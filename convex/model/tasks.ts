/**
 * Factory tasks: made, assigned and moved on behalf of a person, with that person's rights, each change in the record.
 * People name a task `T7`. The first factory is made with the first task; projects are made by being named.
 */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import { type Acting, nameKeyOf, personByName } from "./people.ts";
import { demandProject, projectNamed, theFactory } from "./projects.ts";
import { demand } from "./rights.ts";
import { linksOf } from "./task_links.ts";
import { isLegalMove, legalMoves, parseTaskStatus, TASK_STATUSES, type TaskStatus } from "./task_machine.ts";

export const PRIORITIES = ["low", "medium", "high", "urgent"] as const;
export type Priority = (typeof PRIORITIES)[number];
/** Agents that a task can be given to by name. */
export const ASSIGNABLE_AGENTS = ["factoryWorker"] as const;
const MAX_TITLE = 200;
const MAX_DESCRIPTION = 10_000;
const MAX_LISTED = 50;
/** Counting reads rows: beyond this the answer is "at least". */
export const COUNT_LIMIT = 500;

export interface TaskView {
  task: string;
  title: string;
  status: TaskStatus;
  priority: Priority;
  assignee: string | null;
  project: string | null;
  description: string | null;
}

export interface NewTask {
  title: string;
  description?: string;
  project?: string;
  priority?: string;
  assignee?: string;
  tags?: string[];
  /** GitHub issues it comes from: `owner/name#12`, or their addresses. */
  issues?: string[];
  /** The agent that thought of it. Absent: the person did. */
  createdBy?: string;
}

export async function createTask(ctx: MutationCtx, acting: Acting, task: NewTask): Promise<TaskView> {
  demand(acting, "tasks.write");
  const title = task.title.trim().replace(/\s+/g, " ");
  if (title === "" || title.length > MAX_TITLE) {
    fail("invalid_input", `a task's title has 1 to ${MAX_TITLE} characters, this one has ${title.length}`, {
      field: "title",
      remedy: "put the details into the description",
    });
  }
  if ((task.description?.length ?? 0) > MAX_DESCRIPTION) {
    fail("too_large", `a task's description has at most ${MAX_DESCRIPTION} characters`, { field: "description" });
  }
  const priority = parsePriority(task.priority);
  const assignee = task.assignee === undefined ? null : await findAssignee(ctx, task.assignee);
  const factoryId = await theFactory(ctx);
  const last = await ctx.db
    .query("tasks")
    .withIndex("by_factoryId_and_number", (q) => q.eq("factoryId", factoryId))
    .order("desc")
    .first();
  const taskId = await ctx.db.insert("tasks", {
    number: (last?.number ?? 0) + 1,
    factoryId,
    projectId: task.project === undefined ? null : await projectNamed(ctx, factoryId, task.project),
    title,
    description: task.description?.trim() || null,
    priority,
    status: assignee === null ? "BACKLOG" : "ASSIGNED",
    blockedFrom: null,
    assignee: assignee?.name ?? null,
    assigneeType: assignee?.type ?? null,
    createdBy: task.createdBy ?? acting.shown,
    updatedAt: Date.now(),
    ...linksOf(task),
  });
  const row = (await ctx.db.get("tasks", taskId))!;
  await note(ctx, acting, row, "task.created", { title, priority, assignee: row.assignee });
  return await view(ctx, row);
}

/** Gives the task to a person or an agent. One in the backlog becomes ASSIGNED, any other open one keeps its status. */
export async function assignTask(
  ctx: MutationCtx,
  acting: Acting,
  args: { task: string; assignee: string },
): Promise<TaskView> {
  demand(acting, "tasks.write");
  const row = await demandTask(ctx, args.task);
  if (row.status === "COMPLETE") {
    fail("conflict", `${label(row)} is COMPLETE`, { remedy: "create a new task for further work" });
  }
  const assignee = await findAssignee(ctx, args.assignee);
  const status = row.status === "BACKLOG" ? "ASSIGNED" : row.status;
  await ctx.db.patch("tasks", row._id, {
    assignee: assignee.name,
    assigneeType: assignee.type,
    status,
    updatedAt: Date.now(),
  });
  await note(ctx, acting, row, "task.assigned", { from: row.assignee, to: assignee.name, status });
  return await view(ctx, (await ctx.db.get("tasks", row._id))!);
}

/** Refuses an illegal move by naming the legal ones. */
export async function transitionTask(
  ctx: MutationCtx,
  acting: Acting,
  args: { task: string; status: string; reason?: string },
): Promise<TaskView> {
  demand(acting, "tasks.write");
  const row = await demandTask(ctx, args.task);
  const to = demandStatus(args.status);
  if (!isLegalMove(row.status, row.blockedFrom, to)) {
    const legal = legalMoves(row.status, row.blockedFrom);
    fail("conflict", `${label(row)} is ${row.status} and cannot become ${to}`, {
      field: "status",
      remedy: legal.length === 0 ? "it is finished: create a new task" : `it can become ${legal.join(", ")}`,
    });
  }
  if (to === "ASSIGNED" && row.assignee === null) {
    fail("conflict", `${label(row)} has nobody to be assigned to`, {
      remedy: "say who shall do it",
      field: "assignee",
    });
  }
  await ctx.db.patch("tasks", row._id, {
    status: to,
    blockedFrom: to === "BLOCKED" ? row.status : null,
    ...(to === "BACKLOG" ? { assignee: null, assigneeType: null } : {}),
    updatedAt: Date.now(),
  });
  await note(ctx, acting, row, "task.moved", { from: row.status, to, reason: args.reason ?? null });
  return await view(ctx, (await ctx.db.get("tasks", row._id))!);
}

export interface TaskDetail extends TaskView {
  createdBy: string;
  createdAt: number;
  updatedAt: number;
  /** Where it may be moved from here. */
  next: readonly TaskStatus[];
  /** Oldest first. */
  history: { at: number; kind: string; person: string | null; detail: Record<string, unknown> }[];
}

const MAX_HISTORY = 100;

export async function showTask(ctx: QueryCtx, reference: string): Promise<TaskDetail> {
  const row = await demandTask(ctx, reference);
  const events = await ctx.db
    .query("audit")
    .withIndex("by_subject_and_seq", (q) => q.eq("subject", `task:${row._id}`))
    .order("desc")
    .take(MAX_HISTORY);
  return {
    ...(await view(ctx, row)),
    createdBy: row.createdBy,
    createdAt: row._creationTime,
    updatedAt: row.updatedAt,
    next: legalMoves(row.status, row.blockedFrom),
    history: events.reverse().map(({ at, kind, person, detail }) => ({
      ...{ at, kind, person },
      detail: JSON.parse(detail) as Record<string, unknown>,
    })),
  };
}

/** By number, newest last; at most 50. */
export async function listTasks(
  ctx: QueryCtx,
  filter: { status?: string; assignee?: string; project?: string },
): Promise<{ tasks: TaskView[]; more: boolean }> {
  const factory = await ctx.db.query("factories").first();
  if (factory === null) return { tasks: [], more: false };
  const status = filter.status === undefined ? null : demandStatus(filter.status);
  const rows =
    status === null
      ? await ctx.db
          .query("tasks")
          .withIndex("by_factoryId_and_number", (q) => q.eq("factoryId", factory._id))
          .order("desc")
          .take(COUNT_LIMIT)
      : await ctx.db
          .query("tasks")
          .withIndex("by_factoryId_and_status", (q) => q.eq("factoryId", factory._id).eq("status", status))
          .order("desc")
          .take(COUNT_LIMIT);
  const projectId = filter.project === undefined ? null : await findProject(ctx, filter.project);
  const assigneeKey = filter.assignee === undefined ? null : nameKeyOf(filter.assignee);
  const fitting = rows.filter(
    (row) =>
      (projectId === null || row.projectId === projectId) &&
      (assigneeKey === null || (row.assignee !== null && nameKeyOf(row.assignee) === assigneeKey)),
  );
  const shown = fitting.slice(0, MAX_LISTED).reverse();
  return {
    tasks: await Promise.all(shown.map((row) => view(ctx, row))),
    more: fitting.length > MAX_LISTED || rows.length === COUNT_LIMIT,
  };
}

/** How many tasks are in which status. Each count stops at COUNT_LIMIT. */
export async function projectStatus(
  ctx: QueryCtx,
  projectName: string | undefined,
): Promise<{ project: string | null; counts: Record<TaskStatus, number>; total: number }> {
  const factory = await ctx.db.query("factories").first();
  const counts = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as Record<TaskStatus, number>;
  if (factory === null) return { project: projectName ?? null, counts, total: 0 };
  const projectId = projectName === undefined ? null : await findProject(ctx, projectName);
  for (const status of TASK_STATUSES) {
    const rows =
      projectId === null
        ? await ctx.db
            .query("tasks")
            .withIndex("by_factoryId_and_status", (q) => q.eq("factoryId", factory._id).eq("status", status))
            .take(COUNT_LIMIT)
        : await ctx.db
            .query("tasks")
            .withIndex("by_projectId_and_status", (q) => q.eq("projectId", projectId).eq("status", status))
            .take(COUNT_LIMIT);
    counts[status] = rows.length;
  }
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { project: projectName ?? null, counts, total };
}

export async function demandTask(ctx: QueryCtx, reference: string): Promise<Doc<"tasks">> {
  const number = /^\s*(?:task\s*)?[t#]?\s*(\d{1,9})\s*$/i.exec(reference)?.[1];
  const factory = await ctx.db.query("factories").first();
  const row =
    number === undefined || factory === null
      ? null
      : await ctx.db
          .query("tasks")
          .withIndex("by_factoryId_and_number", (q) => q.eq("factoryId", factory._id).eq("number", Number(number)))
          .unique();
  if (row === null) {
    fail("not_found", `there is no task "${reference.trim()}"`, {
      field: "task",
      remedy: "tasks are named T1, T2, …; ask for the list of tasks",
    });
  }
  return row;
}

function demandStatus(text: string): TaskStatus {
  const status = parseTaskStatus(text);
  if (status === null) {
    fail("invalid_input", `"${text}" is not a status of a task`, {
      field: "status",
      remedy: `one of ${TASK_STATUSES.join(", ")}`,
    });
  }
  return status;
}

function parsePriority(text: string | undefined): Priority {
  if (text === undefined) return "medium";
  const priority = PRIORITIES.find((known) => known === text.trim().toLowerCase());
  if (priority === undefined) {
    fail("invalid_input", `"${text}" is not a priority`, {
      field: "priority",
      remedy: `one of ${PRIORITIES.join(", ")}`,
    });
  }
  return priority;
}

/** A person by name, or a known agent. Nobody is invented. */
async function findAssignee(ctx: QueryCtx, name: string): Promise<{ name: string; type: "human" | "agent" }> {
  const person = await personByName(ctx, name);
  if (person !== null) return { name: person.name, type: "human" };
  const key = nameKeyOf(name).replace(/[\s_-]+/g, "");
  const agent = ASSIGNABLE_AGENTS.find((known) => known.toLowerCase() === key);
  if (agent !== undefined) return { name: agent, type: "agent" };
  const people = (await ctx.db.query("people").take(10)).map((known) => known.name);
  fail("not_found", `nobody here is called "${name.trim()}"`, {
    field: "assignee",
    remedy: `known are ${[...people, ...ASSIGNABLE_AGENTS].join(", ")}; add a person with: factory people add NAME`,
  });
}

async function findProject(ctx: QueryCtx, name: string): Promise<Id<"projects">> {
  return (await demandProject(ctx, name))._id;
}

const label = (row: Doc<"tasks">): string => `T${row.number}`;

async function view(ctx: QueryCtx, row: Doc<"tasks">): Promise<TaskView> {
  const project = row.projectId === null ? null : await ctx.db.get("projects", row.projectId);
  return {
    task: label(row),
    title: row.title,
    status: row.status,
    priority: row.priority,
    assignee: row.assignee,
    project: project?.name ?? null,
    description: row.description,
  };
}

async function note(
  ctx: MutationCtx,
  acting: Acting,
  row: Doc<"tasks">,
  kind: string,
  detail: Record<string, unknown>,
): Promise<void> {
  await record(ctx, {
    subject: `task:${row._id}`,
    kind,
    ...doneBy(acting),
    detail: { task: label(row), ...detail },
  });
}
