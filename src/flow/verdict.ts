/**
 * The machine of one approval. Pure: the only decisions about who may answer what; `approvals.settle` writes what it says.
 *
 *   pending --answer--> refused | invalid          (nothing changes, the attempt is recorded)
 *           --answer--> voted                      (a vote is kept, the quorum is not reached)
 *           --answer--> answered                   (quorum reached, or a denial: one is enough)
 *           --time----> expired                    (also when an answer comes after `expiresAt` and the timer is late)
 *           --cancel--> cancelled
 *           --supersede--> superseded              (asked anew with another payload, or handed to another question)
 *   answered, expired, cancelled, superseded       are final: every later event changes nothing and is told what happened
 *
 * Order of the checks: may this person answer at all, does policy (tier, four eyes) let them, is it still what they were shown,
 * is the question still open, is the answer one of its options and complete.
 */
import type { AnswerOutcome, ApprovalStatus, Outcome, Tier, Vote } from "../contract/approval.ts";
import { meaningOf, normalize } from "../contract/option.ts";
import type { Json } from "./definition.ts";
import { isObject, type JsonObject } from "./json.ts";
import { optionFor } from "./options.ts";
import { cancelledWords, changedText, channelLabel, outcomeLine, timeText } from "./outcome.ts";
import { mismatches } from "./schema.ts";

export interface VoteRow extends Vote {
  /** Whom it counts for: distinct people make a quorum. */
  personId: string;
  /** In whose name it was given: an operator who acts for two persons counts once, yet neither has answered for the other. */
  inNameOf?: string;
  /** Of the edited payload it approves; absent or null: the payload as it was asked. Only votes for the same thing agree. */
  payloadHash?: string | null;
}

/** The part of an approval's row that decisions need. */
export interface ApprovalState {
  status: ApprovalStatus;
  options: string[];
  freeText: boolean;
  /** `person:NAME`, `role:NAME`; null: the requester, nobody else. */
  approvers: string[] | null;
  /** Who started the run, or asked. */
  requesterId: string;
  quorum: number;
  fourEyes: boolean;
  tier: Tier;
  reasonRequired: string[];
  form: Json;
  payloadHash: string | null;
  /** What edited values are laid over before they are checked; absent: nothing. */
  askedPayload?: Json;
  /** Edited values that were approved, in words; absent or null: none. */
  changed?: string | null;
  /** Persons who handed their part on, and to whom: they answer no more. */
  handedOn?: { personId: string; to: string }[];
  expiresAt: number | null;
  votes: VoteRow[];
  outcome: Outcome | null;
}

export interface Attempt {
  person: { id: string; name: string; roles: readonly string[] };
  /** Set when an operator acts for the person: the operator's own person, whom it counts for. */
  operator: { personId: string } | null;
  /** As shown to people: "Ana", "operator (root) for Ana". */
  shown: string;
  channel: string;
  /** An option, its number, or YES / NO where it means that; null for free text. */
  option: string | null;
  text: string | null;
  reason: string | null;
  /** Edited payload fields; null: none. */
  fields: Json;
  /** Hash of the payload with them; absent or null: nothing is edited. */
  editedHash?: string | null;
  /** Hash of the payload that was shown; null: the ingress cannot tell (text answers). */
  shownHash: string | null;
  /** The person's own code, where the reply may name it; absent or null: it may not. */
  code?: string | null;
  now: number;
}

export interface Decision {
  outcome: AnswerOutcome;
  /** The option meant, as written in the question; `answered` for free text; null when it could not be told. */
  option: string | null;
  /** One sentence for the person who tried. */
  message: string;
  /** The row afterwards; the same object when nothing changes. */
  state: ApprovalState;
  /** The question ended now: signal the run, redraw every copy. Also true when a late answer finds it expired. */
  ended: boolean;
}

export function answer(state: ApprovalState, attempt: Attempt): Decision {
  const decide = (outcome: AnswerOutcome, message: string, option: string | null = null): Decision => ({
    outcome,
    option,
    message,
    state,
    ended: false,
  });
  const refusal = refusedReason(state, attempt);
  if (refusal !== null) return decide("refused", refusal);
  if (state.status !== "pending") return decide(endOutcome(state.status), endMessage(state, attempt));
  if (isOver(state, attempt.now)) {
    const expired = expire(state, attempt.now);
    return { ...decide("expired", endMessage(expired.state, attempt)), state: expired.state, ended: true };
  }
  const read = readOption(state, attempt);
  if ("problem" in read) return decide("invalid", read.problem);
  const { option } = read;
  const policy = fourEyesRefusal(state, attempt, option);
  if (policy !== null) return decide("refused", policy, option);
  if (state.payloadHash !== null && attempt.shownHash !== null && attempt.shownHash !== state.payloadHash) {
    return decide(
      "refused",
      "What you were shown has changed since. Look at the question again and answer anew.",
      option,
    );
  }
  const incomplete = incompleteReason(state, attempt, option);
  if (incomplete !== null) return decide("invalid", incomplete, option);
  return vote(state, attempt, option);
}

// ---- may they ----------------------------------------------------------------------------------------------------------------

/** The person whom an attempt counts for. */
const countedAs = (attempt: Pick<Attempt, "person" | "operator">): string =>
  attempt.operator?.personId ?? attempt.person.id;

/** `person:ana` as people say it: "ana"; `role:release`: "the role release". */
export const approverWords = (approver: string): string =>
  approver.replace(/^person:/, "").replace(/^role:/, "the role ");

/** Null: this person may answer this question. Roles are those of this moment. */
export function refusedReason(
  state: Pick<ApprovalState, "approvers" | "requesterId" | "tier" | "handedOn">,
  attempt: Pick<Attempt, "person" | "channel" | "operator">,
): string | null {
  const { person, channel } = attempt;
  const handed = state.handedOn?.find(({ personId }) => personId === person.id);
  if (handed !== undefined) return `You have handed this question on to ${handed.to}.`;
  if (!isApprover(state, person)) {
    const who =
      state.approvers === null
        ? "only whoever started it may answer"
        : `it is for ${state.approvers.map(approverWords).join(", ")}`;
    return `You may not answer this question: ${who}.`;
  }
  if (state.tier === "high" && channel === "sms") {
    return "This question is too weighty for a text message. Answer it in Slack, Discord or the terminal.";
  }
  if (state.tier === "high" && attempt.operator !== null) {
    return `This question is too weighty to be answered for somebody else. ${person.name} must answer it.`;
  }
  return null;
}

/** As whoever is asked is looked up: whoever is asked may answer. */
const sameName = (name: string): string => name.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase();

export function isApprover(
  state: Pick<ApprovalState, "approvers" | "requesterId">,
  person: { id: string; name: string; roles: readonly string[] },
): boolean {
  if (state.approvers === null) return person.id === state.requesterId;
  return state.approvers.some((approver) => {
    const name = sameName(approver.slice(approver.indexOf(":") + 1));
    if (approver.startsWith("person:"))
      return sameName(person.name) === name || person.id === approver.slice("person:".length);
    return approver.startsWith("role:") && person.roles.some((role) => role.toLowerCase() === name);
  });
}

/** The requester may deny, never approve, where four eyes are wanted; acting through another's name does not help. */
function fourEyesRefusal(state: ApprovalState, attempt: Attempt, option: string): string | null {
  if (meaningOf(option) === "deny" || !ownRequest(state, attempt)) return null;
  return "You asked for this yourself; somebody else has to decide.";
}

/** Under four eyes: whether the attempt counts for whoever asked. */
export function ownRequest(
  state: Pick<ApprovalState, "fourEyes" | "tier" | "requesterId">,
  attempt: Pick<Attempt, "person" | "operator">,
): boolean {
  if (!(state.fourEyes || state.tier === "high")) return false;
  return countedAs(attempt) === state.requesterId || attempt.person.id === state.requesterId;
}

// ---- is it an answer ---------------------------------------------------------------------------------------------------------

function readOption(state: ApprovalState, attempt: Attempt): { option: string } | { problem: string } {
  if (state.freeText) {
    const text = attempt.text ?? attempt.option;
    return text === null || text.trim() === ""
      ? { problem: "This question wants an answer in words." }
      : { option: "answered" };
  }
  const said = attempt.option ?? attempt.text ?? "";
  const exact = state.options.find((option) => option === said);
  const option = exact ?? optionFor(normalize(said), state.options);
  if (option !== null) return { option };
  return {
    problem: `"${said.slice(0, 60)}" is not an option of this question. The options are ${state.options.join(", ")}.`,
  };
}

function incompleteReason(state: ApprovalState, attempt: Attempt, option: string): string | null {
  if (state.reasonRequired.includes(option) && (attempt.reason === null || attempt.reason.trim() === "")) {
    const again = attempt.fields === null ? "your reason" : 'FIELD=VALUE reason="your reason"';
    const how = attempt.code == null ? "." : `: ${option} ${attempt.code} ${again}`;
    return `"${option}" needs a reason. Answer again and say why${how}`;
  }
  if (attempt.fields === null) return null;
  if (state.form === null) return "The values of this question cannot be edited.";
  if (!isObject(attempt.fields)) return "Edited values are given by the names of their fields.";
  if (meaningOf(option) === "deny") return "Values are edited to be approved; with a denial they say nothing.";
  const editable = editableFields(state.form);
  const other = editable === null ? undefined : Object.keys(attempt.fields).find((name) => !editable.includes(name));
  if (other !== undefined) return `fields.${other} cannot be edited here. What can be: ${editable!.join(", ")}.`;
  const base = isObject(state.askedPayload ?? null) ? Object.entries(state.askedPayload as JsonObject) : [];
  const shown = Object.fromEntries(base.filter(([name]) => editable === null || editable.includes(name)));
  const [first] = mismatches(state.form, { ...shown, ...attempt.fields }, "fields");
  return first === undefined ? null : `${first.path} ${first.message}.`;
}

/** Null: the form does not list them, so any may be edited. */
function editableFields(form: Json): string[] | null {
  const properties = isObject(form) ? form.properties : undefined;
  return isObject(properties) ? Object.keys(properties) : null;
}

/** What is approved when somebody edits values: the payload with those in place. */
export function editedPayload(payload: Json, fields: Json): Json {
  if (!isObject(fields) || Object.keys(fields).length === 0) return payload;
  return isObject(payload) ? { ...payload, ...fields } : fields;
}

// ---- votes -------------------------------------------------------------------------------------------------------------------

function vote(state: ApprovalState, attempt: Attempt, option: string): Decision {
  const { now, channel, shown } = attempt;
  const personId = countedAs(attempt);
  const before = state.votes.find((one) => one.personId === personId);
  const editedHash = attempt.editedHash ?? null;
  const agrees = (one: VoteRow): boolean => one.option === option && (one.payloadHash ?? null) === editedHash;
  const cast: VoteRow = {
    ...{ personId, inNameOf: attempt.person.id, person: shown, option, channel, reason: attempt.reason, at: now },
    ...(editedHash === null ? {} : { payloadHash: editedHash }),
  };
  // A second vote replaces the first: nobody counts twice.
  const same = before !== undefined && agrees(before);
  const votes = same ? state.votes : [...state.votes.filter((one) => one.personId !== personId), cast];
  const agreeing = votes.filter(agrees).length;
  const asked = state.askedPayload ?? null;
  const changed = changedText(asked, editedPayload(asked, attempt.fields));
  if (agreeing < state.quorum && meaningOf(option) !== "deny") {
    const again = same ? votedWords(before, attempt) : "Your vote is counted";
    const message = `${again}: ${option}${changed === null ? "" : ` with ${changed}`} has ${agreeing} of ${state.quorum} votes.`;
    return {
      outcome: "voted",
      option,
      message,
      state: votes === state.votes ? state : { ...state, votes },
      ended: false,
    };
  }
  const outcome: Outcome = { option, by: shown, channel, at: now, reason: attempt.reason };
  const settled: ApprovalState = { ...state, status: "answered", votes, outcome, changed };
  return { outcome: "settled", option, message: `${outcomeLine(settled)}.`, state: settled, ended: true };
}

const isOwn = (vote: VoteRow, { person }: Attempt): boolean => (vote.inNameOf ?? vote.personId) === person.id;

function votedWords(before: VoteRow, attempt: Attempt): string {
  if (isOwn(before, attempt)) return "You have already voted";
  return `${before.person} has voted via ${channelLabel(before.channel)} already, and whoever acts for several counts once`;
}

// ---- ends without an answer --------------------------------------------------------------------------------------------------

export type Ended = { state: ApprovalState; ended: boolean };

const isOver = (state: ApprovalState, now: number): boolean => state.expiresAt !== null && now >= state.expiresAt;

/** Nothing happens before the time, or when the question has ended. */
export function expire(state: ApprovalState, now: number): Ended {
  if (state.status !== "pending" || !isOver(state, now)) return { state, ended: false };
  // The time at which it expired, not the one at which somebody noticed.
  return end(state, "expired", { option: "expired", by: null, channel: null, at: state.expiresAt!, reason: null });
}

export function cancel(state: ApprovalState, by: string | null, reason: string | null, now: number): Ended {
  if (state.status !== "pending") return { state, ended: false };
  return end(state, "cancelled", { option: null, by, channel: null, at: now, reason });
}

export function supersede(state: ApprovalState, reason: string | null, now: number): Ended {
  if (state.status !== "pending") return { state, ended: false };
  return end(state, "superseded", { option: null, by: null, channel: null, at: now, reason });
}

function end(state: ApprovalState, status: ApprovalStatus, outcome: Outcome): Ended {
  return { state: { ...state, status, outcome }, ended: true };
}

function endOutcome(status: Exclude<ApprovalStatus, "pending">): AnswerOutcome {
  return status === "answered" ? "alreadyAnswered" : status;
}

/** For somebody who came too late: who, where, when. */
function endMessage(state: ApprovalState, attempt: Attempt): string {
  const { outcome } = state;
  const when = outcome === null ? "" : ` (${timeText(outcome.at)})`;
  if (state.status === "expired")
    return `Too late: this question expired ${outcome === null ? "" : `at ${timeText(outcome.at)}`}.`.replace(
      " .",
      ".",
    );
  if (state.status === "cancelled") {
    return `This question was ${outcome?.by ? cancelledWords(outcome) : "cancelled"}${when}.`;
  }
  if (state.status === "superseded") return `This question was replaced by a newer one${when}.`;
  const personId = countedAs(attempt);
  const mine = state.votes.find((one) => one.personId === personId && one.option === outcome?.option);
  if (mine && mine.at === outcome?.at && isOwn(mine, attempt))
    return `You have already answered: ${mine.option} via ${channelLabel(mine.channel)}${when}.`;
  return `Already answered: ${outcomeLine(state)}${when}.`;
}
