/** Events from outside, as the gateway brings them: it has checked the signature and the time. */

import { v } from "convex/values";
import type { HookTaken } from "../src/contract/hook.ts";
import type { Json } from "../src/flow/definition.ts";
import { hookInput, hookWants } from "../src/flow/hook.ts";
import { internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation } from "./access.ts";
import { definitionOf } from "./model/definitions.ts";
import { fail } from "./model/errors.ts";
import * as hooks from "./model/hooks.ts";
import { toJsonText } from "./model/json.ts";
import { asConvexError } from "./model/people.ts";
import { actingForSystem } from "./model/performers.ts";
import { startRun } from "./model/runs.ts";

/** The same `key` again, or the same `eventId`, changes nothing and says so. */
export const receive = gatewayMutation({
  args: { name: v.string(), key: v.string(), body: v.string(), eventId: v.optional(v.string()) },
  handler: async (ctx, event): Promise<HookTaken> => await hooks.takeEvent(ctx, event),
});

/** Null: the definition's condition does not hold of this event. */
export const startOne = internalMutation({
  args: { eventId: v.id("hookEvents"), workflowId: v.id("workflows") },
  handler: async (ctx, { eventId, workflowId }): Promise<Id<"runs"> | null> => {
    const event = (await ctx.db.get("hookEvents", eventId))!;
    const row = (await ctx.db.get("workflows", workflowId))!;
    const { hook } = definitionOf(row);
    const body = JSON.parse(event.body) as Json;
    if (hook === undefined || !asConvexError(() => hookWants(hook, body))) return null;
    const person = row.createdById === undefined ? null : await ctx.db.get("people", row.createdById);
    if (person === null) fail("not_found", "the person it acts for is gone", { remedy: "create the workflow again" });
    const run = await startRun(ctx, {
      acting: actingForSystem(person),
      workflow: row.name,
      definition: null,
      input: toJsonText(
        asConvexError(() => hookInput(hook, body)),
        "input",
      ),
      title: null,
      origin: null,
      requestKey: `hook:${eventId}:${row.name}`,
    });
    return run._id;
  },
});

export const resumeMore = internalMutation({
  args: { eventId: v.id("hookEvents"), after: v.number() },
  handler: async (ctx, { eventId, after }): Promise<null> => {
    await hooks.resumeWaiting(ctx, eventId, after);
    return null;
  },
});

export const sweep = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    if ((await hooks.sweepEvents(ctx)) > 0) await ctx.scheduler.runAfter(1000, internal.hooks.sweep, {});
    return null;
  },
});
