/** Messages by the bot's own token: post (once for each nonce), edit, read, delete. */

import { compareIds } from "./ids.ts";
import { contentOf } from "./interactions.ts";
import { checkMessage } from "./limits.ts";
import { demand } from "./permissions.ts";
import { channelOf } from "./rest_channels.ts";
import { json, NOTHING, type RestRoute } from "./rest_route.ts";
import { DiscordError, type DiscordMessage, FLAGS, type Wire } from "./types.ts";
import { wireMessage } from "./wire.ts";
import type { World } from "./world.ts";

/** "A few minutes", says the documentation. */
const NONCE_LIVES_MS = 5 * 60_000;
const CHANNEL = "/channels/{channel_id}/messages";

/** Over REST too the words of others are left out unless the portal allows them. */
const readable = (world: World, message: DiscordMessage): boolean =>
  world.settings.messageContent ||
  world.channel(message.channelId).kind === "dm" ||
  message.authorId === world.app.id ||
  message.mentions.includes(world.app.id);
const shown = (world: World, message: DiscordMessage): Wire => wireMessage(world, message, readable(world, message));

export const messageRoutes: RestRoute[] = [
  {
    route: `POST ${CHANNEL}`,
    name: "messages.create",
    run(context, call) {
      const { world } = context;
      const { channel, bits } = channelOf(context, call);
      const { body, files } = call.upload;
      demand(bits, channel.kind === "thread" ? ["SendMessagesInThreads"] : ["SendMessages"]);
      if (files.length > 0) demand(bits, ["AttachFiles"]);
      if (Array.isArray(body.embeds) && body.embeds.length > 0) demand(bits, ["EmbedLinks"]);
      if (channel.kind === "dm" && world.blocked.has(channel.recipientId ?? ""))
        throw new DiscordError(403, 50007, "Cannot send messages to this user");
      checkMessage(body, files.length, false);
      const nonce = body.nonce as string | number | null | undefined;
      const key = nonce == null || body.enforce_nonce !== true ? null : `${channel.id}:${nonce}`;
      const before = key === null ? undefined : world.nonces.get(key);
      if (before !== undefined && world.clock.now() - before.at < NONCE_LIVES_MS) {
        const first = world.messages.get(before.id);
        if (first !== undefined) return json({ ...shown(world, first), nonce });
      }
      const reference = body.message_reference as { message_id?: string; fail_if_not_exists?: boolean } | undefined;
      const replyTo = reference?.message_id ?? null;
      if (replyTo !== null && world.messages.get(replyTo) === undefined && reference?.fail_if_not_exists !== false)
        throw new DiscordError(400, 50035, "Invalid Form Body");
      world.typing.delete(channel.id);
      const message = world.addMessage({
        channelId: channel.id,
        authorId: world.app.id,
        ...contentOf(world, body, files),
        flags: Number(body.flags ?? 0) & FLAGS.suppressEmbeds,
        replyTo: replyTo !== null && world.messages.get(replyTo) !== undefined ? replyTo : null,
        ...(nonce == null ? {} : { nonce }),
      });
      if (key !== null) world.nonces.set(key, { id: message.id, at: world.clock.now() });
      return json({ ...shown(world, message), ...(nonce == null ? {} : { nonce }) });
    },
  },
  {
    route: `GET ${CHANNEL}`,
    name: "messages.list",
    run(context, call) {
      const { world } = context;
      const { channel, bits } = channelOf(context, call);
      const limit = Math.min(100, Math.max(1, Number(call.query.get("limit") ?? 50)));
      if (channel.kind !== "dm" && (bits & (1n << 16n)) === 0n) return json([]);
      const all = world.said(channel.id);
      const [after, before] = [call.query.get("after"), call.query.get("before")];
      // With `after` the oldest of what is newer come, otherwise the newest; always newest first.
      const found =
        after !== null
          ? all.filter(({ id }) => compareIds(id, after) > 0).slice(0, limit)
          : all.filter(({ id }) => before === null || compareIds(id, before) < 0).slice(-limit);
      return json(found.reverse().map((message) => shown(world, message)));
    },
  },
  {
    route: `GET ${CHANNEL}/{message_id}`,
    name: "messages.get",
    run(context, call) {
      const { channel, bits } = channelOf(context, call);
      demand(bits, ["ReadMessageHistory"]);
      return json(shown(context.world, context.world.message(channel.id, call.at.message_id ?? "")));
    },
  },
  {
    route: `PATCH ${CHANNEL}/{message_id}`,
    name: "messages.edit",
    run(context, call) {
      const { world } = context;
      const { channel } = channelOf(context, call);
      const { body, files } = call.upload;
      const message = world.message(channel.id, call.at.message_id ?? "");
      if (message.authorId !== world.app.id)
        throw new DiscordError(403, 50005, "Cannot edit a message authored by another user");
      if (channel.kind === "thread" && channel.archived) throw new DiscordError(400, 50083, "Thread is archived");
      checkMessage(body, files.length, true);
      const flags = body.flags == null ? message.flags : Number(body.flags) & FLAGS.suppressEmbeds;
      const change = { ...contentOf(world, body, files, message), flags, editedAt: world.clock.now() };
      return json(shown(world, world.changeMessage(message, change)));
    },
  },
  {
    route: `DELETE ${CHANNEL}/{message_id}`,
    name: "messages.delete",
    run(context, call) {
      const { channel } = channelOf(context, call);
      context.world.deleteMessage(context.world.message(channel.id, call.at.message_id ?? ""));
      return NOTHING;
    },
  },
];
