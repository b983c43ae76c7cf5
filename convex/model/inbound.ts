/**
 * A platform event, stored once and then routed in the same transaction. Routing runs in a mutation of its own: when it fails, what
 * it wrote is gone, and the event is kept and tried again. A refusal that a person can act on is not a failure but the reply.
 *
 *   pending -> routed | failed (given up after the last retry; the sender is told)
 */
import { type ErrorInfo, toErrorInfo } from "../../src/contract/errors.ts";
import { type InboundEvent, type StoredInbound, zInboundEvent } from "../../src/contract/inbound.ts";
import { internal } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { parseJson } from "./json.ts";
import { sayText } from "./outbox.ts";
import { sentence } from "./words.ts";

/** After these waits the sender is told that it did not work. */
const RETRY_AFTER_MS = [1000, 5000, 30_000, 120_000];

export function parseEvent(text: string): InboundEvent {
  const parsed = zInboundEvent.safeParse(parseJson(text, "event"));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = ["event", ...(issue?.path ?? [])].join(".");
    fail("invalid_input", `${field}: ${issue?.message ?? "is not an event"}`, { field });
  }
  return parsed.data;
}

export async function receive(ctx: MutationCtx, event: InboundEvent): Promise<StoredInbound> {
  const before = (await byEventId(ctx, event)) ?? (await byMessageId(ctx, event));
  if (before !== null) return { stored: false, inboundId: before._id };
  if (await wasSpent(ctx, event)) return { stored: false, inboundId: event.eventId };
  const inboundId = await ctx.db.insert("inbound", {
    channel: event.channel,
    eventId: event.eventId,
    place: event.place,
    messageId: event.kind === "message" ? event.messageId : null,
    kind: event.kind,
    event: JSON.stringify(event),
    sentAt: event.sentAt,
    status: "pending",
    route: null,
    attempts: 0,
    error: null,
  });
  await tryRoute(ctx, inboundId);
  return { stored: true, inboundId };
}

/** Routes a pending event. Never throws. */
export async function tryRoute(ctx: MutationCtx, inboundId: Id<"inbound">): Promise<void> {
  const row = await ctx.db.get("inbound", inboundId);
  if (row === null || row.status !== "pending") return;
  let error: ErrorInfo;
  try {
    const route = await ctx.runMutation(internal.inbound.route, { inboundId });
    if (route === "notAddressed") {
      // What people say to one another is not kept.
      await ctx.db.delete("inbound", inboundId);
      return;
    }
    await ctx.db.patch("inbound", inboundId, { status: "routed", route, error: null });
    return;
  } catch (thrown) {
    error = toErrorInfo(thrown);
    if (error.code === "internal") console.error("routing an event failed", thrown);
  }
  if (error.code === "internal") await retryLater(ctx, row, error);
  else {
    await tell(ctx, row, `${sentence(error.message)}${error.remedy === null ? "" : ` ${sentence(error.remedy)}`}`);
    await ctx.db.patch("inbound", inboundId, { status: "routed", route: "refused", error: JSON.stringify(error) });
  }
}

async function retryLater(ctx: MutationCtx, row: Doc<"inbound">, error: ErrorInfo): Promise<void> {
  const wait = RETRY_AFTER_MS[row.attempts];
  const attempts = row.attempts + 1;
  if (wait === undefined) {
    await tell(ctx, row, "Something went wrong here and your message was not handled. Please send it again later.");
    await ctx.db.patch("inbound", row._id, { status: "failed", attempts, error: JSON.stringify(error) });
    return;
  }
  await ctx.db.patch("inbound", row._id, { attempts, error: JSON.stringify(error) });
  await ctx.scheduler.runAfter(wait, internal.inbound.retry, { inboundId: row._id });
}

async function tell(ctx: MutationCtx, row: Doc<"inbound">, text: string): Promise<void> {
  const event = JSON.parse(row.event) as InboundEvent;
  await sayText(ctx, {
    channel: row.channel,
    place: row.place,
    key: `inbound:${row._id}`,
    text,
    onlyTo: event.private ? null : event.sender.handle,
  });
}

async function byEventId(ctx: QueryCtx, event: InboundEvent): Promise<Doc<"inbound"> | null> {
  return await ctx.db
    .query("inbound")
    .withIndex("by_channel_and_eventId", (q) => q.eq("channel", event.channel).eq("eventId", event.eventId))
    .first();
}

async function byMessageId(ctx: QueryCtx, event: InboundEvent): Promise<Doc<"inbound"> | null> {
  if (event.kind !== "message") return null;
  return await ctx.db
    .query("inbound")
    .withIndex("by_channel_and_place_and_messageId", (q) =>
      q.eq("channel", event.channel).eq("place", event.place).eq("messageId", event.messageId),
    )
    .first();
}

/** The platform's time of the newest event stored from a channel (or one place of it); null: none was. */
export async function watermark(ctx: QueryCtx, channel: string, place: string | undefined): Promise<number | null> {
  const row =
    place === undefined
      ? await ctx.db
          .query("inbound")
          .withIndex("by_channel_and_sentAt", (q) => q.eq("channel", channel))
          .order("desc")
          .first()
      : await ctx.db
          .query("inbound")
          .withIndex("by_channel_and_place_and_sentAt", (q) => q.eq("channel", channel).eq("place", place))
          .order("desc")
          .first();
  return row?.sentAt ?? null;
}

/** Long enough for any platform's retries and for a gateway that was away over a holiday. */
const KEEP_MS = 30 * 24 * 3600 * 1000;
const SWEEP_BATCH = 200;
/** Channels whose signed requests stay valid for ever; of their events the key is kept. */
const REPLAYABLE: ReadonlySet<string> = new Set(["sms"]);

async function wasSpent(ctx: QueryCtx, { channel, eventId }: InboundEvent): Promise<boolean> {
  if (!REPLAYABLE.has(channel)) return false;
  const row = await ctx.db
    .query("inboundSpent")
    .withIndex("by_channel_and_eventId", (q) => q.eq("channel", channel).eq("eventId", eventId))
    .first();
  return row !== null;
}

/** Forgets events that no platform will send again. True: there are more. */
export async function sweep(ctx: MutationCtx): Promise<boolean> {
  const before = Date.now() - KEEP_MS;
  const old = await ctx.db
    .query("inbound")
    .withIndex("by_creation_time", (q) => q.lt("_creationTime", before))
    .take(SWEEP_BATCH);
  for (const row of old) {
    if (row.status === "pending") continue;
    const { channel, eventId } = row;
    if (REPLAYABLE.has(channel)) await ctx.db.insert("inboundSpent", { channel, eventId });
    await ctx.db.delete("inbound", row._id);
  }
  return old.length === SWEEP_BATCH && old.some((row) => row.status !== "pending");
}
