/** One step of a run in detail: what it was to do, its attempts, its question with every copy and answer. */
import type { Definition, FlowNode } from "../../src/flow/definition.ts";
import { own } from "../../src/flow/json.ts";
import { didYouMean } from "../../src/flow/suggest.ts";
import type { Signal } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { room } from "./bounded.ts";
import { votesOf } from "./cards.ts";
import { definitionOf } from "./definitions.ts";
import { fail } from "./errors.ts";
import { demandRun, errorOf, jobRows, type RunRef, type StepError, time, took } from "./run_analysis.ts";
import { approvalsOf } from "./run_timeline.ts";
import { shorten } from "./words.ts";

const MAX_VISITS = 20;
const MAX_ATTEMPTS = 20;
const MAX_COPIES = 20;
const MAX_OUTPUT = 4000;

export async function stepDetail(ctx: QueryCtx, ref: RunRef & { step: string }): Promise<Record<string, unknown>> {
  const run = await demandRun(ctx, ref);
  const workflow = await ctx.db.get("workflows", run.definitionId);
  const definition = workflow === null ? null : definitionOf(workflow);
  const rows = await visitsOf(ctx, run._id, ref.step);
  const nodeId = rows[0]?.nodeId ?? nodeNamed(definition, run, ref.step);
  const node = definition === null ? undefined : own(definition.nodes, nodeId);
  const jobs = (await jobRows(ctx, run._id, room(2))).filter((job) => job.nodeId === nodeId).slice(-MAX_ATTEMPTS);
  const errors = await signalErrors(ctx, jobs);
  const questions = (await approvalsOf(ctx, run._id, room(2))).filter((row) => row.nodeId === nodeId);
  return {
    runId: run._id,
    workflow: run.workflow,
    step: nodeId,
    type: node?.type ?? rows[0]?.type ?? null,
    toDo: node === undefined ? null : toDo(node),
    reached: rows.length > 0,
    visits: rows.map((row) => ({
      step: row.nodeKey,
      status: row.status,
      attempt: row.attempt,
      startedAt: time(row.startedAt),
      endedAt: time(row.endedAt),
      took: took(row.startedAt, row.endedAt),
      error: errorOf(row.error, row.errorInfo),
    })),
    attempts: jobs.map((job) => ({
      attempt: job.attempt,
      status: job.status,
      doneBy: job.agent ?? (job.kind === "command" ? "a machine with a sandbox" : "the step executor"),
      takenUp: job.claims,
      at: time(job.createdAt),
      endedAt: time(job.endedAt),
      error: errors.get(job._id) ?? errorOf(job.error, undefined),
      output: job.output === null ? null : shorten(job.output, MAX_OUTPUT),
    })),
    questions: await Promise.all(questions.slice(-MAX_ATTEMPTS).map((row) => questionView(ctx, row))),
  };
}

/** Newest last. `step` may be a visit (`review#2`) or a node, whose every visit it then is. */
async function visitsOf(ctx: QueryCtx, runId: Id<"runs">, step: string): Promise<Doc<"runNodes">[]> {
  const exact = await ctx.db
    .query("runNodes")
    .withIndex("by_runId_and_nodeKey", (q) => q.eq("runId", runId).eq("nodeKey", step.trim()))
    .unique();
  if (exact?.nodeKey.includes("#")) return [exact];
  const rows: Doc<"runNodes">[] = exact === null ? [] : [exact];
  for (let visit = 2; exact !== null && visit <= MAX_VISITS; visit++) {
    const again = await ctx.db
      .query("runNodes")
      .withIndex("by_runId_and_nodeKey", (q) => q.eq("runId", runId).eq("nodeKey", `${exact.nodeId}#${visit}`))
      .unique();
    if (again === null) break;
    rows.push(again);
  }
  return rows;
}

/** A step that was not reached is known by the definition. Throws `not_found` with the names there are. */
function nodeNamed(definition: Definition | null, run: Doc<"runs">, step: string): string {
  const names = Object.keys(definition?.nodes ?? {});
  const wanted = step.trim().toLowerCase();
  const found = names.find((name) => name.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const near = didYouMean(step.trim(), names);
  fail("not_found", `${run.workflow} has no step "${shorten(step, 60)}"`, {
    field: "step",
    remedy: near === null ? `its steps are ${names.slice(0, 30).join(", ")}` : `did you mean "${near}"?`,
  });
}

/** What the definition says of it, in short. Templates stand as they are written. */
function toDo(node: FlowNode): Record<string, unknown> {
  const told: Record<string, unknown> = { onFailure: node.onFailure };
  if ("work" in node) {
    const { functionId, agent, prompt, timeoutMs } = node.work;
    Object.assign(told, {
      functionId,
      agent,
      timeoutMs,
      prompt: prompt === null ? null : shorten(String(prompt), 1500),
    });
  }
  if ("retry" in node) told.furtherAttempts = node.retry.max;
  if (node.type === "approval") Object.assign(told, { options: node.options, approvers: node.approvers });
  return told;
}

async function questionView(ctx: QueryCtx, row: Doc<"approvals">): Promise<Record<string, unknown>> {
  const copies = await ctx.db
    .query("deliveries")
    .withIndex("by_approvalId", (q) => q.eq("approvalId", row._id))
    .take(MAX_COPIES);
  return {
    question: shorten(row.question, 600),
    options: row.options,
    status: row.status,
    asked: row.approvers,
    quorum: row.quorum,
    rule: row.rule ?? null,
    askedAt: time(row.createdAt),
    expiresAt: time(row.expiresAt),
    payload: row.payload === null ? null : shorten(row.payload, 1000),
    // Places may be telephone numbers, and who asks here need not know them.
    copies: copies.map(({ channel, status, error }) => ({ channel, status, error: errorText(error) })),
    answers: (await votesOf(ctx, row._id)).map(({ person, option, channel, reason, at }) => ({
      ...{ by: person, option, channel, reason: reason === null ? null : shorten(reason, 300), at: time(at) },
    })),
    outcome:
      row.outcome === null
        ? null
        : { ...row.outcome, reason: shorten(row.outcome.reason ?? "", 300) || null, at: time(row.outcome.at) },
  };
}

function errorText(error: string | null): string | null {
  if (error === null) return null;
  const { message, code } = JSON.parse(error) as { message?: string; code?: string };
  return `${shorten(message ?? "", 200)}${code === undefined ? "" : ` (${code})`}`;
}

/** The whole errors of jobs that failed: the job keeps the message, the signal that ended its wait keeps the rest. */
async function signalErrors(ctx: QueryCtx, jobs: Doc<"jobs">[]): Promise<Map<Id<"jobs">, StepError>> {
  const found = new Map<Id<"jobs">, StepError>();
  for (const job of jobs) {
    if (job.status !== "failed") continue;
    const row = await ctx.db
      .query("signals")
      .withIndex("by_key", (q) => q.eq("key", job.key))
      .unique();
    const signal = row === null ? null : (JSON.parse(row.signal) as Signal);
    if (signal?.kind !== "error") continue;
    const { code, message, remedy } = signal.error;
    found.set(job._id, { code, message: shorten(message, 600), remedy });
  }
  return found;
}
