/** Work that a policy holds until somebody says yes (G1): a question in front of it, bound to exactly what would be done. */
import { errorInfo } from "../contract/errors.ts";
import { enter, failNode, perform } from "./nodes.ts";
import type { Step } from "./step.ts";
import type { Signal } from "./types.ts";

type Hold = Extract<Signal, { kind: "hold" }>;

export const HOLD_OPTIONS = ["approve", "deny"];

/** The policy wants somebody asked before this work. */
export function hold(step: Step, tokenId: string, signal: Hold): void {
  const token = step.state.tokens[tokenId]!;
  const waitId = step.wait(tokenId, "approval", "hold");
  const { question, payload, rule, approvers, quorum, fourEyes, tier, channels, reasonRequired } = signal;
  step.emit({
    ...{ kind: "ask", waitId, nodeId: token.nodeId, purpose: "hold", question, options: HOLD_OPTIONS, freeText: false },
    ...{ approvers, quorum, fourEyes, tier, channels, payload, form: null, rule },
    reasonRequired: reasonRequired ? ["deny"] : [],
    ...{ expiresAt: null, remindAfterMs: null, escalate: [] },
  });
  step.show(token, "waiting");
}

/** Somebody answered: the work is rendered and judged again; it goes on when it still is what was approved, else it is asked anew. */
export function released(step: Step, tokenId: string, signal: Signal): void {
  const token = step.state.tokens[tokenId]!;
  if (signal.kind === "verdict" && signal.option === "approve") {
    token.approvedHash = signal.payloadHash ?? null;
    if (token.index === undefined) perform(step, tokenId);
    else enter(step, tokenId);
    return;
  }
  const why = signal.kind === "verdict" && signal.reason !== null ? `: ${signal.reason}` : "";
  const message = `"${token.nodeId}" was not approved${signal.kind === "verdict" ? `, denied by ${signal.by ?? "somebody"}${why}` : ""}`;
  failNode(
    step,
    tokenId,
    signal.kind === "error" ? signal.error : errorInfo("forbidden", message, { field: token.nodeId }),
  );
}
