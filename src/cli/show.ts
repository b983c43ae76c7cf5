/** Runs and approvals as text for people. Pure. */
import { duration, escapeText, when } from "../../channels/index.ts";
import type { ApprovalDetail } from "../bot/backend.ts";
import type { RunView, WaitingFor } from "../contract/run.ts";
import { cancelledWords, overWords } from "../flow/outcome.ts";
import { fields, type Painter, table } from "./output.ts";

const zone = () => ({ now: Date.now(), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone });
export const timeOf = (at: number): string => when(at, zone());
export const time = (at: number | null): string | null => (at === null ? null : timeOf(at));
export const json = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

const COLOURS = {
  running: "cyan",
  waiting: "yellow",
  completed: "green",
  failed: "red",
  cancelled: "magenta",
} as const;
export const statusText = (status: string, paint: Painter): string => {
  const colour = (COLOURS as Record<string, (typeof COLOURS)[keyof typeof COLOURS]>)[status];
  return colour === undefined ? status : paint(colour, status);
};

export function waitingText(waiting: WaitingFor): string {
  switch (waiting.kind) {
    case "approval": {
      const options = waiting.options.length === 0 ? "" : ` [${waiting.options.join(", ")}]`;
      const until = waiting.expiresAt === null ? "" : `, expires ${time(waiting.expiresAt)}`;
      return `${waiting.code === null ? "question" : `question ${waiting.code}`}: ${waiting.question}${options}${until}`;
    }
    case "wait":
      return `until ${time(waiting.until)}`;
    case "job":
      return `job ${waiting.jobId}`;
    case "event":
      return `event ${waiting.name}`;
    case "run":
      return `run ${waiting.runId}`;
  }
}

export function runText(run: RunView, paint: Painter): string {
  const took = run.endedAt === null ? null : duration(run.endedAt - run.startedAt);
  const head = fields(
    [
      ["run", run.runId],
      ["workflow", `${run.workflow} (version ${run.version})${run.title === run.workflow ? "" : `: ${run.title}`}`],
      ["status", took === null ? run.status : endText(run, took)],
      ["started", `${time(run.startedAt)} by ${run.startedBy}`],
      ["input", isEmpty(run.input) ? null : json(run.input)],
      ["waits for", run.waitingFor.length === 0 ? null : run.waitingFor.map(waitingText).join("\n")],
      ["result", run.result === null || run.result === undefined ? null : json(run.result)],
      ["error", run.error],
    ],
    paint,
  );
  if (run.nodes.length === 0) return head;
  const rows = run.nodes.map((node) => [
    node.id,
    node.type,
    node.attempt > 1 ? `${node.status} (try ${node.attempt})` : node.status,
    node.startedAt === null || node.endedAt === null ? "" : duration(node.endedAt - node.startedAt),
    node.error ?? "",
  ]);
  return `${head}\n\n${table(["node", "type", "status", "took", ""], rows, paint)}`;
}

const endText = ({ status, cancelled }: RunView, took: string): string =>
  cancelled === undefined ? `${status} after ${took}` : `${cancelledWords(cancelled)} (after ${took})`;

/** What a run has come to; only one that goes on may have a result yet. */
export function resultText({ runId, status, result, error, cancelled, endedAt }: RunView): string {
  if (status === "completed") return escapeText(json(result));
  if (error !== null) return error;
  if (endedAt === null) return `${runId} is ${status}; it has no result yet`;
  const over = cancelled === undefined ? overWords(status) : `was ${cancelledWords(cancelled)}`;
  return `${runId} ${over}; it has no result`;
}

const isEmpty = (value: unknown) =>
  value === null || value === undefined || (typeof value === "object" && Object.keys(value).length === 0);

/** One line, for a list or a live view. */
export function runLine(run: RunView): string[] {
  const waiting = run.waitingFor.map(waitingText).join("; ");
  const why = run.cancelled === undefined ? run.error : cancelledWords(run.cancelled);
  return [run.runId, run.title, run.status, time(run.startedAt) ?? "", why ?? waiting];
}

export function approvalText(approval: ApprovalDetail, paint: Painter): string {
  const head = fields(
    [
      ["question", approval.question],
      ["code", approval.code],
      ["id", approval.approvalId],
      ["status", approval.status],
      ["options", approval.options.map((option, index) => `${index + 1}  ${option}`).join("\n")],
      ["approvers", approval.approvers.join(", ")],
      ["votes", approval.quorum > 1 ? `${approval.votes.length} of ${approval.quorum}` : null],
      ["asked by", approval.requestedBy],
      ["asked", time(approval.createdAt)],
      ["expires", time(approval.expiresAt)],
      [
        "run",
        approval.runId === null
          ? null
          : `${approval.runId}${approval.nodeId === null ? "" : `, node ${approval.nodeId}`}`,
      ],
      ["payload", approval.payloadHash === null ? null : `${json(approval.payload)}\n${approval.payloadHash}`],
      ["approved", approval.approvedPayload === null ? null : `${approval.approvedPayload}\n${approval.approvedHash}`],
      ["replaced by", approval.supersededBy],
      ["outcome", outcomeText(approval)],
    ],
    paint,
  );
  const votes = approval.votes.map((vote) => [
    vote.person,
    vote.option,
    vote.channel,
    vote.reason ?? "",
    time(vote.at) ?? "",
  ]);
  const copies = approval.deliveries.map((copy) => [copy.place, copy.status, copy.receipt ?? "", copy.error ?? ""]);
  return [
    head,
    ...(votes.length === 0 ? [] : ["", table(["vote of", "option", "via", "reason", "at"], votes, paint)]),
    ...(copies.length === 0 ? [] : ["", table(["copy at", "status", "receipt", ""], copies, paint)]),
  ].join("\n");
}

function outcomeText({ outcome, status }: ApprovalDetail): string | null {
  if (outcome === null) return null;
  const what = outcome.option ?? status;
  const via = outcome.channel === null ? "" : ` via ${outcome.channel}`;
  const how = outcome.by === null ? what : `${what} by ${outcome.by}${via}`;
  return `${how}, ${time(outcome.at)}${outcome.reason === null ? "" : `: ${outcome.reason}`}`;
}
