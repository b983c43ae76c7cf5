/** The same question once more, because what it asks about is not what was shown (G4). The old one ends as superseded on every copy. */
import type { Json } from "../../src/flow/definition.ts";
import { sha256Hex } from "../../src/flow/sha256.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { openTimers } from "./approval_timers.ts";
import { ask, type Question } from "./ask.ts";
import { raise } from "./troubles.ts";
import { orphaned } from "./watch.ts";

/** Whether the row's payload is still what its hash says was asked. */
export async function isIntact({ payload, payloadHash }: Doc<"approvals">): Promise<boolean> {
  return payload === null ? payloadHash === null : (await sha256Hex(payload)) === payloadHash;
}

/** `retire` ends the old one. Whatever waits for the answer waits for the new one's; votes are not carried over. */
export async function askAnew(
  ctx: MutationCtx,
  approval: Doc<"approvals">,
  retire: () => Promise<void>,
): Promise<Doc<"approvals">> {
  const { key, createdAt, channels = null, agent = null, rule = null } = approval;
  const ladder = (await openTimers(ctx, approval._id)).filter((timer) => timer.personId === null);
  const reminder = ladder.find(({ kind }) => kind === "remind");
  await retire();
  // The key names the wait; whoever looks for it is to find the open question.
  await ctx.db.patch("approvals", approval._id, { key: `${key}~${approval._id}` });
  const { question, options, freeText, approvers, quorum, fourEyes, tier, reasonRequired, expiresAt } = approval;
  const { requestedBy, requestedByShown, requester, origin, workflow, runId, waitId, nodeId } = approval;
  const again: Question = {
    ...{ key, question, options, freeText, approvers, quorum, fourEyes, tier, reasonRequired, expiresAt },
    ...{ requestedBy, requestedByShown, requester, origin, workflow, runId, waitId, nodeId, channels, agent, rule },
    payload: approval.payload === null ? null : (JSON.parse(approval.payload) as Json),
    form: approval.form === null ? null : (JSON.parse(approval.form) as Json),
    remindAfterMs: reminder === undefined ? null : reminder.dueAt - createdAt,
    escalate: ladder
      .filter(({ kind }) => kind === "escalate")
      .map(({ dueAt, to, via }) => ({ afterMs: dueAt - createdAt, to, via })),
  };
  const anew = await ask(ctx, again, { anew: true });
  const trouble = await orphaned(ctx, anew);
  if (trouble !== null) await raise(ctx, trouble);
  await ctx.db.patch("approvals", approval._id, { supersededBy: anew._id });
  return anew;
}
