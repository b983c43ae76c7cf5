/** What adapters ask to draw modals and home pages, and to fetch what they missed. The shapes: `src/contract/lookups.ts`. */
import { v } from "convex/values";
import type { ApprovalCard } from "../src/contract/approval.ts";
import type { HomeView, WorkflowForm } from "../src/contract/lookups.ts";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import * as homes from "./model/homes.ts";
import * as lookups from "./model/lookups.ts";

export const card = gatewayQuery({
  args: { handle: v.string(), approvalId: v.string() },
  handler: async (ctx, { handle, approvalId }): Promise<ApprovalCard | null> =>
    await lookups.cardOf(ctx, handle, approvalId),
});

export const workflow = gatewayQuery({
  args: { handle: v.string(), name: v.string() },
  handler: async (ctx, { handle, name }): Promise<WorkflowForm | null> => await lookups.formOf(ctx, handle, name),
});

export const workflows = gatewayQuery({
  args: { handle: v.string() },
  handler: async (ctx, { handle }): Promise<{ name: string; title: string }[]> =>
    await lookups.workflowsFor(ctx, handle),
});

export const home = gatewayQuery({
  args: { handle: v.string() },
  handler: async (ctx, { handle }): Promise<HomeView> => await lookups.homeOf(ctx, handle),
});

/** Somebody looks at their page: from now on it is redrawn when it changes. */
export const homeOpened = gatewayMutation({
  args: { channel: v.string(), handle: v.string() },
  handler: async (ctx, { channel, handle }): Promise<null> => {
    await homes.homeOpened(ctx, channel, handle);
    return null;
  },
});

/** Whose page may be open, the newest first, at most 50. */
export const openHomes = gatewayQuery({
  args: { channel: v.string() },
  handler: async (ctx, { channel }): Promise<string[]> => await homes.openHomes(ctx, channel),
});

export const caughtUpTo = gatewayQuery({
  args: { channel: v.string() },
  handler: async (ctx, { channel }): Promise<number | null> => (await lookups.cursorOf(ctx, channel))?.at ?? null,
});

export const markCaughtUp = gatewayMutation({
  args: { channel: v.string(), at: v.number() },
  handler: async (ctx, { channel, at }): Promise<null> => {
    await lookups.moveCursor(ctx, channel, at);
    return null;
  },
});

export const knownPlaces = gatewayQuery({
  args: { channel: v.string() },
  handler: async (ctx, { channel }): Promise<{ threads: string[]; receipts: string[]; handles: string[] }> => ({
    threads: await lookups.threadsOf(ctx, channel),
    receipts: await lookups.openReceiptsOf(ctx, channel),
    handles: await lookups.handlesOn(ctx, channel),
  }),
});
