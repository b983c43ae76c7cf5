/**
 * What was said while the bot was away (C10): every channel and thread it can read and every DM it knows of, from the moment up to which
 * everything is known. What was received meanwhile is known by its message id, so fetching too much does no harm. A press meanwhile
 * cannot be fetched: Discord shows its own error, and the button works when it is pressed again.
 */
import type { InboundEvent, InboundMessage } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import type { InboundHistory } from "../../src/contract/lookups.ts";
import { type Body, isBody, textAt } from "../../src/contract/untrusted.ts";
import { compareIds, parsePlace, parseReceipt, snowflakeAt } from "./ids.ts";
import type { OwnPosts } from "./own_posts.ts";
import { parseMessage, type Self, type Where } from "./parse_message.ts";
import type { Places } from "./places.ts";
import { type Api, explain } from "./rest.ts";

/** A channel or thread that the bot can read, as the gateway told of it. */
export interface Readable {
  id: string;
  lastMessage: string | null;
  where: Where;
}

export interface CatchUpOptions {
  api: Api;
  self: Self;
  places: Places;
  ownPosts: OwnPosts;
  history: InboundHistory;
  readable(): Readable[];
  receive(event: InboundEvent): Promise<unknown>;
  now: () => number;
  log: Log;
  signal: AbortSignal;
}

/** Clocks differ, and what comes live may still be on its way to the backend. */
export const OVERLAP_MS = 60_000;
/** Nobody expects an answer to what they said before that; keys of what was received are kept longer. */
const LONGEST_AWAY_MS = 7 * 86_400_000;
const MOST_PAGES = 20;
const PAGE = 100;

/** Resolves with how many messages were handed on. Rejects when Discord could not be read to the end: then it begins at the same place again. */
export async function catchUp(options: CatchUpOptions): Promise<number> {
  const { history, now, signal } = options;
  const startedAt = now();
  const from = await history.caughtUpTo();
  if (from === null) {
    await history.markCaughtUp(startedAt - OVERLAP_MS);
    return 0;
  }
  const after = snowflakeAt(Math.max(from - OVERLAP_MS, startedAt - LONGEST_AWAY_MS));
  const found: { event: InboundMessage; where: Where }[] = [];
  for (const { id, where } of await channelsToRead(options, after)) {
    if (signal.aborted) return 0;
    try {
      for (const message of await messagesAfter(options.api, id, after)) {
        options.ownPosts.note(message);
        const parsed = parseMessage({ channel_id: id, ...message }, where, options.self);
        if (parsed.kind === "event") found.push({ event: parsed.event, where });
      }
    } catch (thrown) {
      skipRefused(thrown, options.log, id);
    }
  }
  // Only now: a thread may have been read before the channel with the post on which it hangs.
  const events = found.map(({ event, where }) =>
    options.ownPosts.isBelow(where) ? { ...event, belowOwn: true } : event,
  );
  // Finer than their times.
  events.sort((a, b) => compareIds(a.messageId, b.messageId));
  for (const event of events) await options.receive(event);
  await history.markCaughtUp(startedAt - OVERLAP_MS);
  return events.length;
}

/** Only where something newer stands: one request a channel is spared for each quiet one. */
async function channelsToRead(options: CatchUpOptions, after: string): Promise<{ id: string; where: Where }[]> {
  const { api, places, history, log, signal } = options;
  const newer = (last: string | null) => last !== null && compareIds(last, after) > 0;
  const seen = options.readable();
  const known = new Set(seen.map(({ id }) => id));
  const found: { id: string; where: Where }[] = seen.filter(({ lastMessage }) => newer(lastMessage));
  const { threads, receipts, handles } = await history.knownPlaces();
  const people = new Set<string>();
  for (const place of [...threads, ...handles]) {
    const parsed = parsePlace(place);
    if (parsed?.kind === "bare" && !known.has(parsed.id)) people.add(parsed.id);
  }
  const dms = new Set<string>();
  for (const receipt of receipts) {
    const channel = parseReceipt(receipt)?.channel;
    if (channel !== undefined && !known.has(channel)) dms.add(channel);
  }
  for (const user of people) {
    if (signal.aborted) return [];
    try {
      dms.add(await places.dmOf(user));
    } catch (thrown) {
      skipRefused(thrown, log, user);
    }
  }
  for (const id of dms) {
    if (signal.aborted) return [];
    try {
      const channel = await api.get(`/channels/${id}`);
      if (!newer(textAt(channel, "last_message_id"))) continue;
      found.push({ id, where: await places.where(id, textAt(channel, "guild_id")) });
    } catch (thrown) {
      skipRefused(thrown, log, id);
    }
  }
  return found;
}

async function messagesAfter(api: Api, channel: string, since: string): Promise<Body[]> {
  const messages: Body[] = [];
  let after = since;
  for (let page = 0; page < MOST_PAGES; page++) {
    const answer = await api.get(`/channels/${channel}/messages`, { after, limit: String(PAGE) });
    const some = (Array.isArray(answer) ? answer.filter(isBody) : []).sort((a, b) =>
      compareIds(String(a.id), String(b.id)),
    );
    messages.push(...some);
    if (some.length < PAGE) break;
    after = String(some.at(-1)?.id);
  }
  return messages;
}

/** A channel that may not be read must not keep the others from being read. */
function skipRefused(thrown: unknown, log: Log, what: string): void {
  const { error, unknown } = explain(thrown);
  if (unknown || error.code !== "platform_refused") throw thrown;
  log("debug", "a channel could not be looked through", { channel: what, error });
}
