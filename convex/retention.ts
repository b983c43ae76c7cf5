/** Daily, one small transaction after the other. What may go and when is in `model/retention.ts`. */
import { makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { SWEPT, type Swept, sweepOld } from "./model/retention.ts";

const vSwept = v.union(...SWEPT.map((what) => v.literal(what)));

// By name: a function of this module cannot take its type from itself.
const sweepReference = makeFunctionReference<"mutation", { what?: Swept; after?: number }, null>("retention:sweep");

/** Without arguments from the beginning. */
export const sweep = internalMutation({
  args: { what: v.optional(vSwept), after: v.optional(v.number()) },
  handler: async (ctx, { what = SWEPT[0], after = 0 }): Promise<null> => {
    const last = await sweepOld(ctx, what, after);
    const next = SWEPT[SWEPT.indexOf(what) + 1];
    if (last !== null) await ctx.scheduler.runAfter(0, sweepReference, { what, after: last });
    else if (next !== undefined) await ctx.scheduler.runAfter(0, sweepReference, { what: next });
    return null;
  },
});
