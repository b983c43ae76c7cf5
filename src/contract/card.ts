/** How a question's copy is read by the channels that draw it. */
import type { ApprovalCard, ApprovalStatus } from "./approval.ts";
import { meaningOf } from "./option.ts";

export const CARD_TITLES: Record<ApprovalStatus, string> = {
  pending: "Question",
  answered: "Answered",
  expired: "Expired",
  cancelled: "Cancelled",
  superseded: "Replaced",
};

export const isDenied = ({ outcome }: ApprovalCard): boolean => meaningOf(outcome?.option ?? "") === "deny";

/** "1/2 votes: Ana yes" */
export function votesLine({ votes, quorum }: ApprovalCard): string {
  const cast = votes.map((vote) => `${vote.person} ${vote.option}`).join(", ");
  return `${votes.length}/${quorum} votes${cast === "" ? "" : `: ${cast}`}`;
}

/**
 * A payload is JSON text. An object reads better as one line for each of its fields; anything else as it is written by hand. `indent`:
 * of what is nested.
 */
export function readablePayload(payload: string, indent = 2): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    return payload;
  }
  if (typeof parsed === "string") return parsed;
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    return JSON.stringify(parsed, null, indent);
  return Object.entries(parsed)
    .map(([name, value]) => `${name}: ${textOf(value, indent)}`)
    .join("\n");
}

/** Its further lines stand to the right: none passes for another field. */
const textOf = (value: unknown, indent: number): string =>
  typeof value === "string" ? value.replaceAll(/\r\n?|[\n\u2028\u2029]/g, "\n  ") : JSON.stringify(value, null, indent);
