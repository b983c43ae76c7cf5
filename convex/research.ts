/**
 * A flow of several agents written as code, beside the driver: research, then an analysis of what was found, each by an agent of its
 * own in a thread of its own. The durable workflow keeps its place; each step keeps its work in its thread, so a step that is tried
 * again goes on from there and does nothing twice.
 *
 * Like the driver's, the step sequence of a parked `flow` must not change: a change needs a second flow beside it.
 */
import {
  cancel as cancelWorkflow,
  defineWorkflow,
  start as startWorkflow,
  vResultValidator,
} from "@convex-dev/workflow";
import { v } from "convex/values";
import { components, internal } from "./_generated/api.js";
import type { Doc, Id } from "./_generated/dataModel.js";
import { internalMutation, type QueryCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { doneBy, record } from "./model/audit.ts";
import { progressOf } from "./model/conversations.ts";
import { fail } from "./model/errors.ts";
import { resolveActor } from "./model/people.ts";
import { demand } from "./model/rights.ts";
import { vActor } from "./model/validators.ts";

const MAX_TOPIC = 4000;
/** A model that is away for a minute does not end a research. */
const RETRY = { maxAttempts: 4, initialBackoffMs: 1000, base: 4 };

export const flow = defineWorkflow(components.workflow, {
  args: { researchId: v.id("research"), topic: v.string() },
}).handler(async (step, { researchId, topic }): Promise<void> => {
  const ask = async (name: string, prompt: string): Promise<string> => {
    await step.runMutation(internal.research.openThread, { researchId, step: name, prompt }, { name: `open ${name}` });
    return await step.runAction(
      internal.agents.researcher.generate,
      { researchId, step: name },
      { name, retry: RETRY },
    );
  };
  const findings = await ask("research", `Research this topic: ${topic}`);
  const analysis = await ask("analysis", `Analyse what was found about "${topic}":\n\n${findings}`);
  await step.runMutation(internal.research.keep, { researchId, findings, analysis }, { name: "keep" });
});

export interface ResearchView {
  researchId: string;
  topic: string;
  status: "running" | "completed" | "failed" | "cancelled";
  findings: string | null;
  analysis: string | null;
  error: string | null;
}

export const start = gatewayMutation({
  args: { actor: vActor, topic: v.string(), requestKey: v.string() },
  handler: async (ctx, { actor, topic, requestKey }): Promise<ResearchView> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "agents.use");
    const before = await ctx.db
      .query("research")
      .withIndex("by_requestKey", (q) => q.eq("requestKey", requestKey))
      .unique();
    if (before !== null) return view(before);
    const text = topic.trim();
    if (text === "" || text.length > MAX_TOPIC) {
      fail("invalid_input", `a topic has 1 to ${MAX_TOPIC} characters`, { field: "topic" });
    }
    const researchId = await ctx.db.insert("research", {
      requestKey,
      topic: text,
      personId: acting.person._id,
      workflowId: null,
      status: "running",
      findings: null,
      analysis: null,
      error: null,
      endedAt: null,
    });
    await record(ctx, {
      subject: `research:${researchId}`,
      kind: "research.started",
      ...doneBy(acting),
      detail: { topic: text },
    });
    const workflowId = await startWorkflow(
      ctx,
      internal.research.flow,
      { researchId, topic: text },
      { onComplete: internal.research.ended, context: { researchId }, startAsync: true },
    );
    await ctx.db.patch("research", researchId, { workflowId });
    return view((await ctx.db.get("research", researchId))!);
  },
});

/** Null: there is no such research. */
export const get = gatewayQuery({
  args: { researchId: v.string() },
  handler: async (ctx, { researchId }): Promise<ResearchView | null> => {
    const row = await find(ctx, researchId);
    return row === null ? null : view(row);
  },
});

/** One that is over stays as it is. */
export const cancel = gatewayMutation({
  args: { actor: vActor, researchId: v.string() },
  handler: async (ctx, { actor, researchId }): Promise<ResearchView> => {
    const acting = await resolveActor(ctx, actor);
    demand(acting, "agents.use");
    const row = await find(ctx, researchId);
    if (row === null) fail("not_found", `there is no research "${researchId}"`);
    if (row.status === "running" && row.workflowId !== null) {
      await ctx.db.patch("research", row._id, { status: "cancelled", endedAt: Date.now() });
      await cancelWorkflow(ctx, components.workflow, row.workflowId as never);
    }
    return view((await ctx.db.get("research", row._id))!);
  },
});

async function find(ctx: QueryCtx, researchId: string): Promise<Doc<"research"> | null> {
  const id = ctx.db.normalizeId("research", researchId);
  return id === null ? null : await ctx.db.get("research", id);
}

const view = (row: Doc<"research">): ResearchView => ({
  researchId: row._id,
  topic: row.topic,
  status: row.status,
  findings: row.findings,
  analysis: row.analysis,
  error: row.error,
});

/** The step's thread with its prompt, once for each step: called again it changes nothing. */
export const openThread = internalMutation({
  args: { researchId: v.id("research"), step: v.string(), prompt: v.string() },
  handler: async (ctx, { researchId, step, prompt }): Promise<null> => {
    if ((await threadOf(ctx, researchId, step)) !== null) return null;
    const { _id: threadId } = await ctx.runMutation(components.agent.threads.createThread, {
      title: `${step}: ${researchId}`,
    });
    const { messages } = await ctx.runMutation(components.agent.messages.addMessages, {
      threadId,
      messages: [{ message: { role: "user", content: prompt } }],
    });
    await ctx.db.insert("researchThreads", { researchId, step, threadId, promptMessageId: messages.at(-1)!._id });
    return null;
  },
});

/** Where a step's work stands. `output` null: not answered yet. */
export const standing = internalMutation({
  args: { researchId: v.id("research"), step: v.string() },
  handler: async (
    ctx,
    { researchId, step },
  ): Promise<{ threadId: string; promptMessageId: string; output: string | null }> => {
    const thread = await threadOf(ctx, researchId, step);
    if (thread === null) fail("not_found", `the research has no step "${step}"`);
    const { threadId, promptMessageId } = thread;
    const { complete, texts } = await progressOf(ctx, thread, promptMessageId);
    return { threadId, promptMessageId, output: complete ? texts.join("\n\n") : null };
  },
});

async function threadOf(
  ctx: QueryCtx,
  researchId: Id<"research">,
  step: string,
): Promise<Doc<"researchThreads"> | null> {
  return await ctx.db
    .query("researchThreads")
    .withIndex("by_researchId_and_step", (q) => q.eq("researchId", researchId).eq("step", step))
    .unique();
}

export const keep = internalMutation({
  args: { researchId: v.id("research"), findings: v.string(), analysis: v.string() },
  handler: async (ctx, { researchId, findings, analysis }): Promise<null> => {
    const row = await ctx.db.get("research", researchId);
    if (row?.status === "running") {
      await ctx.db.patch("research", researchId, { status: "completed", findings, analysis, endedAt: Date.now() });
    }
    return null;
  },
});

/** Called by the library when the flow ends, however it ends. */
export const ended = internalMutation({
  args: { workflowId: v.string(), result: vResultValidator, context: v.object({ researchId: v.id("research") }) },
  handler: async (ctx, { workflowId, result, context }): Promise<null> => {
    const row = await ctx.db.get("research", context.researchId);
    if (row?.status === "running") {
      const error = result.kind === "failed" ? (result.error.split("\n", 1)[0] ?? "") : null;
      const status = result.kind === "failed" ? "failed" : "cancelled";
      await ctx.db.patch("research", row._id, { status, error, endedAt: Date.now() });
    }
    await ctx.runMutation(components.workflow.workflow.cleanup, { workflowId });
    return null;
  },
});
