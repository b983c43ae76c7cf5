/**
 * Vectors for memories, when FACTORY_EMBEDDING_MODEL names a model that the OpenAI-compatible proxy (or Gloo, `gloo/…`) serves. Without
 * it, and whenever it cannot be reached, memories are found by their words alone.
 */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { type EmbeddingModel, embed } from "ai";
import { v } from "convex/values";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import { type ActionCtx, internalAction } from "../_generated/server.js";
import { embeddingModelId } from "../model/memories.ts";
import { VECTOR_DIMENSIONS } from "../tables/memories.ts";
import { GLOO_BASE_URL } from "./llm.ts";
import { set } from "./model_id.ts";
import { costMicroUsd, priceOf } from "./model_prices.ts";
import { deadline } from "./shared.ts";

type Environment = Record<string, string | undefined>;

/** Null: none is named, or nothing serves it. */
export function createEmbeddingModel(env: Environment = process.env): { id: string; model: EmbeddingModel } | null {
  const id = embeddingModelId(env);
  if (id === null) return null;
  const served = (name: string, baseURL: string, apiKey: string | undefined, modelId: string) => ({
    id,
    model: createOpenAICompatible({ name, baseURL, ...(set(apiKey) ? { apiKey } : {}) }).embeddingModel(modelId),
  });
  if (set(env.LLM_PROXY_BASE_URL)) return served("proxy", env.LLM_PROXY_BASE_URL, env.LLM_PROXY_API_KEY, id);
  if (!id.startsWith("gloo/") || !set(env.GLOO_API_KEY)) return null;
  const baseURL = set(env.GLOO_BASE_URL) ? env.GLOO_BASE_URL : GLOO_BASE_URL;
  return served("gloo", baseURL, env.GLOO_API_KEY, id.slice("gloo/".length));
}

/**
 * As long as the index wants it. Zeros change no cosine. A longer one is cut, which is how models made for it are shortened; of another
 * model it is an approximation.
 */
export function fitted(vector: readonly number[]): number[] {
  const cut = vector.slice(0, VECTOR_DIMENSIONS);
  const length = Math.hypot(...cut);
  if (length === 0 || !Number.isFinite(length)) throw new Error("the embedding model gave a vector of no length");
  return Array.from({ length: VECTOR_DIMENSIONS }, (_, at) => (cut[at] ?? 0) / length);
}

/** Throws what the server refuses, and after `timeoutMs`. What it cost is kept. */
export async function vectorOf(
  ctx: ActionCtx,
  served: { id: string; model: EmbeddingModel },
  text: string,
  limit: { timeoutMs: number; maxRetries: number; turnId?: Id<"turns"> },
): Promise<number[]> {
  const time = deadline(new AbortController().signal, limit.timeoutMs);
  try {
    const { embedding, usage } = await embed({
      model: served.model,
      value: text,
      maxRetries: limit.maxRetries,
      abortSignal: time.signal,
    });
    await keepUsage(ctx, served.id, usage.tokens, limit.turnId ?? null);
    return fitted(embedding);
  } finally {
    time.clear();
  }
}

async function keepUsage(ctx: ActionCtx, model: string, tokens: number, turnId: Id<"turns"> | null): Promise<void> {
  try {
    const used = { inputTokens: Number.isFinite(tokens) ? tokens : 0, outputTokens: 0 };
    await ctx.runMutation(internal.spend.record, {
      ...{ agent: "memory", model, provider: "embedding", ...used, threadId: null, turnId, jobId: null },
      costMicroUsd: costMicroUsd(priceOf(model), used),
    });
  } catch (thrown) {
    console.warn(`what an embedding used could not be kept: ${String(thrown)}`);
  }
}

const TIMEOUT_MS = 20_000;
/** After these waits the memory stays without a vector. */
const RETRY_AFTER_MS = [10_000, 60_000, 600_000, 3_600_000];

/** Gives a memory its vector. Tried again for about an hour. */
export const embedMemory = internalAction({
  args: { memoryId: v.id("memories"), attempt: v.number() },
  handler: async (ctx, { memoryId, attempt }): Promise<null> => {
    const served = createEmbeddingModel();
    const text = served === null ? null : await ctx.runQuery(internal.memory.toEmbed, { memoryId });
    if (served === null || text === null) return null;
    try {
      const vector = await vectorOf(ctx, served, text, { timeoutMs: TIMEOUT_MS, maxRetries: 0 });
      await ctx.runMutation(internal.memory.storeVector, { memoryId, model: served.id, vector });
    } catch (thrown) {
      const wait = RETRY_AFTER_MS[attempt];
      console.warn(`a memory could not be embedded${wait === undefined ? ", given up" : ""}: ${String(thrown)}`);
      if (wait !== undefined) {
        await ctx.scheduler.runAfter(wait, internal.agents.embedding.embedMemory, { memoryId, attempt: attempt + 1 });
      }
    }
    return null;
  },
});
