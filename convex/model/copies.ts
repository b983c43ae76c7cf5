/** The copies of a question in the outbox: one a place, all revised from the row whenever it changes. */
import type { Vote } from "../../src/contract/approval.ts";
import { CHANNELS, channelOf } from "../../src/contract/handle.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { setDue } from "./approval_timers.ts";
import { drawCard, voteRows } from "./cards.ts";
import { deliveriesOf, enqueue, reviseRow, reviseSilently } from "./outbox.ts";
import { placeOf } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";
import { heldUntil } from "./quiet.ts";

/** `channels` of the definition; without them where the run came from, then each approver's own handle unless they see it there. */
export async function deliverQuestion(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  candidates: Doc<"people">[],
  codes: ReadonlyMap<Id<"people">, string>,
  channels: string[] | null,
): Promise<void> {
  const places = new Map<string, Place>();
  const add = (found: Place): void => void (places.has(found.place) || places.set(found.place, found));
  for (const spec of channels ?? []) for (const found of await resolvePlaces(ctx, spec, candidates)) add(found);
  const home = channels === null ? await homeOf(ctx, approval) : null;
  if (home !== null) add(home);
  // Whoever is in a shared place sees the card there. A command's place is gone with the command, so that does not count; and where
  // none of the named channels leads anywhere, the approvers' own handles are better than nobody.
  const lasting = home !== null && CHANNELS.some((channel) => channel === home.channel);
  const seenBy = (person: Doc<"people">): boolean =>
    lasting ? home.person === null || home.person._id === person._id : channels !== null && places.size > 0;
  for (const person of candidates.filter((candidate) => !seenBy(candidate))) {
    const found = await placeOf(ctx, person);
    if (found !== null) add({ ...found, person });
  }
  for (const place of places.values()) {
    const code = place.person === null ? null : (codes.get(place.person._id) ?? null);
    // Who has just asked from there is awake.
    await deliverCopy(ctx, approval, place, code, { atOnce: place.place === home?.place });
  }
}

/** Puts one copy into the outbox, or holds it back until the person's quiet hours end. Once a place. */
export async function deliverCopy(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  { channel, place, person }: Place,
  code: string | null,
  { atOnce = false, again = "", votes = [] }: { atOnce?: boolean; again?: string; votes?: Vote[] } = {},
): Promise<void> {
  const held = person === null || atOnce ? null : await heldUntil(ctx, approval, person);
  if (held !== null && person !== null) {
    await setDue(ctx, approval._id, { kind: "deliver", dueAt: held, personId: person._id, place });
    return;
  }
  await enqueue(ctx, {
    channel,
    place,
    key: `approval:${approval._id}:${place}${again}`,
    message: { kind: "card", card: drawCard(approval, votes, code) },
    approvalId: approval._id,
    ...(approval.runId === null ? {} : { runId: approval.runId }),
  });
}

/** A private place belongs to whoever asked from there. */
async function homeOf(ctx: MutationCtx, approval: Doc<"approvals">): Promise<Place | null> {
  const { origin } = approval;
  const channel = origin === null ? null : channelOf(origin.place);
  if (origin === null || channel === null) return null;
  const person = origin.private ? await ctx.db.get("people", approval.requestedBy) : null;
  return { channel, place: origin.place, person };
}

/** Draws every copy anew. Each keeps the code it shows, so whose copy it is need not be found out again. */
export async function reviseCopies(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  votes: Vote[],
  more: {
    /** Places of somebody who answers no more: their code is taken off. */
    without?: ReadonlySet<string>;
    /** The copies as they are, where they have been read already. */
    copies?: Doc<"deliveries">[] | undefined;
  } = {},
): Promise<void> {
  for (const delivery of more.copies ?? (await deliveriesOf(ctx, approval._id))) {
    const shown = JSON.parse(delivery.message) as OutMessage;
    const code = shown.kind === "card" && more.without?.has(delivery.place) !== true ? shown.card.code : null;
    const card = { kind: "card", card: drawCard(approval, votes, code) } as const;
    if (await wasTold(ctx, approval, delivery)) await reviseSilently(ctx, delivery._id, card);
    else await reviseRow(ctx, delivery, card);
  }
}

/** A phone's texts cannot be edited, so an end is a text of its own; whoever decided by text has it in the reply already. */
async function wasTold(ctx: MutationCtx, approval: Doc<"approvals">, delivery: Doc<"deliveries">): Promise<boolean> {
  const { outcome } = approval;
  if (delivery.channel !== "sms" || delivery.receipt === null || outcome === null) return false;
  return (await voteRows(ctx, approval._id)).some((row) => row.handle === delivery.place && row.at === outcome.at);
}
