/** Whether a copy for one person has to wait for the end of their quiet hours. */
import { quietUntil } from "../../src/flow/quiet.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { rolesOf } from "./rotas.ts";

/**
 * Null: it may be sent now. Urgent, and sent at any hour: a question of tier high, one that would expire before they read it, and
 * whatever is asked of somebody because they are on call.
 */
export async function heldUntil(
  ctx: QueryCtx,
  approval: Doc<"approvals">,
  person: Doc<"people">,
): Promise<number | null> {
  if (person.quiet == null || approval.tier === "high") return null;
  const now = Date.now();
  const end = quietUntil(person.quiet, now);
  if (end === null || (approval.expiresAt !== null && approval.expiresAt <= end)) return null;
  const duties = (await rolesOf(ctx, person, now)).filter((role) => !person.roles.includes(role));
  return duties.some((role) => approval.approvers.includes(`role:${role}`)) ? null : end;
}
