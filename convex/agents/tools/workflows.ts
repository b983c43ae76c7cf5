/** Workflows and how their runs stand. */
import { z } from "zod";
import type { Json } from "../../../src/flow/definition.ts";
import { coerceInput } from "../../../src/flow/schema.ts";
import type { Doc } from "../../_generated/dataModel.js";
import type { QueryCtx } from "../../_generated/server.js";
import { definitionOf } from "../../model/definitions.ts";
import type { Acting } from "../../model/people.ts";
import { findRun, recentRuns } from "../../model/run_lookup.ts";
import { viewRun } from "../../model/run_view.ts";
import { waitWord } from "../../model/run_words.ts";
import { startRun } from "../../model/runs.ts";
import { originOf } from "../../model/turns.ts";
import { shorten } from "../../model/words.ts";
import { demandLatest, startable } from "../../model/workflows.ts";
import { effect, look } from "./define.ts";

const MAX_RUNS = 5;

export const workflowTools = {
  listWorkflows: look({
    description: "List the workflows that can be started, with the inputs each one takes.",
    input: z.object({}),
    run: async (ctx) => ({ workflows: await startable(ctx) }),
  }),
  runStatus: look({
    description: "Tell how runs of workflows stand: steps, what they wait for, results, errors.",
    input: z.object({
      run: z
        .string()
        .optional()
        .describe("Id of a run, or a workflow's name for its newest run; leave out for the latest runs"),
    }),
    run: async (ctx, { acting }, { run }) => ({
      runs: await Promise.all((await findRuns(ctx, run)).map((row) => brief(ctx, row, acting))),
    }),
  }),
  startWorkflow: effect({
    description: "Start a run of a workflow. It asks its questions by itself where they belong.",
    input: z.object({
      workflow: z.string().describe("Name of a workflow as listWorkflows gives it"),
      inputs: z
        .record(z.string(), z.unknown())
        .optional()
        .describe('The workflow\'s inputs by name, for example {"version": "1.2", "environment": "production"}'),
      title: z.string().optional().describe("A title for this run"),
    }),
    run: async (ctx, { acting, turn, toolCallId }, { workflow, inputs, title }) => {
      const definition = definitionOf(await demandLatest(ctx, workflow));
      const run = await startRun(ctx, {
        acting,
        workflow,
        definition: null,
        input: JSON.stringify(coerced(definition.inputs, inputs ?? {})),
        title: title ?? null,
        origin: await originOf(ctx, turn),
        requestKey: `tool:${turn._id}:${toolCallId}`,
      });
      const { runId, status, waitingFor, ...view } = await viewRun(ctx, run, null);
      return { runId, workflow: view.workflow, title: view.title, status, waitingFor };
    },
  }),
};

/** Text where the workflow wants a number or a yes/no is read as one: models and people write `"3"`. */
function coerced(schema: Json, inputs: Record<string, unknown>): Record<string, unknown> {
  const words = Object.entries(inputs).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { ...inputs, ...coerceInput(schema, Object.fromEntries(words)) };
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
