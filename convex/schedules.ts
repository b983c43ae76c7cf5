import { v } from "convex/values";
import { toErrorInfo } from "../src/contract/errors.ts";
import type { Schedule } from "../src/contract/workflow.ts";
import { internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { compileDefinition } from "./model/compile.ts";
import { fail } from "./model/errors.ts";
import { demandInput } from "./model/inputs.ts";
import { parseJson } from "./model/json.ts";
import { resolveActor } from "./model/people.ts";
import { actingForSystem } from "./model/performers.ts";
import { demand } from "./model/rights.ts";
import { startRun } from "./model/runs.ts";
import * as schedules from "./model/schedules.ts";
import { tellOperators } from "./model/tell_operators.ts";
import { vActor } from "./model/validators.ts";
import { demandLatest } from "./model/workflows.ts";

const MAX_LISTED = 500;
/** A schedule that is overdue by so much has lost its call. */
const LOST_AFTER_MS = 5 * 60_000;

/** Refused for a workflow that would ask whoever started it: nobody does. */
export const add = gatewayMutation({
  args: { actor: vActor, workflow: v.string(), cron: v.string(), timeZone: v.string(), input: v.string() },
  handler: async (ctx, { actor, workflow, cron, timeZone, input }): Promise<Schedule> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "workflows.manage");
    const row = await demandLatest(ctx, workflow);
    const { definition } = await compileDefinition(ctx, row.source, row.file, { unattended: true });
    const checked = demandInput(definition, parseJson(input, "input"));
    return schedules.viewSchedule(
      await schedules.addSchedule(ctx, { workflow: row.name, cron, timeZone, input: checked, acting }),
    );
  },
});

export const remove = gatewayMutation({
  args: { actor: vActor, scheduleId: v.string() },
  handler: async (ctx, { actor, scheduleId }): Promise<Schedule> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "workflows.manage");
    return schedules.viewSchedule(await schedules.removeSchedule(ctx, scheduleId, acting));
  },
});

/** Next due first. */
export const list = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<Schedule[]> =>
    (await ctx.db.query("schedules").withIndex("by_nextAt").take(MAX_LISTED)).map(schedules.viewSchedule),
});

/** The clock's call. One that was replaced meanwhile, or comes twice, finds another moment in the row and does nothing. */
export const fire = internalMutation({
  args: { scheduleId: v.id("schedules"), due: v.number() },
  handler: async (ctx, { scheduleId, due }): Promise<null> => {
    const row = await ctx.db.get("schedules", scheduleId);
    if (row === null || row.nextAt !== due) return null;
    let lastRunId: Id<"runs"> | null = null;
    let lastError: string | null = null;
    try {
      // A part of its own: what is refused leaves nothing, and the schedule goes on.
      lastRunId = await ctx.runMutation(internal.schedules.startDue, { scheduleId, due });
    } catch (thrown) {
      lastError = toErrorInfo(thrown).message.slice(0, 1000);
      await tellOperators(
        ctx,
        `schedule:${scheduleId}:${due}`,
        `The schedule of **${row.workflow}** could not start it: ${lastError}. It is tried again at its next time; factory workflow unschedule ${scheduleId} ends it.`,
      );
    }
    await ctx.db.patch("schedules", scheduleId, { lastAt: Date.now(), lastRunId, lastError });
    await schedules.arm(ctx, row);
    return null;
  },
});

export const startDue = internalMutation({
  args: { scheduleId: v.id("schedules"), due: v.number() },
  handler: async (ctx, { scheduleId, due }): Promise<Id<"runs">> => {
    const row = (await ctx.db.get("schedules", scheduleId))!;
    const person = await ctx.db.get("people", row.personId);
    if (person === null) fail("not_found", "the person it acts for is gone");
    const run = await startRun(ctx, {
      acting: actingForSystem(person),
      workflow: row.workflow,
      definition: null,
      input: row.input,
      title: null,
      origin: null,
      requestKey: `schedule:${scheduleId}:${due}`,
    });
    return run._id;
  },
});

/** A call that got lost (a deployment that failed at that moment) must not end a schedule for ever. */
export const mend = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    const lost = await ctx.db
      .query("schedules")
      .withIndex("by_nextAt", (q) => q.gt("nextAt", 0).lt("nextAt", Date.now() - LOST_AFTER_MS))
      .take(MAX_LISTED);
    for (const row of lost) {
      if (row.nextAt !== null) {
        await ctx.scheduler.runAfter(0, internal.schedules.fire, { scheduleId: row._id, due: row.nextAt });
      }
    }
    return null;
  },
});
