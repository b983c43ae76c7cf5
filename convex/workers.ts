/** The Factory Worker's rows, as turns and machines reach them; the rules are in `model/workers.ts`. */
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { gatewayMutation } from "./access.ts";
import * as workers from "./model/workers.ts";

/** A worker's turn is over. `result`: JSON text of `{text}` or `{error}`. */
export const ended = internalMutation({
  args: { turnId: v.id("turns"), result: v.string() },
  handler: async (ctx, { turnId, result }): Promise<null> => {
    await workers.ended(ctx, turnId, result);
    return null;
  },
});

/** After a command, before its result: what is on the worker's branch now. */
export const noteChanges = gatewayMutation({
  args: { turnId: v.id("turns"), branch: v.union(v.string(), v.null()), diffstat: v.string() },
  handler: async (ctx, { turnId, branch, diffstat }): Promise<null> => {
    await workers.noteChanges(ctx, turnId, { branch, diffstat });
    return null;
  },
});
