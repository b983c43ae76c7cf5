/**
 * The gateway through discord.js: least intents, as many shards as Discord asks for, resumed by the library after a break. What it tells
 * is handed on as it came; discord.js keeps what is known of servers, channels and threads.
 */
import { Client, Events, GatewayDispatchEvents, GatewayIntentBits, Options, Status } from "discord.js";
import { type ErrorInfo, FactoryError } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { type Body, isBody } from "../../src/contract/untrusted.ts";
import type { Readable } from "./catch_up.ts";
import type { Known } from "./places.ts";
import { CHANNEL_TYPE } from "./wire.ts";

export interface ConnectOptions {
  token: string;
  apiUrl: string;
  /** The portal allows it: then what is said in threads without a mention can be read. */
  messageContent: boolean;
  onMessage(message: Body): void;
  onInteraction(interaction: Body): void;
  /** A session that could not be resumed: what was said meanwhile has to be fetched. */
  onGap(): void;
  log: Log;
}

export interface Connection {
  userId: string;
  /** Every shard is connected. */
  connected(): boolean;
  /** Why Discord has closed a connection for good; null: it has not. */
  failure(): ErrorInfo | null;
  known: Known;
  readable(): Readable[];
  stop(): Promise<void>;
}

/** discord.js waits 15 s for servers that are down; this is more. */
const READY_WITHIN_MS = 30_000;

/** Resolves when the gateway delivers events. Rejects with a FactoryError that names the variable at fault. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { log } = options;
  const client = new Client({
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      GatewayIntentBits.DirectMessages,
      ...(options.messageContent ? [GatewayIntentBits.MessageContent] : []),
    ],
    shards: "auto",
    rest: { api: options.apiUrl.replace(/\/+$/, "") as `https://${string}` },
    // What was said is in the backend; here it would only take memory.
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      ReactionManager: 0,
      GuildMemberManager: { maxSize: 20, keepOverLimit: (member) => member.id === member.client.user.id },
      UserManager: { maxSize: 20, keepOverLimit: (user) => user.id === user.client.user.id },
    }),
  });
  // As they come over the wire: a message in a DM that discord.js has not seen yet would be left out of its own events.
  client.ws.on(GatewayDispatchEvents.MessageCreate, (data: unknown) => {
    if (isBody(data)) options.onMessage(data);
  });
  client.ws.on(GatewayDispatchEvents.InteractionCreate, (data: unknown) => {
    if (isBody(data)) options.onInteraction(data);
  });
  let started = false;
  let failure: FactoryError | null = null;
  client.on(Events.Error, (error) => log("warn", "the connection to Discord has trouble", { error: error.message }));
  client.on(Events.ShardError, (error, shard) => {
    // What discord.js says of it next is the same again.
    if (failure === null) log("warn", "a shard has trouble", { shard, error: error.message });
  });
  client.on(Events.ShardReady, (shard) => {
    if (!started) return;
    log("info", "a new session began", { shard });
    options.onGap();
  });
  client.on(Events.ShardResume, (shard, events) => log("debug", "a session went on", { shard, events }));
  client.on(Events.ShardDisconnect, ({ code }, shard) => {
    // discord.js does not try again, and one reason serves every shard.
    if (failure !== null) return;
    failure = whyClosed(code);
    if (started) log("error", "Discord ended the connection for good", { shard, error: failure.info });
  });

  const ready = new Promise<void>((done) => client.once(Events.ClientReady, () => done()));
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, failed) => {
    timer = setTimeout(() => failed(new Error(`no session after ${READY_WITHIN_MS / 1000} s`)), READY_WITHIN_MS);
  });
  try {
    await Promise.race([client.login(options.token).then(() => ready), late]);
  } catch (thrown) {
    await client.destroy().catch(() => {});
    throw failure ?? whyRefused(thrown);
  } finally {
    clearTimeout(timer);
  }
  started = true;

  return {
    userId: client.user?.id ?? "",
    connected: () => client.ws.shards.every((shard) => shard.status === Status.Ready),
    failure: () => failure?.info ?? null,
    known: {
      of(id) {
        const channel = client.channels.cache.get(id);
        return channel === undefined
          ? undefined
          : { type: channel.type, parent: channel.isThread() ? channel.parentId : null };
      },
      named: (name) =>
        [...client.channels.cache.values()].flatMap((channel) =>
          !channel.isDMBased() && channel.isTextBased() && !channel.isThread() && channel.name.toLowerCase() === name
            ? [channel.id]
            : [],
        ),
    },
    readable: () =>
      [...client.channels.cache.values()].flatMap((channel): Readable[] => {
        if (channel.isDMBased() || !channel.isTextBased() || !channel.viewable) return [];
        const { id, lastMessageId: lastMessage } = channel;
        if (channel.isThread())
          return [{ id, lastMessage, where: { kind: "thread", id, parent: channel.parentId ?? id } }];
        const threads = !CHANNEL_TYPE.voice.some((type) => type === channel.type);
        return [{ id, lastMessage, where: { kind: "channel", id, threads } }];
      }),
    stop: async () => await client.destroy(),
  };
}

function whyRefused(thrown: unknown): FactoryError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/invalid token/i.test(message)) return whyClosed(4004);
  return new FactoryError("platform_unavailable", `Discord's gateway cannot be reached: ${message}`, {
    field: "DISCORD_API_URL",
    remedy: "look at discordstatus.com and at this machine's way to the network",
    cause: thrown,
  });
}

/** By the codes after which nobody may connect again as before. */
function whyClosed(code: number): FactoryError {
  if (code === 4004)
    return new FactoryError("unauthenticated", "Discord does not accept the bot's token", {
      field: "DISCORD_TOKEN",
      remedy: "reset the token on the application's Bot page, set DISCORD_TOKEN to the new one and start the bot anew",
    });
  if (code === 4014 || code === 4013)
    return new FactoryError("platform_refused", `Discord refuses an intent that the bot asks for (${code})`, {
      field: "DISCORD_TOKEN",
      remedy: "switch Message Content Intent on again on the application's Bot page, or start the bot anew without it",
    });
  if (code === 4010 || code === 4011)
    return new FactoryError("platform_refused", `Discord wants the bot's servers in other shards (${code})`, {
      remedy: "start the bot anew: it asks Discord how many shards there are to be",
    });
  return new FactoryError("platform_refused", `Discord closed the connection for good (${code})`, {
    remedy: "start the bot anew; discord.com/developers/docs/topics/opcodes-and-status-codes explains the number",
  });
}
