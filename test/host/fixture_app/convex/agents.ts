/** The agent component with a model that answers from a script: one tool call, then text. */

import type { LanguageModelV4, LanguageModelV4GenerateResult, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { Agent, createTool, stepCountIs } from "@convex-dev/agent";
import type { ToolSet } from "ai";
import { actionGeneric, anyApi, componentsGeneric, type GenericActionCtx, type GenericDataModel } from "convex/server";
import { z } from "zod";

// biome-ignore lint/suspicious/noExplicitAny: a fixture without generated code
const components = componentsGeneric() as any;

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

function answer(prompt: unknown): LanguageModelV4GenerateResult {
  const asked = JSON.stringify(prompt).includes("tool-result");
  return {
    content: asked
      ? [{ type: "text", text: "The counter stands at what the tool said." }]
      : [
          {
            type: "tool-call",
            toolCallId: "call-1",
            toolName: "readCounter",
            input: JSON.stringify({ name: "agent" }),
          },
        ],
    finishReason: { unified: asked ? "stop" : "tool-calls", raw: undefined },
    usage,
    warnings: [],
  };
}

const model: LanguageModelV4 = {
  specificationVersion: "v4",
  provider: "fixture",
  modelId: "script",
  supportedUrls: {},
  doGenerate: async ({ prompt }) => answer(prompt),
  doStream: async ({ prompt }) => {
    const result = answer(prompt);
    const stream = new ReadableStream<LanguageModelV4StreamPart>({
      start(controller) {
        controller.enqueue({ type: "stream-start", warnings: [] });
        for (const part of result.content) {
          if (part.type === "text") {
            controller.enqueue({ type: "text-start", id: "1" });
            for (const word of part.text.split(" "))
              controller.enqueue({ type: "text-delta", id: "1", delta: `${word} ` });
            controller.enqueue({ type: "text-end", id: "1" });
          } else {
            controller.enqueue(part as LanguageModelV4StreamPart);
          }
        }
        controller.enqueue({ type: "finish", finishReason: result.finishReason, usage });
        controller.close();
      },
    });
    return { stream };
  },
};

// Written loosely: the exact types of tools are more than the checker can hold here.
const readCounter = (createTool as (options: unknown) => ToolSet[string])({
  description: "Reads a counter",
  inputSchema: z.object({ name: z.string() }),
  execute: async (ctx: GenericActionCtx<GenericDataModel>, { name }: { name: string }): Promise<number> =>
    await ctx.runQuery(anyApi.counters!.get! as never, { name } as never),
});

const LooseAgent = Agent as unknown as new (component: unknown, options: unknown) => Agent;
const agent = new LooseAgent(components.agent, {
  name: "fixture",
  languageModel: model,
  tools: { readCounter },
  stopWhen: stepCountIs(3),
});

export const ask = actionGeneric(async (ctx) => {
  const { thread } = await agent.createThread(ctx, { userId: "somebody" });
  const result = await thread.generateText({ prompt: "How far is the counter?" });
  const streamed = await thread.streamText({ prompt: "And now?" }, { saveStreamDeltas: true });
  await streamed.consumeStream();
  const messages = await agent.listMessages(ctx, {
    threadId: thread.threadId,
    paginationOpts: { cursor: null, numItems: 20 },
  });
  return { text: result.text, streamed: await streamed.text, messages: messages.page.length };
});
