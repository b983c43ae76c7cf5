/** Effects of a transition as rows and schedules, in the transaction of the advance. One function an effect. */
import { makeFunctionReference } from "convex/server";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Json } from "../../src/flow/definition.ts";
import type { Ask, Effect, Finish, NodeProgress, Signal, StartWork } from "../../src/flow/types.ts";
import type { Id } from "../_generated/dataModel.js";
import type { Advance } from "./advance.ts";
import { failedBy } from "./advance.ts";
import { askForRun } from "./ask.ts";
import { fail } from "./errors.ts";
import { functionSpec, NEEDS_APPROVAL } from "./functions.ts";
import * as jobs from "./jobs.ts";
import { toJsonText } from "./json.ts";
import { lacking, performerOf } from "./performers.ts";
import { judgeQuestion, judgeWork } from "./policy.ts";
import { cancelByKey, supersedeByKey } from "./settle.ts";
import { waitKey } from "./signals.ts";

/** What an effect means for the advance itself. */
export type Acted =
  | { kind: "done" }
  /** The wait has ended already: an inline function's result, or a refusal. */
  | { kind: "signal"; waitId: string; signal: Signal }
  | { kind: "variable"; name: string; value: Json | undefined }
  | { kind: "node"; node: NodeProgress }
  | { kind: "finish"; finish: Finish };

const DONE: Acted = { kind: "done" };

const timerDue = makeFunctionReference<"mutation", { key: string }, null>("runs:timerDue");
const startChild = makeFunctionReference<
  "mutation",
  { parentId: Id<"runs">; waitId: string; workflow: string; input: string },
  null
>("runs:startChild");
const cancelChild = makeFunctionReference<"mutation", { parentId: Id<"runs">; waitId: string; reason: string }, null>(
  "runs:cancelChild",
);

export async function act(advance: Advance, effect: Effect): Promise<Acted> {
  const { ctx, run } = advance;
  switch (effect.kind) {
    case "setVariable":
      return { kind: "variable", name: effect.name, value: effect.value };
    case "deleteVariable":
      return { kind: "variable", name: effect.name, value: undefined };
    case "node":
      return { kind: "node", node: effect };
    case "finish":
      return { kind: "finish", finish: effect };
    case "startWork":
      return await startWork(advance, effect);
    case "ask":
      return await ask(advance, effect);
    case "setTimer":
      await setTimer(advance, effect.waitId, effect.nodeId, effect.at);
      return DONE;
    case "awaitEvent": {
      const { waitId, name, key: eventKey } = effect;
      const key = waitKey(run._id, waitId);
      await ctx.db.insert("eventWaits", { runId: run._id, waitId, key, name, eventKey, open: true });
      return DONE;
    }
    case "startRun": {
      // In a transaction of its own: a child may end at once and signal its parent, which is advancing here.
      const input = toJsonText(effect.input, "input");
      await ctx.scheduler.runAfter(0, startChild, {
        parentId: run._id,
        waitId: effect.waitId,
        workflow: effect.workflow,
        input,
      });
      return DONE;
    }
    case "closeWait":
      await closeWait(advance, effect);
      return DONE;
  }
}

async function startWork(advance: Advance, work: StartWork): Promise<Acted> {
  const { ctx, run } = advance;
  const spec = functionSpec(work.functionId);
  const refuse = (signal: Signal): Acted => ({ kind: "signal", waitId: work.waitId, signal });
  if (spec === null) {
    return refuse({ kind: "error", error: errorInfo("not_found", `there is no function ${work.functionId}`) });
  }
  const agent = performerOf(run, work.agent);
  const error = (await lacking(ctx, run, work, spec.capability, agent)) ?? unapproved(advance, work);
  if (error !== null) return refuse({ kind: "error", error });
  const held = await judgeWork(ctx, run, work, agent);
  if (held !== null) return refuse(held);
  if (spec.kind === "job") {
    await jobs.create(ctx, run, { ...work, agent }, spec.job);
    return DONE;
  }
  const call = {
    args: toJsonText(work.args, "args"),
    key: `${run._id}/${work.key}`,
    runId: run._id,
    nodeId: work.nodeId,
    personId: run.startedBy,
  };
  try {
    const output = await ctx.runMutation(spec.ref, { call });
    return refuse({ kind: "result", output: JSON.parse(output) as Json });
  } catch (thrown) {
    return refuse({ kind: "error", error: failedBy(thrown) });
  }
}

/** `tool::shell_exec` and its kin: compiled behind a question, and looked at once more here. Null: approved, or it needs no yes. */
function unapproved(advance: Advance, work: StartWork): ErrorInfo | null {
  if (!NEEDS_APPROVAL.has(work.functionId)) return null;
  const verdict = advance.variables[`${work.nodeId.replaceAll("-", "_")}_approval`];
  const option = typeof verdict === "object" && verdict !== null && "option" in verdict ? verdict.option : null;
  if (option === "approve") return null;
  return errorInfo("forbidden", `${work.functionId} was not approved`, { field: work.nodeId });
}

async function ask(advance: Advance, effect: Ask): Promise<Acted> {
  const { ctx, run } = advance;
  const { waitId } = effect;
  try {
    demandReadable(effect);
    // What a policy itself wants asked is as strict as the policy wants it.
    const { question, rule, error } =
      effect.purpose === "hold"
        ? { question: effect, rule: effect.rule ?? null, error: null }
        : await judgeQuestion(ctx, run, effect);
    if (error !== null) return { kind: "signal", waitId: effect.waitId, signal: { kind: "error", error } };
    await askForRun(ctx, run, question, rule);
    return DONE;
  } catch (thrown) {
    // For example nobody holds the role: a question that nobody can answer must not park a run for ever. Nor may one that was made
    // in part stay open when its run goes on without it.
    await cancelByKey(ctx, waitKey(run._id, waitId), "it could not be asked");
    return { kind: "signal", waitId, signal: { kind: "error", error: failedBy(thrown) } };
  }
}

/** What a person can read, and what leaves room in a row for every copy with its votes and its outcome, also after escaping. */
const MAX_QUESTION_CHARACTERS = 4000;
const MAX_PAYLOAD_BYTES = 256 * 1024;

function demandReadable({ question, payload }: Ask): void {
  if (question.length > MAX_QUESTION_CHARACTERS) {
    fail(
      "too_large",
      `the question has ${question.length} characters; at most ${MAX_QUESTION_CHARACTERS} can be asked`,
      {
        field: "question",
        remedy: "put the details into its payload",
      },
    );
  }
  toJsonText(payload, "payload", MAX_PAYLOAD_BYTES);
}

async function setTimer(advance: Advance, waitId: string, nodeId: string, dueAt: number): Promise<void> {
  const { ctx, run } = advance;
  const key = waitKey(run._id, waitId);
  const scheduledId = await ctx.scheduler.runAt(dueAt, timerDue, { key });
  await ctx.db.insert("timers", { runId: run._id, waitId, key, nodeId, dueAt, scheduledId, status: "pending" });
}

async function closeWait(advance: Advance, effect: Extract<Effect, { kind: "closeWait" }>): Promise<void> {
  const { ctx, run } = advance;
  const { waitId, wait: kind, reason, superseded = false } = effect;
  const key = waitKey(run._id, waitId);
  if (kind === "timer" || kind === "event") {
    const timers = await ctx.db
      .query("timers")
      .withIndex("by_key", (q) => q.eq("key", key))
      .collect();
    for (const timer of timers) {
      if (timer.status !== "pending") continue;
      await ctx.db.patch("timers", timer._id, { status: "cancelled" });
      await ctx.scheduler.cancel(timer.scheduledId);
    }
  }
  if (kind === "event") {
    const row = await ctx.db
      .query("eventWaits")
      .withIndex("by_key", (q) => q.eq("key", key))
      .unique();
    if (row?.open) await ctx.db.patch("eventWaits", row._id, { open: false });
  }
  if (kind === "work") await jobs.cancel(ctx, key);
  if (kind === "approval") await (superseded ? supersedeByKey : cancelByKey)(ctx, key, reason);
  if (kind === "run") await ctx.scheduler.runAfter(0, cancelChild, { parentId: run._id, waitId, reason });
}
