/** The workflow component: a step, an event, a step. */
import { vWorkflowId, type WorkflowId, WorkflowManager } from "@convex-dev/workflow";
import { anyApi, componentsGeneric, mutationGeneric, queryGeneric } from "convex/server";
import { v } from "convex/values";

// biome-ignore lint/suspicious/noExplicitAny: a fixture without generated code
const workflow = new WorkflowManager(componentsGeneric().workflow as any);
// biome-ignore lint/suspicious/noExplicitAny: a fixture without generated code
const counters = anyApi.counters as any;

export const wait = workflow.define({
  args: { name: v.string() },
  handler: async (step, { name }): Promise<void> => {
    await step.runMutation(counters.add, { name, by: 1 }, { inline: true });
    await step.awaitEvent({ name: "go" });
    await step.runMutation(counters.add, { name, by: 10 }, { inline: true });
  },
});

export const start = mutationGeneric({
  args: { name: v.string() },
  handler: async (ctx, { name }): Promise<string> =>
    await workflow.start(ctx, anyApi.flows!.wait! as never, { name } as never),
});

export const go = mutationGeneric({
  args: { workflowId: vWorkflowId },
  handler: async (ctx, { workflowId }) => {
    await workflow.sendEvent(ctx, { name: "go", workflowId: workflowId as WorkflowId });
  },
});

/** False while it is still running. */
export const cleanUp = mutationGeneric({
  args: { workflowId: vWorkflowId },
  handler: async (ctx, { workflowId }) => await workflow.cleanup(ctx, workflowId as WorkflowId),
});

export const status = queryGeneric({
  args: { workflowId: vWorkflowId },
  handler: async (ctx, { workflowId }) => (await workflow.status(ctx, workflowId as WorkflowId)).type,
});
