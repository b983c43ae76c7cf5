import type { Trouble } from "../src/contract/governance.ts";
import { internalMutation } from "./_generated/server.js";
import { gatewayQuery } from "./access.ts";
import { look as lookOnce } from "./model/watch.ts";

/** What the operators were told and is not mended, oldest first, at most 100. */
export const troubles = gatewayQuery({
  args: {},
  handler: async (ctx): Promise<Trouble[]> => {
    const rows = await ctx.db
      .query("troubles")
      .withIndex("by_status", (q) => q.eq("status", "open"))
      .take(100);
    return rows.map(({ what, cause, remedy, approvalId, runId, since }) => {
      return { what, cause, remedy, approvalId, runId, since };
    });
  },
});

/** The scheduled look. */
export const look = internalMutation({
  args: {},
  handler: async (ctx): Promise<null> => {
    await lookOnce(ctx);
    return null;
  },
});
