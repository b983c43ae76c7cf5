/** Shared places where the team talks, and the topics that were opened there. Noted when something is said there the first time. */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

const MAX_SESSIONS = 50;
const MAX_CHANNELS = 100;

export interface ChannelView {
  place: string;
  channel: string;
  since: number;
}

export interface SessionView {
  topic: string;
  place: string;
  openedBy: string;
  at: number;
  /** Once the platform has it; null: it is under way, or could not be said. */
  thread: string | null;
}

/** Idempotent. */
export async function noteChannel(
  ctx: MutationCtx,
  { channel, place }: { channel: string; place: string },
): Promise<void> {
  const known = await ctx.db
    .query("channels")
    .withIndex("by_place", (q) => q.eq("place", place))
    .first();
  if (known === null) await ctx.db.insert("channels", { channel, place });
}

export async function listChannels(ctx: QueryCtx): Promise<ChannelView[]> {
  const rows = await ctx.db.query("channels").order("desc").take(MAX_CHANNELS);
  return rows.map(({ place, channel, _creationTime }) => ({ place, channel, since: _creationTime }));
}

export async function noteSession(
  ctx: MutationCtx,
  session: Pick<Doc<"sessions">, "channel" | "place" | "topic" | "openedBy" | "deliveryKey">,
): Promise<void> {
  await noteChannel(ctx, session);
  await ctx.db.insert("sessions", session);
}

export async function listSessions(ctx: QueryCtx): Promise<SessionView[]> {
  const rows = await ctx.db.query("sessions").order("desc").take(MAX_SESSIONS);
  return await Promise.all(
    rows.map(async ({ topic, place, openedBy, deliveryKey, channel, _creationTime }) => {
      const delivery = await ctx.db
        .query("deliveries")
        .withIndex("by_key", (q) => q.eq("key", deliveryKey))
        .first();
      const thread = delivery?.receipt == null ? null : `${channel}:${delivery.receipt}`;
      return { topic, place, openedBy, at: _creationTime, thread };
    }),
  );
}
