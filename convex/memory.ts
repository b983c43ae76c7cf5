/** Memories as the command, the agents' context and the embedding action reach them; the rules are in `model/memories.ts`. */

import { v } from "convex/values";
import type { Memory } from "../src/contract/work.ts";
import { internalMutation, internalQuery, type QueryCtx } from "./_generated/server.js";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as memories from "./model/memories.ts";
import { resolveActor } from "./model/people.ts";
import { demandTurn } from "./model/tool_calls.ts";
import { vActor } from "./model/validators.ts";

/**
 * What is remembered for everybody and for whoever asks; the operator who acts for another is not told what is that person's alone.
 * With `about` what fits it best, else the newest.
 */
export const list = gatewayQuery({
  args: { actor: vActor, about: v.optional(v.string()) },
  handler: async (ctx, { actor, about }): Promise<Memory[]> => {
    const acting = await resolveActor(ctx, actor);
    const audiences = memories.audiencesFor(acting.person._id, acting.operator === null);
    return (await memories.listMemories(ctx, audiences, about ?? null)).memories;
  },
});

export const remember = gatewayMutation({
  args: { actor: vActor, fact: v.string(), shared: v.boolean(), project: v.optional(v.string()) },
  handler: async (ctx, { actor, fact, shared, project }): Promise<{ memory: Memory; kept: boolean }> =>
    await memories.remember(ctx, await resolveActor(ctx, actor), { fact, shared, project }),
});

/** `memory`: its name (`M7`) or words that fit it alone. */
export const forget = gatewayMutation({
  args: { actor: vActor, memory: v.string() },
  handler: async (ctx, { actor, memory }): Promise<memories.Forgotten> => {
    const acting = await resolveActor(ctx, actor);
    return await memories.forget(ctx, acting, memory, acting.operator === null);
  },
});

export interface Recalled {
  id: string;
  memory: Memory;
}

const MAX_RECALLED = 6;

/** For whom a turn may recall, decided here and nowhere else: by its person and its place. */
async function audiencesOfTurn(ctx: QueryCtx, turnId: Parameters<typeof demandTurn>[1]): Promise<string[]> {
  const turn = await demandTurn(ctx, turnId);
  return memories.audiencesFor(turn.personId, turn.private);
}

/** By words. `spaces`: where vectors may be looked for; empty: there are none. */
export const recallMemories = internalQuery({
  args: { turnId: v.id("turns"), query: v.string() },
  handler: async (ctx, { turnId, query }): Promise<{ found: Recalled[]; spaces: string[] }> => {
    const audiences = await audiencesOfTurn(ctx, turnId);
    const rows = await memories.searchText(ctx, query, audiences, MAX_RECALLED);
    const shown = await memories.views(ctx, rows);
    const model = memories.embeddingModelId();
    const spaces: string[] = [];
    for (const space of model === null ? [] : audiences.map((audience) => memories.spaceOf(model, audience))) {
      const any = await ctx.db
        .query("memoryVectors")
        .withIndex("by_space", (q) => q.eq("space", space))
        .first();
      if (any !== null) spaces.push(space);
    }
    return { found: rows.map((row, at) => ({ id: row._id, memory: shown[at]! })), spaces };
  },
});

/** The memories of vectors that were found; those of others are left out whatever the search gave. */
export const ofVectors = internalQuery({
  args: { turnId: v.id("turns"), vectorIds: v.array(v.id("memoryVectors")) },
  handler: async (ctx, { turnId, vectorIds }): Promise<Recalled[]> => {
    const audiences = await audiencesOfTurn(ctx, turnId);
    const found: Recalled[] = [];
    for (const vectorId of vectorIds) {
      const vector = await ctx.db.get("memoryVectors", vectorId);
      const row = vector === null ? null : await ctx.db.get("memories", vector.memoryId);
      if (row === null || !audiences.includes(row.audience)) continue;
      const [memory] = await memories.views(ctx, [row]);
      found.push({ id: row._id, memory: memory! });
    }
    return found;
  },
});

/** What is to be embedded; null: it was forgotten, or has its vector. */
export const toEmbed = internalQuery({
  args: { memoryId: v.id("memories") },
  handler: async (ctx, { memoryId }): Promise<string | null> => {
    const row = await ctx.db.get("memories", memoryId);
    const done = await ctx.db
      .query("memoryVectors")
      .withIndex("by_memoryId", (q) => q.eq("memoryId", memoryId))
      .first();
    return row === null || done !== null ? null : row.text;
  },
});

/** Once a memory; nothing when it was forgotten meanwhile. */
export const storeVector = internalMutation({
  args: { memoryId: v.id("memories"), model: v.string(), vector: v.array(v.float64()) },
  handler: async (ctx, { memoryId, model, vector }): Promise<void> => {
    const row = await ctx.db.get("memories", memoryId);
    const done = await ctx.db
      .query("memoryVectors")
      .withIndex("by_memoryId", (q) => q.eq("memoryId", memoryId))
      .first();
    if (row === null || done !== null) return;
    await ctx.db.insert("memoryVectors", { memoryId, space: memories.spaceOf(model, row.audience), vector });
  },
});
