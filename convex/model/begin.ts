/** The beginning of a run, when the policy lets it begin: at once, or after somebody has said yes. */
import { errorInfo, toErrorInfo } from "../../src/contract/errors.ts";
import type { Json } from "../../src/flow/definition.ts";
import { HOLD_OPTIONS } from "../../src/flow/hold.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { ask } from "./ask.ts";
import { startDriver } from "./driver.ts";
import { failRun } from "./finish.ts";
import { judgeStart } from "./policy.ts";
import { START_WAIT, waitKey } from "./signals.ts";

/** Never throws for what the policy says: a run that is blocked has failed, visibly and in the record. */
export async function beginRun(ctx: MutationCtx, runId: Id<"runs">): Promise<void> {
  const run = (await ctx.db.get("runs", runId))!;
  const judged = await judgeStart(ctx, run);
  if (judged.kind === "block") {
    await failRun(ctx, run, judged.error);
  } else if (judged.kind === "ask") {
    await holdStart(ctx, run, judged);
  } else {
    await startDriver(ctx, runId);
  }
}

async function holdStart(
  ctx: MutationCtx,
  run: Doc<"runs">,
  { question, rule }: Extract<Awaited<ReturnType<typeof judgeStart>>, { kind: "ask" }>,
): Promise<void> {
  const { approvers, quorum, fourEyes, tier, channels } = rule;
  try {
    await ask(ctx, {
      ...{ key: waitKey(run._id, START_WAIT), question, options: HOLD_OPTIONS, freeText: false },
      ...{ approvers, quorum, fourEyes, tier, channels, rule: rule.name, agent: null, form: null },
      payload: { workflow: run.workflow, version: run.version, input: JSON.parse(run.input) as Json },
      reasonRequired: rule.reasonRequired ? ["deny"] : [],
      ...{ expiresAt: null, remindAfterMs: null, escalate: [] },
      ...{ requestedBy: run.startedBy, requestedByShown: run.startedByShown, requester: run.requester },
      ...{ origin: run.origin, workflow: run.title, runId: run._id, waitId: START_WAIT, nodeId: null },
    });
    await ctx.db.patch("runs", run._id, { status: "waiting" });
  } catch (thrown) {
    // Nobody can be asked: then nobody can allow it.
    await failRun(ctx, run, toErrorInfo(thrown));
  }
}

/** Somebody answered the question before the start. */
export async function startDecided(
  ctx: MutationCtx,
  runId: Id<"runs">,
  verdict: { option: string; by: string | null; reason: string | null },
): Promise<void> {
  const run = await ctx.db.get("runs", runId);
  if (run === null || run.endedAt !== null || run.driverId !== null || run.state !== "") return;
  if (verdict.option === "approve") {
    await ctx.db.patch("runs", runId, { status: "running" });
    await startDriver(ctx, runId);
    return;
  }
  const why = verdict.reason === null ? "" : `: ${verdict.reason}`;
  await failRun(
    ctx,
    run,
    errorInfo("forbidden", `the start was not approved, denied by ${verdict.by ?? "somebody"}${why}`),
  );
}
