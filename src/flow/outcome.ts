/** The end of a question in words: the same on every copy and in every reply. */
import type { ApprovalStatus, Outcome, Vote } from "../contract/approval.ts";
import { meaningOf } from "../contract/option.ts";
import type { Cancelled } from "../contract/run.ts";

/** Of the words with which somebody cancels: they are part of a line, in a text message too. The row and the record have all of them. */
const MAX_REASON_SHOWN = 200;

const LABELS: Record<string, string> = {
  sms: "SMS",
  slack: "Slack",
  discord: "Discord",
  terminal: "terminal",
  cli: "CLI",
  sdk: "SDK",
  system: "system",
};

export const channelLabel = (channel: string): string => (Object.hasOwn(LABELS, channel) ? LABELS[channel]! : channel);

/** "2026-11-20 14:03 UTC": readers are in several zones, and every copy reads alike. */
export function timeText(at: number): string {
  if (!Number.isFinite(at) || Math.abs(at) > 8.64e15) return "an unknown time";
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** "Approved by Ana via SMS", "Chose staging first: Bo via Slack" …; null while pending. */
export function outcomeLine(row: {
  status: ApprovalStatus;
  votes: readonly Vote[];
  outcome: Outcome | null;
}): string | null {
  const { status, outcome } = row;
  if (status === "pending") return null;
  if (status === "expired") return outcome === null ? "Expired" : `Expired ${timeText(outcome.at)}`;
  // Without a person it is the machine's own doing, and its reason is of no use to readers.
  if (status === "cancelled") return outcome?.by ? `C${cancelledWords(outcome).slice(1)}` : "Cancelled";
  if (status === "superseded") return "Replaced by a newer question";
  const option = outcome?.option ?? "";
  const by = voters(row.votes, outcome);
  if (option === "answered") return `Answered by ${by}`;
  const meaning = meaningOf(option);
  if (meaning === null) return `Chose ${option}: ${by}`;
  return `${meaning === "approve" ? "Approved" : "Denied"} by ${by}`;
}

/** "cancelled by root: too late", of a run and of its questions alike. */
export function cancelledWords({ by, reason }: Cancelled): string {
  const why = [...(reason ?? "").replace(/\s+/g, " ").trim()];
  const shown = why.length > MAX_REASON_SHOWN ? `${why.slice(0, MAX_REASON_SHOWN - 1).join("")}…` : why.join("");
  return `cancelled${by === null ? "" : ` by ${by}`}${shown === "" ? "" : `: ${shown}`}`;
}

const OVER: Record<string, string> = {
  completed: "has completed",
  failed: "has failed",
  cancelled: "has been cancelled",
  answered: "has been answered",
  expired: "has expired",
  superseded: "has been replaced",
};

/** Of a run or a question that is over, as a sentence goes on: "has failed". */
export const overWords = (status: string): string => (Object.hasOwn(OVER, status) ? OVER[status]! : `is ${status}`);

/** All who made the quorum, in the order in which they voted; the one who decided where there are no votes. */
function voters(votes: readonly Vote[], outcome: Outcome | null): string {
  const agreeing = votes.filter(({ option }) => option === outcome?.option);
  const said = (person: string | null, channel: string | null) =>
    `${person ?? "somebody"}${channel ? ` via ${channelLabel(channel)}` : ""}`;
  if (agreeing.length <= 1) return said(outcome?.by ?? null, outcome?.channel ?? null);
  const names = agreeing.map(({ person, channel }) => said(person, channel));
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
