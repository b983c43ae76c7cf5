/** What only phones bring: words that carriers act on (B12), and numbers that nobody has linked (C3, I6). */
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { carrierWord } from "../../src/flow/carrier.ts";
import type { MutationCtx } from "../_generated/server.js";
import { openFor } from "./approvals.ts";
import { hintDue, redeem } from "./enrolment.ts";
import { recordRefused } from "./instructions.ts";
import { sayText } from "./outbox.ts";
import { handleRow } from "./people.ts";
import { restoreHandle, suspendHandle } from "./suspension.ts";

export type PhoneRoute = "optOut" | "optIn" | "suspended";

/** Null: nothing that concerns the carrier; the message goes on. Whoever has opted out is heard only when they opt in again. */
export async function routeCarrierWord(ctx: MutationCtx, key: string, event: InboundEvent): Promise<PhoneRoute | null> {
  if (event.channel !== "sms" || event.kind !== "message") return null;
  const { handle } = event.sender;
  const optedOut = (await handleRow(ctx, handle))?.suspended === "stop";
  const word = carrierWord(event.text, optedOut);
  if (word === "stop") {
    await suspendHandle(ctx, handle, "stop");
    return "optOut";
  }
  if (!optedOut) return null;
  const person = word === "start" ? await restoreHandle(ctx, handle) : null;
  if (person === null) {
    // Whoever opted out is not written to, not even about this.
    if (await hintDue(ctx, handle)) await recordRefused(ctx, { ...accountOf(event), person: null }, "suspended");
    return "suspended";
  }
  const open = await openFor(ctx, person._id);
  const waiting =
    open.length === 0 ? "Nothing is waiting for you." : `${open.length} open for you: PENDING lists what waits.`;
  await sayText(ctx, { channel: "sms", place: event.place, key, text: `You get messages again. ${waiting}` });
  return "optIn";
}

/** What an account without a person is filed under. Once a day: whoever writes much fills no record. */
const accountOf = ({ sender: { handle }, channel }: InboundEvent) => ({
  subject: `account:${handle}`,
  handle,
  channel,
});

export type StrangerRoute = "unknownSender" | "enrolled";

/** Somebody nobody knows: linked by a code, else one hint a day and nothing else. No word of what there is here. */
export async function routeStranger(ctx: MutationCtx, key: string, event: InboundEvent): Promise<StrangerRoute> {
  const { handle } = event.sender;
  const say = async (text: string): Promise<void> => {
    const { channel, place } = event;
    await sayText(ctx, { channel, place, key, text, onlyTo: event.private ? null : handle });
  };
  const redeemed = await redeem(ctx, event);
  if (redeemed.kind === "linked") {
    await say(`Hello ${redeemed.person.name}, this account is linked to you now. HELP lists what you can write.`);
    return "enrolled";
  }
  if (redeemed.kind === "refused") {
    if (redeemed.text !== null) await say(redeemed.text);
    return "unknownSender";
  }
  if (await hintDue(ctx, handle)) {
    const suspended = (await handleRow(ctx, handle))?.suspended != null;
    await recordRefused(ctx, { ...accountOf(event), person: null }, suspended ? "suspended" : "unlinked");
    const { channel } = event;
    await say(
      `I do not know you yet. The owner of this factory can add you with: factory people enrol NAME ${channel} (or factory people link NAME ${handle})`,
    );
  }
  return "unknownSender";
}
