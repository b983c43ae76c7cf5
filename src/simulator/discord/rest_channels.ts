/** Channels, threads, DMs, typing. */
import { botBits, demand } from "./permissions.ts";
import { type Call, json, NOTHING, type RestContext, type RestRoute } from "./rest_route.ts";
import { type DiscordChannel, DiscordError } from "./types.ts";
import { wireChannel } from "./wire.ts";

/** The channel of the call, with what the bot may do in it. */
export function channelOf({ world }: RestContext, { at }: Call): { channel: DiscordChannel; bits: bigint } {
  const channel = world.channel(at.channel_id ?? "");
  const bits = botBits(world.guildOf(channel), channel, world.parentOf(channel));
  demand(bits, []);
  return { channel, bits };
}

const THREAD_ROUTE = "POST /channels/{channel_id}/messages/{message_id}/threads";

export const channelRoutes: RestRoute[] = [
  {
    route: "GET /channels/{channel_id}",
    name: "channels.get",
    run: (context, call) => json(wireChannel(context.world, channelOf(context, call).channel)),
  },
  {
    route: "PATCH /channels/{channel_id}",
    name: "channels.edit",
    run(context, call) {
      const { world } = context;
      const { channel, bits } = channelOf(context, call);
      demand(bits, ["SendMessagesInThreads"]);
      const { archived, name } = call.upload.body;
      const changed = world.channels.put(channel.id, {
        ...channel,
        ...(typeof archived === "boolean" ? { archived } : {}),
        ...(typeof name === "string" ? { name } : {}),
      });
      world.tell({ kind: changed.kind === "thread" ? "thread" : "channel", what: "UPDATE", channel: changed });
      return json(wireChannel(world, changed));
    },
  },
  {
    route: "POST /channels/{channel_id}/typing",
    name: "typing",
    run(context, call) {
      const { channel } = channelOf(context, call);
      context.world.typing.set(channel.id, context.world.clock.now() + 10_000);
      context.world.tell({ kind: "seen" });
      return NOTHING;
    },
  },
  {
    route: "POST /users/@me/channels",
    name: "dms.open",
    run({ world }, { upload }) {
      const user = world.user(String(upload.body.recipient_id));
      if (user.bot) throw new DiscordError(400, 50007, "Cannot send messages to this user");
      return json(wireChannel(world, world.dmWith(user.id)));
    },
  },
  {
    route: THREAD_ROUTE,
    name: "threads.create",
    run(context, call) {
      const { world } = context;
      const { channel, bits } = channelOf(context, call);
      demand(bits, ["CreatePublicThreads"]);
      if (channel.kind !== "text") throw new DiscordError(400, 50024, "Cannot execute action on this channel type");
      const message = world.message(channel.id, call.at.message_id ?? "");
      if (world.channels.get(message.id) !== undefined)
        throw new DiscordError(400, 160004, "A thread has already been created for this message");
      const name = String(call.upload.body.name ?? "");
      const thread = world.openThread(channel, { name, ownerId: world.app.id, from: message.id });
      return json(wireChannel(world, thread), 201);
    },
  },
  {
    route: "POST /channels/{channel_id}/threads",
    name: "threads.open",
    run(context, call) {
      const { channel, bits } = channelOf(context, call);
      demand(bits, ["CreatePublicThreads"]);
      const name = String(call.upload.body.name ?? "");
      const thread = context.world.openThread(channel, { name, ownerId: context.world.app.id, from: null });
      return json(wireChannel(context.world, thread), 201);
    },
  },
  {
    route: "GET /guilds/{guild_id}/threads/active",
    name: "threads.active",
    run: ({ world }, { at }) =>
      json({ threads: world.threadsOf(at.guild_id ?? "").map((thread) => wireChannel(world, thread)), members: [] }),
  },
];
