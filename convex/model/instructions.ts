/**
 * Whose word counts (S1). An instruction is done when a person gave it in their own words, through an account that is linked to them and
 * in use, and with the right to it at the moment it is done. What is not is answered, not executed, and the refusal is in the record.
 */
import { type Hearsay, hearsayIn } from "../../src/flow/hearsay.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { record } from "./audit.ts";
import { fail } from "./errors.ts";
import { handleRow } from "./people.ts";

/** `hearsay`: somebody else's words passed on; `unlinked`, `suspended`: the account; `rights`: the person may not. */
export type Refused = "hearsay" | "unlinked" | "suspended" | "rights";

export interface Instruction {
  /** The conversation where there is one, else the account. */
  subject: string;
  person: { id: Id<"people">; shown: string } | null;
  handle: string;
  channel: string;
}

export async function recordRefused(
  ctx: MutationCtx,
  { subject, person, handle, channel }: Instruction,
  reason: Refused,
  detail: Record<string, unknown> = {},
): Promise<void> {
  await record(ctx, { subject, kind: "instruction.refused", person, handle, channel, detail: { reason, ...detail } });
}

/** Names are few, and a person added beyond them is only not recognized before a colon. */
const MAX_NAMES = 200;

export async function hearsayOf(ctx: QueryCtx, person: Doc<"people">, text: string): Promise<Hearsay | null> {
  const names = (await ctx.db.query("people").take(MAX_NAMES)).map(({ name }) => name);
  return hearsayIn(text, person.name, names);
}

/** What a turn may do whoever spoke: asking a person is how somebody else's word becomes their own. */
const ALWAYS: ReadonlySet<string> = new Set(["requestHumanInput", "delegate"]);

/** Throws `forbidden` for a turn that passes on what somebody else is said to want. */
export function demandOwnWords({ hearsay }: Doc<"turns">, toolName: string): void {
  if (hearsay == null || ALWAYS.has(toolName)) return;
  const from = hearsay.from === null ? "somebody else" : hearsay.from;
  fail("forbidden", `these are words of ${from} that were passed on, and nobody is acted for who has not spoken here`, {
    remedy: `let ${from} say it from an account of their own; or say it in your own words, if you want it yourself`,
  });
}

/** Why a tool call of this turn was refused as somebody's instruction; read at that moment. */
export async function refusalOf(ctx: QueryCtx, turn: Doc<"turns">): Promise<Refused> {
  const row = await handleRow(ctx, turn.handle);
  if (row === null || row.personId !== turn.personId) return "unlinked";
  if (row.suspended != null) return "suspended";
  return turn.hearsay == null ? "rights" : "hearsay";
}
