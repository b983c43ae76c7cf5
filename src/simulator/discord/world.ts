/**
 * What the simulated Discord holds and how it changes: guilds, channels, threads, DMs, messages. Every change is told to `heard` as the
 * gateway event it is; who is connected and hears it is the gateway's affair.
 */
import type { Clock } from "../clock.ts";
import type { Collection, DocumentStore } from "../store.ts";
import { compareIds, createDiscordIds, type DiscordIds } from "./ids.ts";
import { APP, CHANNELS, GUILD, USERS } from "./seed.ts";
import {
  type DiscordChannel,
  type DiscordCommand,
  type DiscordGuild,
  type DiscordInteraction,
  type DiscordMessage,
  type DiscordUser,
  unknown,
} from "./types.ts";

export type Change =
  | { kind: "message"; what: "CREATE" | "UPDATE"; message: DiscordMessage; nonce?: string | number }
  | { kind: "deleted"; message: DiscordMessage }
  | { kind: "thread"; what: "CREATE" | "UPDATE"; channel: DiscordChannel }
  | { kind: "channel"; what: "CREATE" | "UPDATE" | "DELETE"; channel: DiscordChannel }
  | { kind: "interaction"; interaction: DiscordInteraction }
  /** Nothing for the gateway, but somebody's screen changes. */
  | { kind: "seen" };

export interface World {
  clock: Clock;
  ids: DiscordIds;
  app: typeof APP;
  /** What the portal has switched on. */
  settings: { messageContent: boolean /** Somebody made a new token: this one counts no more. */; tokenReset: boolean };
  /** People who take no direct messages from the bot. */
  blocked: Set<string>;
  /** Channel → when the bot stops showing as typing. */
  typing: Map<string, number>;
  /** What was posted under a nonce that is enforced. */
  nonces: Map<string, { id: string; at: number }>;
  guilds: Collection<DiscordGuild>;
  users: Collection<DiscordUser>;
  channels: Collection<DiscordChannel>;
  messages: Collection<DiscordMessage>;
  commands: Collection<DiscordCommand>;
  interactions: Collection<DiscordInteraction>;
  /** By id; throws what Discord answers. */
  channel(id: string): DiscordChannel;
  message(channelId: string, id: string): DiscordMessage;
  user(id: string): DiscordUser;
  guildOf(channel: DiscordChannel): DiscordGuild | null;
  parentOf(channel: DiscordChannel): DiscordChannel | null;
  dmWith(userId: string): DiscordChannel;
  openThread(parent: DiscordChannel, options: { name: string; ownerId: string; from: string | null }): DiscordChannel;
  threadsOf(guildId: string): DiscordChannel[];
  /** Oldest first; without ephemeral ones. */
  said(channelId: string): DiscordMessage[];
  addMessage(message: NewMessage): DiscordMessage;
  changeMessage(message: DiscordMessage, change: Partial<DiscordMessage>): DiscordMessage;
  deleteMessage(message: DiscordMessage): void;
  tell(change: Change): void;
}

export type NewMessage = Pick<DiscordMessage, "channelId" | "authorId"> &
  Partial<DiscordMessage> & { nonce?: string | number };

export function createWorld(options: {
  clock: Clock;
  store: DocumentStore;
  seed: string;
  heard: (change: Change) => void;
}): World {
  const { clock, store, seed, heard } = options;
  const guilds = store.collection<DiscordGuild>("discord.guilds");
  const users = store.collection<DiscordUser>("discord.users");
  const channels = store.collection<DiscordChannel>("discord.channels");
  const messages = store.collection<DiscordMessage>("discord.messages");
  const commands = store.collection<DiscordCommand>("discord.commands");
  const interactions = store.collection<DiscordInteraction>("discord.interactions");
  const ids = createDiscordIds(clock, store.collection("discord.ids"), seed);
  if (guilds.size === 0) {
    guilds.put(GUILD.id, { ...GUILD });
    for (const user of USERS) users.put(user.id, user);
    for (const channel of CHANNELS) channels.put(channel.id, { ...channel });
  }
  const byChannel = new Map<string, string[]>();
  for (const { id, channelId } of messages.values())
    byChannel.set(channelId, [...(byChannel.get(channelId) ?? []), id]);

  const world: World = {
    clock,
    ids,
    app: APP,
    settings: { messageContent: true, tokenReset: false },
    blocked: new Set(),
    typing: new Map(),
    nonces: new Map(),
    guilds,
    users,
    channels,
    messages,
    commands,
    interactions,
    channel(id) {
      const channel = channels.get(id);
      if (channel === undefined) throw unknown.channel();
      return channel;
    },
    message(channelId, id) {
      const message = messages.get(id);
      if (message === undefined || message.channelId !== channelId || message.onlyTo !== null) throw unknown.message();
      return message;
    },
    user(id) {
      const user = users.get(id);
      if (user === undefined) throw unknown.user();
      return user;
    },
    guildOf: (channel) => (channel.guildId === null ? null : (guilds.get(channel.guildId) ?? null)),
    parentOf: (channel) => (channel.parentId === null ? null : (channels.get(channel.parentId) ?? null)),
    dmWith(userId) {
      const found = channels.values().find((channel) => channel.kind === "dm" && channel.recipientId === userId);
      if (found !== undefined) return found;
      const base = { guildId: null, name: null, parentId: null, ownerId: null, archived: false, deniedToBot: "0" };
      const id = ids.next();
      return channels.put(id, { ...base, id, kind: "dm", recipientId: userId, lastMessageId: null });
    },
    openThread(parent, { name, ownerId, from }) {
      // A thread opened from a message has that message's id.
      const id = from ?? ids.next();
      const base = { recipientId: null, archived: false, deniedToBot: "0", lastMessageId: null };
      const thread = channels.put(id, {
        ...base,
        id,
        kind: "thread",
        guildId: parent.guildId,
        name,
        parentId: parent.id,
        ownerId,
      });
      world.tell({ kind: "thread", what: "CREATE", channel: thread });
      return thread;
    },
    threadsOf: (guildId) =>
      channels.values().filter((one) => one.kind === "thread" && one.guildId === guildId && !one.archived),
    said: (channelId) =>
      (byChannel.get(channelId) ?? [])
        .flatMap((id) => messages.get(id) ?? [])
        .filter((message) => message.onlyTo === null)
        .sort((a, b) => compareIds(a.id, b.id)),
    addMessage({ nonce, ...given }) {
      const channel = world.channel(given.channelId);
      const message: DiscordMessage = {
        id: ids.next(),
        content: "",
        embeds: [],
        components: [],
        attachments: [],
        mentions: [],
        mentionEveryone: false,
        replyTo: null,
        flags: 0,
        editedAt: null,
        interaction: null,
        onlyTo: null,
        ...given,
      };
      messages.put(message.id, message);
      byChannel.set(channel.id, [...(byChannel.get(channel.id) ?? []), message.id]);
      if (message.onlyTo === null) {
        if (channel.kind === "thread" && channel.archived) {
          channels.put(channel.id, { ...channel, archived: false, lastMessageId: message.id });
          world.tell({ kind: "thread", what: "UPDATE", channel: world.channel(channel.id) });
        } else channels.put(channel.id, { ...channel, lastMessageId: message.id });
        world.tell({ kind: "message", what: "CREATE", message, ...(nonce === undefined ? {} : { nonce }) });
      } else world.tell({ kind: "seen" });
      return message;
    },
    changeMessage(message, change) {
      const changed = messages.put(message.id, { ...message, ...change });
      world.tell(changed.onlyTo === null ? { kind: "message", what: "UPDATE", message: changed } : { kind: "seen" });
      return changed;
    },
    deleteMessage(message) {
      messages.delete(message.id);
      byChannel.set(
        message.channelId,
        (byChannel.get(message.channelId) ?? []).filter((id) => id !== message.id),
      );
      world.tell(message.onlyTo === null ? { kind: "deleted", message } : { kind: "seen" });
    },
    tell: (change) => heard(change),
  };
  return world;
}
