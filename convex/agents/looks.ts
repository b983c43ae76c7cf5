/** What tools that only look return, and the facts a model is told beside the thread. */
import { v } from "convex/values";
import type { z } from "zod";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type QueryCtx } from "../_generated/server.js";
import { openInConversation } from "../model/agent_questions.ts";
import { openFor } from "../model/approvals.ts";
import { definitionOf } from "../model/definitions.ts";
import { fail } from "../model/errors.ts";
import type { Acting } from "../model/people.ts";
import { findRun, recentRuns } from "../model/run_lookup.ts";
import { viewRun } from "../model/run_view.ts";
import { waitWord } from "../model/run_words.ts";
import { summarizeSpend } from "../model/spend.ts";
import * as tasks from "../model/tasks.ts";
import { listTeam } from "../model/team.ts";
import { actingOf, demandTurn, recordCall } from "../model/tool_calls.ts";
import { shorten } from "../model/words.ts";
import { isReadTool, READ_TOOLS, type ReadToolName } from "./tool_schemas.ts";

const MAX_WORKFLOWS = 50;
const MAX_RUNS = 5;

interface Look {
  acting: Acting;
  turn: Doc<"turns">;
}
type Input<Name extends ReadToolName> = z.infer<(typeof READ_TOOLS)[Name]>;
type Looks = { [Name in ReadToolName]: (ctx: QueryCtx, look: Look, input: Input<Name>) => Promise<unknown> };

const LOOKS: Looks = {
  listFactoryTasks: async (ctx, { acting }, input) => {
    const mine = input.assignee !== undefined && /^(?:me|myself)$/i.test(input.assignee);
    return await tasks.listTasks(ctx, mine ? { ...input, assignee: acting.person.name } : input);
  },
  getProjectStatus: async (ctx, _look, { project }) => ({
    ...(await tasks.projectStatus(ctx, project)),
    runs: { running: await countRuns(ctx, "running"), waiting: await countRuns(ctx, "waiting") },
  }),
  listWorkflows: async (ctx) => ({ workflows: await workflows(ctx) }),
  runStatus: async (ctx, { acting }, { run }) => ({
    runs: await Promise.all((await findRuns(ctx, run)).map((row) => brief(ctx, row, acting))),
  }),
  // A code belongs to one person: in a shared place it would be shown to all.
  pendingQuestions: async (ctx, { acting, turn }) => ({
    questions: (await openFor(ctx, acting.person._id)).map(({ code, question, options }) => ({
      code: turn.private ? code : null,
      question,
      options,
    })),
  }),
  listFactoryTeam: async (ctx) => await listTeam(ctx, Date.now()),
  getTokenSpendSummary: async (ctx, _look, { by, of }) => await summarizeSpend(ctx, by ?? "agent", of ?? null),
};

/** JSON text; what refuses is a result too. Recorded, because the look was made for a person. */
export const look = internalMutation({
  args: { turnId: v.id("turns"), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, toolName, input }): Promise<string> => {
    const turn = await demandTurn(ctx, turnId);
    let error: string | null = null;
    let result: unknown;
    try {
      if (!isReadTool(toolName)) fail("not_found", `there is no tool "${toolName}"`);
      result = await run(ctx, toolName, { acting: await actingOf(ctx, turn), turn }, input);
    } catch (thrown) {
      const info = toErrorInfo(thrown);
      error = info.code;
      result = { error: { code: info.code, message: info.message, remedy: info.remedy } };
    }
    await recordCall(ctx, turn, { toolName, toolCallId: null, input, error });
    return JSON.stringify(result);
  },
});

async function run<Name extends ReadToolName>(ctx: QueryCtx, name: Name, what: Look, input: string): Promise<unknown> {
  return await LOOKS[name](ctx, what, READ_TOOLS[name].parse(JSON.parse(input)) as Input<Name>);
}

/** Whom the turn serves, what is open for them, what can be started. Text of others stands in JSON, as data. */
export const facts = internalQuery({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<string> => {
    const turn = await demandTurn(ctx, turnId);
    const person = await ctx.db.get("people", turn.personId);
    const open = await openFor(ctx, turn.personId);
    return JSON.stringify({
      person: person?.name ?? null,
      roles: person?.roles ?? [],
      place: turn.private ? "private" : "shared with others",
      openQuestions: open.slice(0, 10).map(({ code, question, options }) => ({
        question: shorten(question, 300),
        options,
        ...(turn.private ? { code } : {}),
      })),
      askedByYou: (await openInConversation(ctx, turn.conversationId)).map(({ question, asked }) => ({
        question: shorten(question, 300),
        asked,
      })),
      workflows: (await workflows(ctx)).map(({ name, title, inputs }) => ({ name, title, inputs })),
    });
  },
});

async function workflows(
  ctx: QueryCtx,
): Promise<{ name: string; title: string; description: string | null; inputs: string[] }[]> {
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
    .take(MAX_WORKFLOWS);
  return rows.map((row) => ({
    name: row.name,
    title: row.title,
    description: row.description,
    inputs: inputNames(definitionOf(row).inputs),
  }));
}

/** `version`, `environment?`: the properties of the inputs' schema, those that may be left out with a question mark. */
function inputNames(schema: unknown): string[] {
  if (schema === null || typeof schema !== "object") return [];
  const { properties, required } = schema as { properties?: Record<string, unknown>; required?: string[] };
  return Object.keys(properties ?? {}).map((name) => (required?.includes(name) ? name : `${name}?`));
}

async function countRuns(ctx: QueryCtx, status: "running" | "waiting"): Promise<number> {
  const rows = await ctx.db
    .query("runs")
    .withIndex("by_status", (q) => q.eq("status", status))
    .take(tasks.COUNT_LIMIT);
  return rows.length;
}

/** One run, or the newest ones of all. */
async function findRuns(ctx: QueryCtx, reference: string | undefined): Promise<Doc<"runs">[]> {
  if (reference === undefined) return await recentRuns(ctx, null, MAX_RUNS);
  const found = await findRun(ctx, reference);
  return found === null ? [] : [found];
}

async function brief(ctx: QueryCtx, row: Doc<"runs">, acting: Acting): Promise<unknown> {
  const view = await viewRun(ctx, row, acting.person._id);
  const last = view.nodes.at(-1);
  return {
    runId: view.runId,
    workflow: view.workflow,
    title: view.title,
    status: view.status,
    step: last?.id ?? null,
    steps: view.nodes.slice(-20).map((node) => ({ id: node.id, status: node.status, error: node.error })),
    waitingFor: view.waitingFor.map(waitWord),
    result: shorten(view.result, 500),
    error: view.error,
  };
}
