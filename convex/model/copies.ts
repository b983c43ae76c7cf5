/** The copies of a question in the outbox: one a place, all revised from the row whenever it changes. */

import { channelOf } from "../../src/contract/handle.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { cardFor, drawCard, votesOf } from "./cards.ts";
import { deliveriesOf, enqueue, revise } from "./outbox.ts";
import { placeOf } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";

/** `channels` of the definition; without them where the run came from, then each approver's own handle unless they see it there. */
export async function deliverQuestion(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  candidates: Doc<"people">[],
  channels: string[] | null,
): Promise<void> {
  const places = new Map<string, Place>();
  const add = (found: Place): void => void (places.has(found.place) || places.set(found.place, found));
  if (channels !== null) {
    for (const spec of channels) for (const found of await resolvePlaces(ctx, spec, candidates)) add(found);
  } else {
    const home = await homeOf(ctx, approval);
    if (home !== null) add(home);
    // Whoever is in a shared place sees the card there.
    const shared = home !== null && home.person === null;
    for (const person of shared ? [] : candidates) {
      if (home?.person?._id === person._id) continue;
      const found = await placeOf(ctx, person);
      if (found !== null) add({ ...found, person });
    }
  }
  for (const { channel, place, person } of places.values()) {
    await enqueue(ctx, {
      channel,
      place,
      key: `approval:${approval._id}:${place}`,
      message: { kind: "card", card: await cardFor(ctx, approval, person?._id ?? null) },
      approvalId: approval._id,
      ...(approval.runId === null ? {} : { runId: approval.runId }),
    });
  }
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
export async function reviseCopies(ctx: MutationCtx, approval: Doc<"approvals">): Promise<void> {
  const deliveries = await deliveriesOf(ctx, approval._id);
  if (deliveries.length === 0) return;
  const votes = await votesOf(ctx, approval._id);
  for (const delivery of deliveries) {
    const shown = JSON.parse(delivery.message) as OutMessage;
    const code = shown.kind === "card" ? shown.card.code : null;
    await revise(ctx, delivery._id, { kind: "card", card: drawCard(approval, votes, code) });
  }
}
