/**
 * Workflows started by the clock. One row a schedule, one scheduled call for its next moment:
 *
 *   armed (nextAt) -> due -> one run, armed for the next moment after now ... -> gone with its workflow
 *
 * After downtime the call that was missed comes once, and the next moment is counted from then: a backlog is one run.
 */

import { makeFunctionReference } from "convex/server";
import type { Schedule } from "../../src/contract/workflow.ts";
import type { Definition, Json } from "../../src/flow/definition.ts";
import { CRON_REMEDY, type CronSpec, cronProblem, nextDue, ZONE_REMEDY, zoneProblem } from "../../src/flow/schedule.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { fail } from "./errors.ts";
import { toJsonText } from "./json.ts";
import type { Acting } from "./people.ts";

const MAX_OF_ONE = 50;
const fireReference = makeFunctionReference<"mutation", { scheduleId: Id<"schedules">; due: number }, null>(
  "schedules:fire",
);

/** The definition's own schedule, in place of the one that an earlier version had. `personId` null: nobody it could act as. */
export async function installSchedule(
  ctx: MutationCtx,
  definition: Definition,
  personId: Id<"people"> | null,
): Promise<void> {
  for (const row of await schedulesOf(ctx, definition.name)) if (row.origin === "file") await drop(ctx, row);
  const { schedule, name } = definition;
  if (schedule === null || personId === null) return;
  const { cron, timeZone, input } = schedule;
  await insert(ctx, { workflow: name, origin: "file", cron, timeZone, input, personId });
}

/** The caller has seen that the workflow can run unattended with this input. */
export async function addSchedule(
  ctx: MutationCtx,
  given: CronSpec & { workflow: string; input: Json; acting: Acting },
): Promise<Doc<"schedules">> {
  const { workflow, cron, timeZone, input, acting } = given;
  const noZone = zoneProblem(timeZone);
  if (noZone !== null) fail("invalid_input", noZone, { field: "timeZone", remedy: ZONE_REMEDY });
  const noCron = cronProblem({ cron, timeZone });
  if (noCron !== null) fail("invalid_input", noCron, { field: "cron", remedy: CRON_REMEDY });
  if ((await schedulesOf(ctx, workflow)).length >= MAX_OF_ONE) {
    fail("limit_reached", `${workflow} has ${MAX_OF_ONE} schedules already`, { field: "workflow" });
  }
  const personId = acting.person._id;
  const row = await insert(ctx, { workflow, origin: "command", cron, timeZone, input, personId });
  await note(ctx, row, acting, "workflow.scheduled");
  return row;
}

export async function removeSchedule(ctx: MutationCtx, scheduleId: string, acting: Acting): Promise<Doc<"schedules">> {
  const id = ctx.db.normalizeId("schedules", scheduleId);
  const row = id === null ? null : await ctx.db.get("schedules", id);
  if (row === null) {
    fail("not_found", `there is no schedule "${scheduleId}"`, { remedy: "factory workflow list shows them" });
  }
  await drop(ctx, row);
  await note(ctx, row, acting, "workflow.unscheduled");
  return row;
}

/** The workflow is not offered any more. */
export async function retireSchedules(ctx: MutationCtx, workflow: string): Promise<void> {
  for (const row of await schedulesOf(ctx, workflow)) await drop(ctx, row);
}

export async function schedulesOf(ctx: QueryCtx, workflow: string): Promise<Doc<"schedules">[]> {
  return await ctx.db
    .query("schedules")
    .withIndex("by_workflow", (q) => q.eq("workflow", workflow))
    .take(2 * MAX_OF_ONE);
}

export const viewSchedule = (row: Doc<"schedules">): Schedule => ({
  scheduleId: row._id,
  workflow: row.workflow,
  origin: row.origin,
  cron: row.cron,
  timeZone: row.timeZone,
  input: row.input,
  nextAt: row.nextAt,
  lastAt: row.lastAt,
  lastRunId: row.lastRunId,
  lastError: row.lastError,
});

type NewSchedule = CronSpec & {
  workflow: string;
  origin: "file" | "command";
  input: Json;
  personId: Id<"people">;
};

async function insert(ctx: MutationCtx, { input, ...fields }: NewSchedule): Promise<Doc<"schedules">> {
  const scheduleId = await ctx.db.insert("schedules", {
    ...fields,
    input: toJsonText(input ?? {}, "input"),
    createdAt: Date.now(),
    nextAt: null,
    scheduledId: null,
    lastAt: null,
    lastRunId: null,
    lastError: null,
  });
  await arm(ctx, (await ctx.db.get("schedules", scheduleId))!);
  return (await ctx.db.get("schedules", scheduleId))!;
}

/** For the next moment after now. */
export async function arm(ctx: MutationCtx, row: Doc<"schedules">): Promise<void> {
  const nextAt = nextDue(row, Date.now());
  const scheduledId =
    nextAt === null ? null : await ctx.scheduler.runAt(nextAt, fireReference, { scheduleId: row._id, due: nextAt });
  await ctx.db.patch("schedules", row._id, { nextAt, scheduledId });
}

async function drop(ctx: MutationCtx, row: Doc<"schedules">): Promise<void> {
  if (row.scheduledId !== null) await ctx.scheduler.cancel(row.scheduledId);
  await ctx.db.delete("schedules", row._id);
}

async function note(ctx: MutationCtx, row: Doc<"schedules">, acting: Acting, kind: string): Promise<void> {
  await record(ctx, {
    subject: `workflow:${row.workflow}`,
    kind,
    ...doneBy(acting),
    detail: { scheduleId: row._id, cron: row.cron, timeZone: row.timeZone },
  });
}
