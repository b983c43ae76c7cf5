/**
 * What the backend wants said, free of any platform. An adapter's `render.ts` turns one of these into what its platform draws;
 * untrusted text inside is escaped there, once.
 */
import { z } from "zod";
import { zApprovalCard } from "./approval.ts";

export const zTextMessage = z.object({
  kind: z.literal("text"),
  /** Plain text with light Markdown (bold, code, lists). While a reply streams this grows; it never shrinks before `final`. */
  text: z.string(),
  /** A private notice is shown to one person only, where the platform can. */
  onlyTo: z.string().nullable().default(null),
  /** The person asked for all of it: a channel that keeps replies short gives as much as it can. Absent: false. */
  whole: z.boolean().optional(),
});

export const zCardMessage = z.object({ kind: z.literal("card"), card: zApprovalCard });

export const zProgressMessage = z.object({
  kind: z.literal("progress"),
  runId: z.string(),
  title: z.string(),
  status: z.enum(["running", "waiting", "completed", "failed", "cancelled"]),
  /** The nodes in the order they began; `note` is one short line, for example an error. */
  nodes: z.array(z.object({ id: z.string(), status: z.string(), note: z.string().nullable() })),
  elapsedMs: z.number(),
});

export const zListMessage = z.object({
  kind: z.literal("list"),
  title: z.string(),
  /** `key` is what a person can type to refer to the item (a code, a run's id). */
  items: z.array(z.object({ key: z.string().nullable(), text: z.string(), detail: z.string().nullable() })),
  /** Said instead of the items when there are none. */
  empty: z.string(),
  /** Shown to one person only, where the platform can. Absent: to all. */
  onlyTo: z.string().nullable().optional(),
});

export const zOutMessage = z.discriminatedUnion("kind", [zTextMessage, zCardMessage, zProgressMessage, zListMessage]);
export type OutMessage = z.infer<typeof zOutMessage>;
export type TextMessage = z.infer<typeof zTextMessage>;
export type CardMessage = z.infer<typeof zCardMessage>;
export type ProgressMessage = z.infer<typeof zProgressMessage>;
export type ListMessage = z.infer<typeof zListMessage>;
