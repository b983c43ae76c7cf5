/** The end of a question in words: the same on every copy and in every reply. */
import type { ApprovalStatus, Outcome, Vote } from "../contract/approval.ts";
import { enumerate } from "../contract/enumeration.ts";
import { meaningOf } from "../contract/option.ts";
import type { Cancelled } from "../contract/run.ts";
import type { Json } from "./definition.ts";
import { isObject, own } from "./json.ts";
import { isSame } from "./schema.ts";

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

/** "Approved by Ana via SMS, with amount 9", "Chose staging first: Bo via Slack", "Chose ok with amount 9: Bo via Slack" …; null while pending. */
export function outcomeLine(row: {
  status: ApprovalStatus;
  votes: readonly Vote[];
  outcome: Outcome | null;
  /** Edited values that were approved, in words. */
  changed?: string | null;
}): string | null {
  const { status, outcome } = row;
  if (status === "pending") return null;
  if (status === "expired") return outcome === null ? "Expired" : `Expired ${timeText(outcome.at)}`;
  // Without a person it is the machine's own doing, and its reason is of no use to readers.
  if (status === "cancelled") return outcome?.by ? `C${cancelledWords(outcome).slice(1)}` : "Cancelled";
  if (status === "superseded") return "Replaced by a newer question";
  const option = outcome?.option ?? "";
  const by = voters(row.votes, outcome);
  const changed = row.changed == null ? null : `with ${row.changed}`;
  const besides = changed === null ? "" : `, ${changed}`;
  if (option === "answered") return `Answered by ${by}${besides}`;
  const meaning = meaningOf(option);
  if (meaning === null) return `Chose ${changed === null ? option : `${option} ${changed}`}: ${by}`;
  return `${meaning === "approve" ? "Approved" : "Denied"} by ${by}${besides}`;
}

const MAX_CHANGES = 4;
const MAX_VALUE = 60;

/** "amount 9 and memo rent": the fields of what was approved that differ from what was asked; null: none does. */
export function changedText(asked: Json, approved: Json): string | null {
  if (!isObject(approved)) return null;
  const before = isObject(asked) ? asked : {};
  const changed = Object.entries(approved).filter(([name, value]) => !isSame(own(before, name) ?? null, value));
  if (changed.length === 0) return null;
  const more = changed.length - MAX_CHANGES;
  const words = [
    ...changed.slice(0, MAX_CHANGES).map(([name, value]) => `${name} ${shortened(value)}`),
    ...(more > 0 ? [`${more} more`] : []),
  ];
  return enumerate(words);
}

/** Nothing reads as the name of another field: text with blanks stands in quotes. */
function shortened(value: Json): string {
  const text = typeof value === "string" && /^[^\s",]+$/u.test(value) ? value : JSON.stringify(value);
  return [...text].length <= MAX_VALUE ? text : `${[...text].slice(0, MAX_VALUE).join("")}…`;
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

/** All who made the quorum, not those who voted for other values, in their order; the one who decided where there are no votes. */
function voters(votes: readonly Vote[], outcome: Outcome | null): string {
  const chosen = votes.filter(({ option }) => option === outcome?.option);
  const deciding = chosen.findLast(({ at }) => at === outcome?.at);
  const approved = deciding?.payloadHash ?? null;
  const agreeing = chosen.filter(({ payloadHash }) => deciding === undefined || (payloadHash ?? null) === approved);
  const said = (person: string | null, channel: string | null) =>
    `${person ?? "somebody"}${channel ? ` via ${channelLabel(channel)}` : ""}`;
  if (agreeing.length <= 1) return said(outcome?.by ?? null, outcome?.channel ?? null);
  return enumerate(agreeing.map(({ person, channel }) => said(person, channel)));
}
