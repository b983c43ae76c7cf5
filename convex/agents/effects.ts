/** What tools with an effect do. Runs inside `turns.effect`, which keeps it to once a call and saves the result with it. */
import { v } from "convex/values";
import type { z } from "zod";
import type { Json } from "../../src/flow/definition.ts";
import { coerceInput } from "../../src/flow/schema.ts";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, type MutationCtx } from "../_generated/server.js";
import { raiseQuestion } from "../model/agent_questions.ts";
import { openSession, sayInChannel } from "../model/channel_messages.ts";
import { definitionOf } from "../model/definitions.ts";
import { fail } from "../model/errors.ts";
import type { Acting } from "../model/people.ts";
import { viewRun } from "../model/run_view.ts";
import { startRun } from "../model/runs.ts";
import * as tasks from "../model/tasks.ts";
import { actingOf, demandTurn } from "../model/tool_calls.ts";
import { demandLatest } from "../model/workflows.ts";
import { EFFECT_TOOLS, type EffectToolName, isEffectTool } from "./tool_schemas.ts";

interface Call {
  acting: Acting;
  turn: Doc<"turns">;
  toolCallId: string;
}
type Input<Name extends EffectToolName> = z.infer<(typeof EFFECT_TOOLS)[Name]>;
type Effects = { [Name in EffectToolName]: (ctx: MutationCtx, call: Call, input: Input<Name>) => Promise<unknown> };

/** `me` in an argument is the person served. */
const named = (acting: Acting, name: string): string =>
  /^(?:me|myself)$/i.test(name.trim()) ? acting.person.name : name;

const EFFECTS: Effects = {
  createTask: async (ctx, { acting }, { assignee, ...task }) => ({
    task: await tasks.createTask(ctx, acting, {
      ...task,
      ...(assignee === undefined ? {} : { assignee: named(acting, assignee) }),
    }),
  }),
  assignTask: async (ctx, { acting }, { task, assignee }) => ({
    task: await tasks.assignTask(ctx, acting, { task, assignee: named(acting, assignee) }),
  }),
  transitionTask: async (ctx, { acting }, input) => ({ task: await tasks.transitionTask(ctx, acting, input) }),
  startWorkflow: async (ctx, { acting, turn, toolCallId }, { workflow, inputs, title }) => {
    const conversation = await ctx.db.get("conversations", turn.conversationId);
    const definition = definitionOf(await demandLatest(ctx, workflow));
    const run = await startRun(ctx, {
      acting,
      workflow,
      definition: null,
      input: JSON.stringify(coerced(definition.inputs, inputs ?? {})),
      title: title ?? null,
      origin: { place: turn.place, threadKey: conversation?.key ?? null, private: turn.private },
      requestKey: `tool:${turn._id}:${toolCallId}`,
    });
    const view = await viewRun(ctx, run, null);
    return {
      runId: view.runId,
      workflow: view.workflow,
      title: view.title,
      status: view.status,
      waitingFor: view.waitingFor,
    };
  },
  sendChannelMessage: async (ctx, { acting, turn, toolCallId }, { channel, text }) =>
    await sayInChannel(ctx, { acting, turn, key: toolCallId, channel, text }),
  createSession: async (ctx, { acting, turn, toolCallId }, { channel, topic, text }) =>
    await openSession(ctx, { acting, turn, key: toolCallId, channel, topic, text: text ?? null }),
  requestHumanInput: async (ctx, { acting, turn, toolCallId }, input) =>
    await raiseQuestion(ctx, { acting, turn, toolCallId, agent: "factoryManager" }, input),
};

/** Text where the workflow wants a number or a yes/no is read as one: models and people write `"3"`. */
function coerced(schema: Json, inputs: Record<string, unknown>): Record<string, unknown> {
  const words = Object.entries(inputs).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { ...inputs, ...coerceInput(schema, Object.fromEntries(words)) };
}

/** The result as JSON text. Throws what refuses; the caller makes it the call's result. */
export const perform = internalMutation({
  args: { turnId: v.id("turns"), toolCallId: v.string(), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, toolCallId, toolName, input }): Promise<string> => {
    const turn = await demandTurn(ctx, turnId);
    if (!isEffectTool(toolName)) fail("not_found", `there is no tool "${toolName}"`);
    const acting = await actingOf(ctx, turn);
    return JSON.stringify(await run(ctx, toolName, { acting, turn, toolCallId }, input));
  },
});

async function run<Name extends EffectToolName>(
  ctx: MutationCtx,
  name: Name,
  call: Call,
  input: string,
): Promise<unknown> {
  const parsed = EFFECT_TOOLS[name].safeParse(JSON.parse(input));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    fail("invalid_input", `${name}: ${issue?.path.join(".") ?? "input"}: ${issue?.message ?? "invalid"}`);
  }
  return await EFFECTS[name](ctx, call, parsed.data as Input<Name>);
}
