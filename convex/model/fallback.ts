/**
 * A question that did not reach somebody goes to that person's next channel, and the operators are told (A10). Whoever saw it in a
 * shared place is asked personally. What is not a question has no second way: its failure shows on the delivery.
 */
import { OPTED_OUT } from "../../src/contract/adapter.ts";
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { record, subjectOf } from "./audit.ts";
import { votesOf } from "./cards.ts";
import { codesOf } from "./codes.ts";
import { deliverCopy } from "./copies.ts";
import { deliveriesOf } from "./outbox.ts";
import { handlesOf } from "./people.ts";
import { suspendHandle } from "./suspension.ts";
import { raise } from "./troubles.ts";
import { shorten } from "./words.ts";

/** The delivery has failed for good. Idempotent: a place is asked once for each question. */
export async function undelivered(ctx: MutationCtx, row: Doc<"deliveries">, error: ErrorInfo): Promise<void> {
  if (error.field === OPTED_OUT) await suspendHandle(ctx, row.place, "stop");
  const id = row.approvalId === null ? null : ctx.db.normalizeId("approvals", row.approvalId);
  const approval = id === null ? null : await ctx.db.get("approvals", id);
  if (approval === null || approval.status !== "pending") return;
  const moved: string[] = [];
  const stranded: string[] = [];
  for (const { person, code } of await readersOf(ctx, approval, row)) {
    const place = await nextPlace(ctx, person, approval, row.place);
    if (place === null) stranded.push(person.name);
    else {
      const { channel, handle } = place;
      await deliverCopy(ctx, approval, { channel, place: handle, person }, code, {
        votes: await votesOf(ctx, approval._id),
      });
      moved.push(`${person.name} at ${place.handle}`);
    }
  }
  await record(ctx, {
    subject: subjectOf(approval),
    kind: "approval.undelivered",
    person: null,
    handle: null,
    channel: row.channel,
    detail: { approvalId: approval._id, place: row.place, error: error.message, moved, stranded },
  });
  await raise(ctx, {
    key: `delivery:${row._id}`,
    what: `a question did not reach ${row.place}: "${shorten(approval.question)}" (${approval._id}${approval.runId === null ? "" : `, run ${approval.runId}`})`,
    cause: error.message,
    remedy: [
      ...(moved.length > 0 ? [`Asked instead: ${moved.join(", ")}`] : []),
      ...(stranded.length > 0
        ? [`No other way to reach ${stranded.join(", ")}: link another handle, or hand it on`]
        : []),
      ...(error.remedy === null ? [] : [error.remedy]),
    ].join(". "),
    approvalId: approval._id,
    runId: approval.runId,
    deliveryId: row._id,
    not: row.place,
  });
}

interface Reader {
  person: Doc<"people">;
  code: string;
}

/** The one whose code the copy shows; of a shared copy, which shows none, everybody who was asked. */
async function readersOf(ctx: QueryCtx, approval: Doc<"approvals">, row: Doc<"deliveries">): Promise<Reader[]> {
  const shown = JSON.parse(row.message) as OutMessage;
  const own = shown.kind === "card" ? shown.card.code : null;
  const readers: Reader[] = [];
  for (const { personId, code } of await codesOf(ctx, approval._id)) {
    if (own !== null && code !== own) continue;
    const person = await ctx.db.get("people", personId);
    if (person !== null) readers.push({ person, code });
  }
  if (own === null || readers.length <= 1) return readers;
  // Codes of two persons may be alike: the handle says whose copy it was.
  const handle = await ctx.db
    .query("handles")
    .withIndex("by_handle", (q) => q.eq("handle", row.place))
    .unique();
  const mine = readers.filter(({ person }) => person._id === handle?.personId);
  return mine.length > 0 ? mine : readers;
}

/** The handle last used that has no copy yet; one of a channel that is connected now before others. */
async function nextPlace(
  ctx: QueryCtx,
  person: Doc<"people">,
  approval: Doc<"approvals">,
  failed: string,
): Promise<Doc<"handles"> | null> {
  const asked = new Set((await deliveriesOf(ctx, approval._id)).map((row) => row.place));
  const free = (await handlesOf(ctx, person._id)).filter(({ handle }) => handle !== failed && !asked.has(handle));
  const connected = await connectedChannels(ctx);
  const rank = (row: Doc<"handles">): number =>
    (connected.has(row.channel) ? 0 : 2) + (row.handle === person.preferredHandle ? 0 : 1);
  return free.sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

async function connectedChannels(ctx: QueryCtx): Promise<Set<string>> {
  const gateways = await ctx.db.query("gateways").take(100);
  const up = gateways.flatMap(({ channels }) => Object.entries(channels).filter(([, state]) => state !== "failed"));
  return new Set(up.map(([channel]) => channel));
}
