import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { toJsonText } from "./json.ts";

export interface AuditEvent {
  /** What it is about, one chain each: `run:ID`, `approval:ID`, `person:ID`, `workflow:NAME`. */
  subject: string;
  /** Past tense: `approval.answered`, `run.started`. */
  kind: string;
  /** Null: the system itself (a timer, a job). */
  person: { id: Id<"people">; shown: string } | null;
  handle: string | null;
  channel: string | null;
  detail: Record<string, unknown>;
}

/** Appends to the record, in the transaction of what it records: either both are there or neither. */
export async function record(ctx: MutationCtx, event: AuditEvent): Promise<void> {
  await ctx.db.insert("audit", {
    subject: event.subject,
    kind: event.kind,
    personId: event.person?.id ?? null,
    person: event.person?.shown ?? null,
    handle: event.handle,
    channel: event.channel,
    detail: toJsonText(event.detail, "audit detail"),
    at: Date.now(),
  });
}
