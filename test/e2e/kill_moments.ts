/** The moments of the kill matrix (`channel_kills.ts`): each is named, and found by what happens at it, never by time. */
import type { CommitHold } from "../crash/hold_at_commit.ts";

/** The words of the issue, in the order in which they come. `asked` and `over` are the ends. */
export const WORDS = [
  "asked",
  "event received",
  "stored",
  "acknowledged",
  "turn answered",
  "card posted",
  "receipt stored",
  "click received",
  "settled",
  "card updated",
  "over",
] as const;
export type Word = (typeof WORDS)[number];

/** Where the platform can stand still. `…Done`: it is done (a post stands, an event is acknowledged), and the bot has not heard. */
export type PlatformMoment =
  | "message"
  | "replyPost"
  | "replyPostDone"
  | "cardPost"
  | "cardPostDone"
  | "click"
  | "clickDone"
  | "cardUpdate"
  | "cardUpdateDone"
  | "resultPost"
  | "resultPostDone";

export type Where =
  | { at: "commit"; when: CommitHold["when"]; document: CommitHold["document"]; acknowledged?: boolean }
  /** `drop`: what was asked for is never done; else it is done after the kill. */
  | { at: "platform"; moment: PlatformMoment; drop?: boolean };

export interface Moment {
  name: string;
  /** Killed after the first and before the second. */
  between: readonly [Word, Word];
  /** Ordered before Ana asks, or before she presses. */
  part: "ask" | "press";
  where: Where;
  /** A press that is lost with the process: it was not stored yet. */
  lost?: true;
}

/** Documents by which a moment is known. One question is open at a time, so a kind is enough. */
const MESSAGE_STORED = { eventId: { not: null }, kind: "message", event: { has: "KILL-ID" } };
const CLICK_STORED = { eventId: { not: null }, kind: "action", status: "routed" };
const TURN_TAKEN = { promptMessageId: { not: null }, status: "running", leaseId: { not: null } };
const EFFECT_DONE = { toolCallId: { not: null }, toolName: "startWorkflow", result: { not: null } };
const TURN_DONE = { promptMessageId: { not: null }, status: "done" };
const CARD_CLAIMED = { confirmedVersion: { not: null }, approvalId: { not: null }, status: "claimed" };
const CARD_CONFIRMED = { confirmedVersion: { not: null }, approvalId: { not: null }, status: "confirmed" };
const SETTLED = { question: { has: "KILL-ID" }, status: "answered" };
const EFFECT_AFTER = { key: "KILL-ID/after", count: 1 };

const commit = (when: CommitHold["when"], document: CommitHold["document"]): Where => ({
  at: "commit",
  when,
  document,
});
const platform = (moment: PlatformMoment, drop = false): Where => ({ at: "platform", moment, drop });
const [before, after] = ["before", "after"] as const;

export const MOMENTS: readonly Moment[] = [
  {
    name: "the event never arrives",
    between: ["asked", "event received"],
    part: "ask",
    where: platform("message", true),
  },
  {
    name: "the event has arrived, its COMMIT not",
    between: ["event received", "stored"],
    part: "ask",
    where: commit(before, MESSAGE_STORED),
  },
  {
    name: "stored, nobody told",
    between: ["stored", "acknowledged"],
    part: "ask",
    where: commit(after, MESSAGE_STORED),
  },
  {
    name: "acknowledged, the turn not taken",
    between: ["acknowledged", "turn answered"],
    part: "ask",
    where: { ...commit(before, TURN_TAKEN), acknowledged: true } as Where,
  },
  { name: "the turn taken", between: ["acknowledged", "turn answered"], part: "ask", where: commit(after, TURN_TAKEN) },
  {
    name: "the run not started by its COMMIT",
    between: ["acknowledged", "turn answered"],
    part: "ask",
    where: commit(before, EFFECT_DONE),
  },
  {
    name: "the run started, the reply not made",
    between: ["acknowledged", "turn answered"],
    part: "ask",
    where: commit(after, EFFECT_DONE),
  },
  {
    name: "the reply made, not stored",
    between: ["acknowledged", "turn answered"],
    part: "ask",
    where: commit(before, TURN_DONE),
  },
  {
    name: "the turn answered",
    between: ["turn answered", "card posted"],
    part: "ask",
    where: commit(after, TURN_DONE),
  },
  {
    name: "the reply's post asked for and lost",
    between: ["turn answered", "card posted"],
    part: "ask",
    where: platform("replyPost", true),
  },
  {
    name: "the reply posted, its receipt unheard",
    between: ["turn answered", "card posted"],
    part: "ask",
    where: platform("replyPostDone"),
  },
  {
    name: "the card claimed",
    between: ["turn answered", "card posted"],
    part: "ask",
    where: commit(after, CARD_CLAIMED),
  },
  {
    name: "the card's post asked for and lost",
    between: ["turn answered", "card posted"],
    part: "ask",
    where: platform("cardPost", true),
  },
  {
    name: "the card posted, its receipt unheard",
    between: ["card posted", "receipt stored"],
    part: "ask",
    where: platform("cardPostDone"),
  },
  {
    name: "the receipt heard, its COMMIT not",
    between: ["card posted", "receipt stored"],
    part: "ask",
    where: commit(before, CARD_CONFIRMED),
  },
  {
    name: "the receipt stored",
    between: ["receipt stored", "click received"],
    part: "ask",
    where: commit(after, CARD_CONFIRMED),
  },
  {
    name: "the click never arrives",
    between: ["receipt stored", "click received"],
    part: "press",
    lost: true,
    where: platform("click", true),
  },
  {
    name: "the click has arrived, its COMMIT not",
    between: ["click received", "settled"],
    part: "press",
    lost: true,
    where: commit(before, SETTLED),
  },
  {
    name: "settled, the presser not told",
    between: ["settled", "card updated"],
    part: "press",
    where: commit(after, CLICK_STORED),
  },
  { name: "the click acknowledged", between: ["settled", "card updated"], part: "press", where: platform("clickDone") },
  {
    name: "the step behind the question not done by its COMMIT",
    between: ["settled", "card updated"],
    part: "press",
    lost: true,
    where: commit(before, EFFECT_AFTER),
  },
  {
    name: "the step behind the question done",
    between: ["settled", "card updated"],
    part: "press",
    where: commit(after, EFFECT_AFTER),
  },
  {
    name: "the card's update asked for and lost",
    between: ["settled", "card updated"],
    part: "press",
    where: platform("cardUpdate", true),
  },
  {
    name: "the card updated, unheard",
    between: ["card updated", "over"],
    part: "press",
    where: platform("cardUpdateDone"),
  },
  {
    name: "the update heard, its COMMIT not",
    between: ["card updated", "over"],
    part: "press",
    where: commit(before, CARD_CONFIRMED),
  },
  { name: "the update stored", between: ["card updated", "over"], part: "press", where: commit(after, CARD_CONFIRMED) },
  {
    name: "the result's post asked for and lost",
    between: ["card updated", "over"],
    part: "press",
    where: platform("resultPost", true),
  },
  {
    name: "the result posted, its receipt unheard",
    between: ["card updated", "over"],
    part: "press",
    where: platform("resultPostDone"),
  },
];
