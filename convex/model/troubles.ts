/** Trouble as rows, each told to the operators once and taken back when it is mended (O4). What is trouble: `watch.ts`. */
import type { OutMessage } from "../../src/contract/message.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { record } from "./audit.ts";
import { operatorPlaces } from "./operators.ts";
import { revise, sayText } from "./outbox.ts";
import { sentence } from "./words.ts";

export interface Trouble {
  /** Stable for the same trouble. */
  key: string;
  /** `Question "Ship it?" (4K…, run r1)` */
  what: string;
  cause: string;
  remedy: string;
  approvalId?: Id<"approvals"> | null;
  runId?: Id<"runs"> | null;
  deliveryId?: Id<"deliveries"> | null;
  jobId?: Id<"jobs"> | null;
  inboundId?: Id<"inbound"> | null;
  not?: string | null;
}

export async function troubleRow(
  ctx: QueryCtx,
  key: string,
  status: "suspected" | "open",
): Promise<Doc<"troubles"> | null> {
  return await ctx.db
    .query("troubles")
    .withIndex("by_key_and_status", (q) => q.eq("key", key).eq("status", status))
    .first();
}

/** Idempotent while it is open. */
export async function raise(ctx: MutationCtx, trouble: Trouble): Promise<void> {
  if ((await troubleRow(ctx, trouble.key, "open")) !== null) return;
  const suspected = await troubleRow(ctx, trouble.key, "suspected");
  const id = suspected?._id ?? (await ctx.db.insert("troubles", fieldsOf(trouble, "suspected")));
  await ctx.db.patch("troubles", id, { ...fieldsOf(trouble, "open"), since: suspected?.since ?? Date.now() });
  const row = (await ctx.db.get("troubles", id))!;
  console.error(troubleText(row));
  for (const { channel, place } of await operatorPlaces(ctx, trouble.not ?? null)) {
    await sayText(ctx, { channel, place, key: messageKey(row, place), text: troubleText(row) });
  }
  await note(ctx, row, "trouble.found");
}

/** Seen for the first time: it may be on its way. */
export async function suspect(ctx: MutationCtx, trouble: Trouble): Promise<void> {
  await ctx.db.insert("troubles", fieldsOf(trouble, "suspected"));
}

/** It goes on: the message says so too. */
export async function mend(ctx: MutationCtx, row: Doc<"troubles">): Promise<void> {
  if (row.status === "suspected") {
    await ctx.db.delete("troubles", row._id);
    return;
  }
  await ctx.db.patch("troubles", row._id, { status: "mended", mendedAt: Date.now() });
  const said = ctx.db.query("deliveries").withIndex("by_key", (q) => {
    const prefix = messageKey(row, "");
    return q.gte("key", prefix).lt("key", `${prefix}\uffff`);
  });
  for (const delivery of await said.take(20)) {
    const message = JSON.parse(delivery.message) as OutMessage;
    if (message.kind !== "text") continue;
    await revise(ctx, delivery._id, { ...message, text: `Mended: ${message.text}` });
  }
  await note(ctx, row, "trouble.mended");
}

export const troubleText = ({ what, cause, remedy }: Pick<Doc<"troubles">, "what" | "cause" | "remedy">): string =>
  `Stuck: ${sentence(what)} ${sentence(cause)} ${sentence(remedy)}`;

const messageKey = (row: Doc<"troubles">, place: string): string => `operators:${row._id}:${place}`;

function fieldsOf(trouble: Trouble, status: "suspected" | "open"): Omit<Doc<"troubles">, "_id" | "_creationTime"> {
  const { key, what, cause, remedy, approvalId, runId, deliveryId, jobId, inboundId, not } = trouble;
  return {
    ...{ key, status, what, cause, remedy, since: Date.now(), mendedAt: null },
    ...{ approvalId: approvalId ?? null, runId: runId ?? null, deliveryId: deliveryId ?? null },
    ...{ jobId: jobId ?? null, inboundId: inboundId ?? null, not: not ?? null },
  };
}

async function note(ctx: MutationCtx, row: Doc<"troubles">, kind: string): Promise<void> {
  const { what, cause, approvalId } = row;
  await record(ctx, {
    subject: row.runId === null ? (approvalId === null ? "watch" : `approval:${approvalId}`) : `run:${row.runId}`,
    ...{ kind, person: null, handle: null, channel: null },
    detail: { what, cause, ...(approvalId === null ? {} : { approvalId }) },
  });
}
