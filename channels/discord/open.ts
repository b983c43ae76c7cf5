/** Everything of the adapter that talks with Discord, put together and started. */
import type { Inbox } from "../../src/contract/adapter.ts";
import { type ErrorInfo, FactoryError, toErrorInfo } from "../../src/contract/errors.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import { type Body, bodyAt, textAt } from "../../src/contract/untrusted.ts";
import { catchUp, OVERLAP_MS } from "./catch_up.ts";
import { commandBodies, commandsDigest } from "./commands.ts";
import { type Connection, connect } from "./connect.ts";
import type { DiscordAdapterConfig } from "./index.ts";
import { createInteractions } from "./interactions.ts";
import { createKeptReplies } from "./kept_replies.ts";
import { createOwnPosts } from "./own_posts.ts";
import { parseMessage, type Self } from "./parse_message.ts";
import { pause } from "./pause.ts";
import { createPlaces } from "./places.ts";
import { createReplies } from "./replies.ts";
import { type Api, createApi, createRest, explain } from "./rest.ts";
import { createSender, type Sender } from "./send.ts";
import { createTyping } from "./typing.ts";

export interface Opened {
  sender: Sender;
  /** Every shard has its session. */
  connected(): boolean;
  /** Why it will not be connected again as it is; null: it is, or will be. */
  failure(): ErrorInfo | null;
  stop(): Promise<void>;
}

/** What was live until then need not be fetched after a restart. */
const MARK_EVERY_MS = 60_000;
/** What is missed comes before what is said now, unless fetching takes this long. */
const LONGEST_HOLD_MS = 10_000;

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;

/** The portal's switch, for a small application and for a verified one. */
const MESSAGE_CONTENT_FLAGS = (1 << 18) | (1 << 19);

/** Resolves when Discord delivers events. Rejects with a FactoryError that names the variable at fault. */
export async function open(config: DiscordAdapterConfig, inbox: Inbox, lookups: Lookups): Promise<Opened> {
  const { log, now = Date.now } = config;
  const api = createApi(createRest(config.token, config.apiUrl));
  const application = await whoAmI(api);
  const messageContent = (application.flags & MESSAGE_CONTENT_FLAGS) !== 0;
  if (!messageContent)
    log("info", "the Message Content Intent is off: in threads only messages that mention the bot are read");

  let connection: Connection | null = null;
  const self = (): Self => ({ userId: connection?.userId ?? application.botId, appId: application.id });
  const ownPosts = createOwnPosts(() => self().userId);
  const places = createPlaces(api, () => self().userId, {
    of: (id) => connection?.known.of(id),
    named: (name) => connection?.known.named(name) ?? [],
  });
  const kept = createKeptReplies(config.repliesFile ?? null, ({ message }) =>
    log("warn", "what waits for a reply could not be kept", { error: message }),
  );
  const replies = createReplies({ api, appId: () => application.id, now, kept, log });
  const typing = createTyping(api, places, (id) => connection?.known.of(id) !== undefined);
  const interactions = createInteractions({ api, inbox, lookups, replies, log });
  const stopping = new AbortController();
  const sender = createSender({ api, places, replies, userId: () => self().userId, spoke: typing.end, log });

  /** Of each channel one after the other, so that they are stored in the order in which they were said. */
  const chains = new Map<string, Promise<void>>();
  const underWay = new Set<Promise<unknown>>();
  let held: Promise<unknown> = Promise.resolve();
  let complete = false;

  /** Until it is stored: nobody sends it again. What can never be stored is left. */
  async function store(event: InboundEvent): Promise<void> {
    for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(LONGEST_RETRY_MS, waitMs * 2)) {
      try {
        const { stored } = await inbox.receive(event);
        if (stored && event.kind === "message" && event.addressed !== false) typing.begin(event.place);
        return;
      } catch (thrown) {
        const error = toErrorInfo(thrown);
        const again = error.retryable && !stopping.signal.aborted;
        log(again ? "warn" : "error", "a message could not be stored", { eventId: event.eventId, error });
        if (!again) {
          // Not stored and not forgotten: the mark stays before it.
          if (error.retryable) complete = false;
          return;
        }
        await pause(waitMs, stopping.signal);
      }
    }
  }

  async function takeMessage(message: Body): Promise<void> {
    await held;
    const channel = textAt(message, "channel_id") ?? "";
    const user = textAt(message, "author", "id") ?? "";
    if (user === self().userId) return;
    const guild = textAt(message, "guild_id");
    if (guild === null) places.remember(user, channel);
    const where = await places.where(channel, guild);
    const parsed = parseMessage(message, where, self());
    if (parsed.kind !== "event") return;
    await store(ownPosts.isBelow(where) ? { ...parsed.event, belowOwn: true } : parsed.event);
  }

  function onMessage(message: Body): void {
    // At once: what is said below it may be read in another chain, before this one has come so far.
    ownPosts.note(message);
    const channel = textAt(message, "channel_id") ?? "";
    const next = (chains.get(channel) ?? Promise.resolve())
      .then(() => takeMessage(message))
      .catch((thrown: unknown) => log("warn", "a message could not be read", { error: explain(thrown).error }))
      .finally(() => {
        if (chains.get(channel) === next) chains.delete(channel);
      });
    chains.set(channel, next);
  }

  const opened = Promise.withResolvers<void>();
  function onInteraction(interaction: Body): void {
    const taking = interactions.take(interaction);
    underWay.add(taking);
    void taking.finally(() => underWay.delete(taking));
  }

  let catchingUp: Promise<void> | null = null;
  let again = false;
  /** One at a time; a gap that shows meanwhile is looked at afterwards. */
  function lookBack(): void {
    const current = connection;
    if (stopping.signal.aborted || current === null) return;
    if (catchingUp !== null) {
      again = true;
      return;
    }
    complete = false;
    const receive = (event: InboundEvent) => store(event);
    const readable = () => current.readable();
    const { history } = lookups;
    const { signal } = stopping;
    catchingUp = catchUp({ api, self: self(), places, ownPosts, history, readable, receive, now, log, signal })
      .then(
        (count) => {
          complete = true;
          log("debug", "looked for what was missed", { count });
        },
        (thrown: unknown) => log("warn", "what was missed could not be fetched", { error: explain(thrown).error }),
      )
      .finally(() => {
        catchingUp = null;
        if (!again) return;
        again = false;
        lookBack();
      });
    held = Promise.race([catchingUp, pause(LONGEST_HOLD_MS, stopping.signal)]);
  }

  // Nothing that is said is taken before it is known what was missed.
  held = opened.promise;
  const { token, apiUrl } = config;
  connection = await connect({ token, apiUrl, messageContent, onMessage, onInteraction, onGap: lookBack, log });
  await registerCommands(api, application.id, log);
  lookBack();
  opened.resolve();

  const timer = setInterval(() => {
    if (!complete && catchingUp === null) return lookBack();
    const live = complete && chains.size === 0 && connection?.connected() === true;
    if (!live) return;
    lookups.history
      .markCaughtUp(now() - OVERLAP_MS)
      .catch((thrown: unknown) => log("debug", "the mark could not be moved", { error: toErrorInfo(thrown) }));
  }, config.markEveryMs ?? MARK_EVERY_MS);
  timer.unref();

  return {
    sender,
    connected: () => connection?.connected() ?? false,
    failure: () => connection?.failure() ?? null,
    async stop() {
      stopping.abort();
      clearInterval(timer);
      typing.stop();
      await connection?.stop();
      await Promise.allSettled([...chains.values(), ...underWay]);
      replies.stop();
      await catchingUp;
    },
  };
}

async function whoAmI(api: Api): Promise<{ id: string; botId: string; flags: number }> {
  try {
    const application = await api.get("/applications/@me");
    const id = textAt(application, "id");
    if (id === null) throw new Error("it did not say which application this is");
    return { id, botId: textAt(application, "bot", "id") ?? id, flags: Number(bodyAt(application).flags ?? 0) };
  } catch (thrown) {
    const { error, unknown } = explain(thrown);
    throw new FactoryError(error.code, error.message, {
      field: unknown ? "DISCORD_API_URL" : "DISCORD_TOKEN",
      remedy: error.remedy ?? "set DISCORD_TOKEN to the token of the application's Bot page",
      cause: thrown,
    });
  }
}

/** Only when they changed: Discord limits how often a day. */
async function registerCommands(api: Api, appId: string, log: Log): Promise<void> {
  const path = `/applications/${appId}/commands`;
  try {
    const wanted = commandBodies();
    const there = await api.get(path);
    if (Array.isArray(there) && commandsDigest(there) === commandsDigest(wanted)) return;
    await api.put(path, wanted);
    log("info", "the slash commands were registered");
  } catch (thrown) {
    log("warn", "the slash commands could not be registered", { error: explain(thrown).error });
  }
}
