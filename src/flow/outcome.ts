/** The end of a question in words: the same on every copy and in every reply. */
import type { ApprovalStatus, Outcome, Vote } from "../contract/approval.ts";
import { meaningOf } from "../contract/option.ts";

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
  if (status === "cancelled") return outcome?.by ? `Cancelled by ${outcome.by}` : "Cancelled";
  if (status === "superseded") return "Replaced by a newer question";
  const option = outcome?.option ?? "";
  const by = voters(row.votes, outcome);
  if (option === "answered") return `Answered by ${by}`;
  const meaning = meaningOf(option);
  if (meaning === null) return `Chose ${option}: ${by}`;
  return `${meaning === "approve" ? "Approved" : "Denied"} by ${by}`;
}

/** All who made the quorum, in the order in which they voted; the one who decided where there are no votes. */
function voters(votes: readonly Vote[], outcome: Outcome | null): string {
  const agreeing = votes.filter(({ option }) => option === outcome?.option);
  const said = (person: string | null, channel: string | null) =>
    `${person ?? "somebody"}${channel ? ` via ${channelLabel(channel)}` : ""}`;
  if (agreeing.length <= 1) return said(outcome?.by ?? null, outcome?.channel ?? null);
  const names = agreeing.map(({ person, channel }) => said(person, channel));
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
