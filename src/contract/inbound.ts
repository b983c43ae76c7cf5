/**
 * A platform event, parsed once at the edge by an adapter and stored once by the backend.
 * Two keys make it unique: `eventId` (the platform's delivery) and `messageId` (the message itself within its place).
 */
import { z } from "zod";

export const MAX_TEXT = 40_000;

export const zSender = z.object({
  /** `slack:TEAM/USER`, `discord:USER`, `sms:+E164`, `terminal:NAME` */
  handle: z.string().min(1).max(200),
  displayName: z.string().max(200).nullable(),
});

const base = {
  /** Ingress: the adapter's channel kind, or `cli`, `sdk`. */
  channel: z.string().min(1).max(20),
  eventId: z.string().min(1).max(200),
  /** Where the reply goes. */
  place: z.string().min(1).max(300),
  /** The conversation; one agent thread for each. Absent: the place. */
  threadKey: z.string().min(1).max(300).nullable(),
  /** A DM, a phone, a terminal: one person's. Otherwise a shared place whose thread belongs to the place. */
  private: z.boolean(),
  sender: zSender,
  /** The platform's own time of the event, ms since 1970. */
  sentAt: z.number(),
};

export const zInboundMessage = z.object({
  kind: z.literal("message"),
  ...base,
  messageId: z.string().min(1).max(200),
  text: z.string().max(MAX_TEXT),
  /** False: said in a shared place's thread without naming the bot; it counts only where the bot already takes part. Absent: true. */
  addressed: z.boolean().optional(),
  /** The platform says that the thread hangs on a post of the bot's own, whose receipt may not be stored yet. Absent: it says nothing. */
  belowOwn: z.boolean().optional(),
});

/** A button or a submitted form: carries ids only, never a verdict of its own. */
export const zInboundAction = z.object({
  kind: z.literal("action"),
  ...base,
  approvalId: z.string().min(1).max(100),
  /** For a question that wants words: the words. */
  option: z.string().min(1).max(MAX_TEXT),
  reason: z.string().max(4000).nullable(),
  fields: z.record(z.string(), z.unknown()).nullable(),
});

/** A slash command: `command` without the slash, `text` the rest, verbatim. */
export const zInboundCommand = z.object({
  kind: z.literal("command"),
  ...base,
  command: z.string().min(1).max(50),
  text: z.string().max(MAX_TEXT),
});

export const zInboundEvent = z.discriminatedUnion("kind", [zInboundMessage, zInboundAction, zInboundCommand]);
export type InboundEvent = z.infer<typeof zInboundEvent>;
export type InboundMessage = z.infer<typeof zInboundMessage>;
export type InboundAction = z.infer<typeof zInboundAction>;
export type InboundCommand = z.infer<typeof zInboundCommand>;

export interface StoredInbound {
  /** False when the same event or message was stored before: nothing happens a second time. */
  stored: boolean;
  inboundId: string;
}
