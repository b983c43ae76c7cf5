/**
 * Events from outside. Each is taken once, by its key, and goes two ways: to the definitions whose `hook` it is, a run each, and to
 * the runs that wait for an event of that name. What one of them makes of it never keeps it from the others.
 */

import { makeFunctionReference } from "convex/server";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { HookTaken } from "../../src/contract/hook.ts";
import type { Json } from "../../src/flow/definition.ts";
import { eventKeyOf } from "../../src/flow/hook.ts";
import { HOOK_NAME } from "../../src/flow/hook_name.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { BY_ITSELF, record } from "./audit.ts";
import { fail } from "./errors.ts";
import { parseJson, toJsonText } from "./json.ts";
import { signal } from "./signals.ts";
import { tellOperators } from "./tell_operators.ts";

/** A variable's own limit is higher: an event that was taken can always be kept. */
export const MAX_HOOK_BYTES = 256 * 1024;
const MAX_STARTED = 20;
/** Runs resumed in one transaction; the others go on in the next. */
const BATCH = 50;
const KEPT_MS = 7 * 24 * 3600_000;
const SWEPT = 500;

const startReference = makeFunctionReference<
  "mutation",
  { eventId: Id<"hookEvents">; workflowId: Id<"workflows"> },
  Id<"runs"> | null
>("hooks:startOne");
const resumeReference = makeFunctionReference<"mutation", { eventId: Id<"hookEvents">; after: number }, null>(
  "hooks:resumeMore",
);

/** `key` says which event it is; `name` and `body` are what the sender signed. Throws, changing nothing, what is not JSON or too large. */
export async function takeEvent(
  ctx: MutationCtx,
  { name, key, body: text, eventId: sent }: { name: string; key: string; body: string; eventId?: string },
): Promise<HookTaken> {
  if (!HOOK_NAME.test(name)) fail("invalid_input", `"${name.slice(0, 64)}" cannot be a hook's name`, { field: "name" });
  const before = await ctx.db
    .query("hookEvents")
    .withIndex("by_key", (q) => q.eq("key", `${name}/${key}`))
    .unique();
  if (before !== null) return view(before, true);
  const same =
    sent === undefined
      ? null
      : await ctx.db
          .query("hookEvents")
          .withIndex("by_name_and_eventId", (q) => q.eq("name", name).eq("eventId", sent))
          .first();
  if (same !== null) return view(same, true);
  const body = parseJson(text, "body", MAX_HOOK_BYTES);
  const eventId = await ctx.db.insert("hookEvents", {
    name,
    key: `${name}/${key}`,
    eventId: sent ?? null,
    body: toJsonText(body, "body", 2 * MAX_HOOK_BYTES),
    eventKey: eventKeyOf(body),
    started: [],
    refused: 0,
    resumed: 0,
    done: false,
  });
  await startAll(ctx, eventId, name);
  await resumeWaiting(ctx, eventId, 0);
  const taken = (await ctx.db.get("hookEvents", eventId))!;
  await record(ctx, {
    subject: `hook:${name}`,
    kind: "hook.received",
    ...BY_ITSELF,
    detail: { eventId, started: taken.started, refused: taken.refused, resumed: taken.resumed },
  });
  return view(taken, false);
}

const view = (row: Doc<"hookEvents">, duplicate: boolean): HookTaken => ({
  eventId: row._id,
  duplicate,
  started: row.started,
  refused: row.refused,
  resumed: row.resumed,
});

async function startAll(ctx: MutationCtx, eventId: Id<"hookEvents">, name: string): Promise<void> {
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_hook", (q) => q.eq("latest", true).eq("hook", name))
    .take(MAX_STARTED);
  const started: Id<"runs">[] = [];
  let refused = 0;
  for (const row of rows) {
    try {
      const runId = await ctx.runMutation(startReference, { eventId, workflowId: row._id });
      if (runId !== null) started.push(runId);
    } catch (thrown) {
      refused++;
      const why = toErrorInfo(thrown).message.slice(0, 500);
      await tellOperators(
        ctx,
        `hook:${eventId}:${row.name}`,
        `The hook ${name} could not start **${row.name}**: ${why}.`,
      );
    }
  }
  await ctx.db.patch("hookEvents", eventId, { started, refused });
}

/** Runs that wait since before the event came, oldest first. `after`: creation time of the last one that was looked at. */
export async function resumeWaiting(ctx: MutationCtx, eventId: Id<"hookEvents">, after: number): Promise<void> {
  const event = await ctx.db.get("hookEvents", eventId);
  if (event === null || event.done) return;
  const waiting = async (eventKey: string | null) =>
    await ctx.db
      .query("eventWaits")
      .withIndex("by_name_and_eventKey_and_open", (q) =>
        q
          .eq("name", event.name)
          .eq("eventKey", eventKey)
          .eq("open", true)
          .gt("_creationTime", after)
          .lt("_creationTime", event._creationTime),
      )
      .take(BATCH);
  const found = [...(await waiting(null)), ...(event.eventKey === null ? [] : await waiting(event.eventKey))]
    .sort((a, b) => a._creationTime - b._creationTime)
    .slice(0, BATCH);
  let { resumed } = event;
  const payload = JSON.parse(event.body) as Json;
  for (const wait of found) {
    if (await signal(ctx, wait.runId, wait.waitId, { kind: "event", payload })) resumed++;
  }
  const last = found.at(-1);
  const more = found.length === BATCH && last !== undefined;
  await ctx.db.patch("hookEvents", eventId, more ? { resumed } : { resumed, done: true, body: "null" });
  if (more) await ctx.scheduler.runAfter(0, resumeReference, { eventId, after: last._creationTime });
}

/** What is older than any sender repeats. */
export async function sweepEvents(ctx: MutationCtx): Promise<number> {
  const old = await ctx.db
    .query("hookEvents")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", Date.now() - KEPT_MS))
    .take(SWEPT);
  for (const row of old) await ctx.db.delete("hookEvents", row._id);
  return old.length;
}
