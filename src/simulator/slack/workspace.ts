/** A workspace's state and the changes it knows. Holds no rule about callers: who may do what is decided before. */
import type { Clock } from "../clock.ts";
import type { Feed } from "../feed.ts";
import type { Collection, DocumentStore } from "../store.ts";
import { type Counters, compareTs, createSlackIds, type SlackIds } from "./ids.ts";
import { nameBlocks } from "./naming.ts";
import { APP, BOT_EVENTS, CHANNELS, COMMANDS, TEAM, USERS } from "./seed.ts";
import type { Block, SlackChannel, SlackFile, SlackMessage, SlackUser, SlackView, SlashCommand } from "./types.ts";

/** What the app is allowed; changed by tests that take something away. */
export interface Installation {
  botScopes: string[];
  appScopes: string[];
  events: string[];
  commands: SlashCommand[];
  /** null: good. */
  botTokenError: string | null;
  appTokenError: string | null;
}

export interface NewMessage {
  channel: string;
  user: string;
  text: string;
  botId?: string | null;
  subtype?: string | null;
  blocks?: Block[];
  attachments?: Record<string, unknown>[];
  threadTs?: string | null;
  broadcast?: boolean;
  metadata?: SlackMessage["metadata"];
  files?: string[];
  onlyTo?: string | null;
  streaming?: boolean;
}

export interface AssistantStatus {
  channel: string;
  threadTs: string;
  status: string;
}

export interface SuggestedPrompt {
  title: string;
  message: string;
}

export interface Workspace {
  readonly team: typeof TEAM;
  readonly app: typeof APP;
  readonly clock: Clock;
  readonly ids: SlackIds;
  readonly users: Collection<SlackUser>;
  readonly channels: Collection<SlackChannel>;
  readonly messages: Collection<SlackMessage>;
  readonly views: Collection<SlackView>;
  readonly files: Collection<SlackFile>;
  /** `USER/CHANNEL` → the last time stamp seen. */
  readonly reads: Collection<string>;
  /** `CHANNEL/THREAD` → what the app is said to be doing. */
  readonly statuses: Collection<AssistantStatus>;
  /** `CHANNEL/THREAD` → what the app suggests to say there. */
  readonly prompts: Collection<SuggestedPrompt[]>;
  readonly installation: Installation;
  saveInstallation(): void;
  post(message: NewMessage): SlackMessage;
  message(channel: string, ts: string): SlackMessage | null;
  /** Writes a message that was changed in place. */
  touch(message: SlackMessage): SlackMessage;
  remove(message: SlackMessage): void;
  /** Everything said there, ephemerals and replies too, in the order it was said. */
  said(channel: string): readonly SlackMessage[];
  /** Oldest first, without ephemerals. */
  history(channel: string): SlackMessage[];
  replies(channel: string, threadTs: string): SlackMessage[];
  channelNamed(name: string): SlackChannel | null;
  /** Makes it when there is none. */
  dmOf(users: string[]): SlackChannel;
  isMember(channel: string, user: string): boolean;
  changed(): void;
}

const BOT_SCOPES = [
  "app_mentions:read",
  "assistant:write",
  "channels:history",
  "channels:join",
  "channels:read",
  "chat:write",
  "commands",
  "files:read",
  "files:write",
  "groups:history",
  "groups:read",
  "im:history",
  "im:read",
  "im:write",
  "mpim:history",
  "mpim:read",
  "reactions:read",
  "reactions:write",
  "users:read",
  "users:read.email",
];

export function createWorkspace(options: { clock: Clock; store: DocumentStore; feed: Feed; seed: string }): Workspace {
  const { clock, store, feed, seed } = options;
  const users = store.collection<SlackUser>("slack.users");
  const channels = store.collection<SlackChannel>("slack.channels");
  const messages = store.collection<SlackMessage>("slack.messages");
  const settings = store.collection<Installation>("slack.installation");
  const ids = createSlackIds(clock, store.collection<Counters>("slack.counters"), seed);
  if (users.size === 0) {
    for (const user of USERS) users.put(user.id, { ...user });
    for (const channel of CHANNELS) channels.put(channel.id, { ...channel, members: [...channel.members] });
  }
  const installation: Installation = settings.get("app") ?? {
    botScopes: [...BOT_SCOPES],
    appScopes: ["connections:write"],
    events: [...BOT_EVENTS],
    commands: [...COMMANDS],
    botTokenError: null,
    appTokenError: null,
  };
  const key = (channel: string, ts: string) => `${channel}/${ts}`;
  /** Messages by channel, so that a read does not look through the whole workspace. */
  const byChannel = new Map<string, SlackMessage[]>();
  for (const message of messages.values()) listOf(message.channel).push(message);

  function listOf(channel: string): SlackMessage[] {
    let list = byChannel.get(channel);
    if (list === undefined) {
      list = [];
      byChannel.set(channel, list);
    }
    return list;
  }

  const workspace: Workspace = {
    team: TEAM,
    app: APP,
    clock,
    ids,
    users,
    channels,
    messages,
    views: store.collection<SlackView>("slack.views"),
    files: store.collection<SlackFile>("slack.files"),
    reads: store.collection<string>("slack.reads"),
    statuses: store.collection<AssistantStatus>("slack.statuses"),
    prompts: store.collection<SuggestedPrompt[]>("slack.prompts"),
    installation,
    saveInstallation: () => void settings.put("app", installation),
    post(fields) {
      const message: SlackMessage = {
        channel: fields.channel,
        ts: ids.ts(),
        user: fields.user,
        botId: fields.botId ?? null,
        subtype: fields.subtype ?? null,
        text: fields.text,
        blocks: nameBlocks(fields.blocks ?? [], ids),
        attachments: fields.attachments ?? [],
        threadTs: fields.threadTs ?? null,
        broadcast: fields.broadcast ?? false,
        metadata: fields.metadata ?? null,
        edited: null,
        reactions: [],
        files: fields.files ?? [],
        onlyTo: fields.onlyTo ?? null,
        streamingAt: fields.streaming === true ? clock.now() : null,
      };
      messages.put(key(message.channel, message.ts), message);
      listOf(message.channel).push(message);
      feed.changed();
      return message;
    },
    message: (channel, ts) => messages.get(key(channel, ts)) ?? null,
    touch(message) {
      message.blocks = nameBlocks(message.blocks, ids);
      messages.put(key(message.channel, message.ts), message);
      feed.changed();
      return message;
    },
    remove(message) {
      messages.delete(key(message.channel, message.ts));
      byChannel.set(
        message.channel,
        listOf(message.channel).filter((other) => other !== message),
      );
      feed.changed();
    },
    said: (channel) => listOf(channel),
    history: (channel) =>
      listOf(channel)
        .filter((message) => message.onlyTo === null)
        .filter((message) => message.threadTs === null || message.threadTs === message.ts || message.broadcast),
    replies: (channel, threadTs) =>
      listOf(channel)
        .filter((message) => message.onlyTo === null && message.threadTs === threadTs && message.ts !== threadTs)
        .sort((a, b) => compareTs(a.ts, b.ts)),
    channelNamed: (name) => channels.values().find((channel) => channel.name === name.replace(/^#/, "")) ?? null,
    dmOf(members) {
      const all = [...new Set([...members, APP.botUser])].sort();
      const found = channels
        .values()
        .find(
          (channel) =>
            (channel.kind === "im" || channel.kind === "mpim") &&
            channel.members.length === all.length &&
            all.every((member) => channel.members.includes(member)),
        );
      if (found !== undefined) return found;
      const im = all.length === 2;
      const id = ids.next(im ? "D" : "G");
      feed.changed();
      return channels.put(id, {
        id,
        name: im ? null : `mpdm-${all.join("-").toLowerCase()}`,
        kind: im ? "im" : "mpim",
        members: all,
        archived: false,
        topic: "",
        created: Math.floor(clock.now() / 1000),
      });
    },
    isMember: (channel, user) => channels.get(channel)?.members.includes(user) ?? false,
    changed: () => feed.changed(),
  };
  return workspace;
}
