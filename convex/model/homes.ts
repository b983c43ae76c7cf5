/** Whose page may be open right now. A platform tells when one is opened, and never when it is closed. */
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/** Each is one subscription of a gateway. */
export const MAX_OPEN_HOMES = 50;
/** Forgotten so many at a time; one opening adds one. */
const FORGET_AT_ONCE = 5;

export async function homeOpened(ctx: MutationCtx, channel: string, handle: string): Promise<void> {
  const row = await ctx.db
    .query("homes")
    .withIndex("by_channel_and_handle", (q) => q.eq("channel", channel).eq("handle", handle))
    .unique();
  const openedAt = Date.now();
  if (row === null) await ctx.db.insert("homes", { channel, handle, openedAt });
  else await ctx.db.patch("homes", row._id, { openedAt });
  const newest = await ctx.db
    .query("homes")
    .withIndex("by_channel_and_openedAt", (q) => q.eq("channel", channel))
    .order("desc")
    .take(MAX_OPEN_HOMES + FORGET_AT_ONCE);
  for (const old of newest.slice(MAX_OPEN_HOMES)) await ctx.db.delete("homes", old._id);
}

/** Handles, the newest first. */
export async function openHomes(ctx: QueryCtx, channel: string): Promise<string[]> {
  const rows = await ctx.db
    .query("homes")
    .withIndex("by_channel_and_openedAt", (q) => q.eq("channel", channel))
    .order("desc")
    .take(MAX_OPEN_HOMES);
  return rows.map(({ handle }) => handle);
}
