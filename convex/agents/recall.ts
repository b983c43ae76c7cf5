/** What is remembered and may help with a message: found by its words and, where there are vectors, by its meaning. */
import type { Memory } from "../../src/contract/work.ts";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { ActionCtx } from "../_generated/server.js";
import type { Recalled } from "../memory.ts";
import { createEmbeddingModel, vectorOf } from "./embedding.ts";

const MAX_RECALLED = 6;
/** Below this cosine a vector says nothing: something is always the nearest. */
const MIN_SCORE = 0.25;
/** A reply does not wait longer than this for what may help it. */
const EMBEDDING_TIMEOUT_MS = 2000;
const MAX_QUERY = 2000;

/** Throws when the store fails; an embedding that cannot be had only makes it find less. */
export async function recall(ctx: ActionCtx, turnId: Id<"turns">, said: string): Promise<Memory[]> {
  const query = said.slice(0, MAX_QUERY);
  if (query.trim() === "") return [];
  const { found, spaces } = await ctx.runQuery(internal.memory.recallMemories, { turnId, query });
  const near = spaces.length === 0 ? [] : await byMeaning(ctx, turnId, query, spaces);
  return merged([near, found]).slice(0, MAX_RECALLED);
}

async function byMeaning(ctx: ActionCtx, turnId: Id<"turns">, query: string, spaces: string[]): Promise<Recalled[]> {
  try {
    const served = createEmbeddingModel();
    if (served === null) return [];
    const vector = await queryVector(ctx, served, query, turnId);
    const hits = await ctx.vectorSearch("memoryVectors", "by_vector", {
      vector,
      limit: MAX_RECALLED,
      filter: (q) => q.or(...spaces.map((space) => q.eq("space", space))),
    });
    const vectorIds = hits.filter(({ _score }) => _score >= MIN_SCORE).map(({ _id }) => _id);
    return vectorIds.length === 0 ? [] : await ctx.runQuery(internal.memory.ofVectors, { turnId, vectorIds });
  } catch (thrown) {
    console.warn(`memories were searched by words only: ${String(thrown)}`);
    return [];
  }
}

/** A turn takes several generations, each with the same message. Only a cache: another isolate asks again. */
const lately = new Map<string, number[]>();
const MAX_LATELY = 50;

async function queryVector(
  ctx: ActionCtx,
  served: NonNullable<ReturnType<typeof createEmbeddingModel>>,
  query: string,
  turnId: Id<"turns">,
): Promise<number[]> {
  const key = `${served.id} ${query}`;
  const known = lately.get(key);
  if (known !== undefined) return known;
  const vector = await vectorOf(ctx, served, query, { timeoutMs: EMBEDDING_TIMEOUT_MS, maxRetries: 0, turnId });
  const oldest = lately.keys().next().value;
  if (lately.size >= MAX_LATELY && oldest !== undefined) lately.delete(oldest);
  lately.set(key, vector);
  return vector;
}

/** The best of each list first; each memory once. */
function merged(lists: Recalled[][]): Memory[] {
  const best = new Map<string, Memory>();
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let rank = 0; rank < longest; rank++) {
    for (const list of lists) {
      const one = list[rank];
      if (one !== undefined && !best.has(one.id)) best.set(one.id, one.memory);
    }
  }
  return [...best.values()];
}
