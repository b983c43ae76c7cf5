/**
 * What was said while the bot was away (C10): every channel and DM the bot is in, and the threads it takes part in, from the moment up to
 * which everything is known. What was received meanwhile is known by its message id, so fetching too much does no harm.
 */
import type { WebClient } from "@slack/web-api";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import type { InboundHistory } from "../../src/contract/lookups.ts";
import { type Body, bodyAt, isBody, textAt } from "../../src/contract/untrusted.ts";
import { memberships } from "./directory.ts";
import { msOf, parsePlace, parseReceipt, tsOf } from "./ids.ts";
import type { Self } from "./parse.ts";
import { parseMessage } from "./parse_message.ts";
import { explain, patiently } from "./web.ts";

export interface CatchUpOptions {
  web: WebClient;
  self: Self;
  history: InboundHistory;
  receive(event: InboundEvent): Promise<unknown>;
  now: () => number;
  log: Log;
  signal: AbortSignal;
}

/** Clocks differ, and Slack lists a message a moment after it was said. */
const OVERLAP_MS = 60_000;
/** Nobody expects an answer to what they said before that; keys of what was received are kept longer. */
const LONGEST_AWAY_MS = 7 * 86_400_000;
const MOST_PAGES = 20;

/** Resolves with how many messages were handed on. Rejects when Slack could not be read to the end: then it begins at the same place again. */
export async function catchUp(options: CatchUpOptions): Promise<number> {
  const { web, history, now, signal, log } = options;
  const startedAt = now();
  const from = await history.caughtUpTo();
  if (from === null) {
    await history.markCaughtUp(startedAt - OVERLAP_MS);
    return 0;
  }
  const oldest = tsOf(Math.max(from - OVERLAP_MS, startedAt - LONGEST_AWAY_MS));
  const threads = await knownThreads(history);
  const events: InboundEvent[] = [];
  const read = async (channel: string, fetch: (cursor?: string) => Promise<Page>): Promise<Body[]> => {
    const messages: Body[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await patiently(() => fetch(cursor), signal);
      messages.push(...(answer.messages ?? []).filter(isBody));
      cursor = answer.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) break;
    }
    for (const message of messages) {
      const event = asEvent(message, channel, options.self);
      if (event !== null && event.sentAt >= msOf(oldest)) events.push(event);
    }
    return messages;
  };
  const with_ = (cursor: string | undefined) => (cursor === undefined ? {} : { cursor });
  for (const { id, name } of await patiently(() => memberships(web), signal)) {
    if (signal.aborted) return 0;
    try {
      const said = await read(id, (cursor) =>
        web.conversations.history({ channel: id, oldest, limit: 200, ...with_(cursor) }),
      );
      for (const message of said)
        if (Number(message.reply_count ?? 0) > 0) threads.add(`${id}/${textAt(message, "ts")}`);
    } catch (thrown) {
      // A channel that may not be read (scope taken away, archived meanwhile) must not keep the others from being read.
      skipRefused(thrown, log, name ?? id);
    }
  }
  for (const thread of threads) {
    if (signal.aborted) return 0;
    const where = parseReceipt(thread);
    if (where === null) continue;
    const { channel, ts } = where;
    try {
      await read(channel, (cursor) => web.conversations.replies({ channel, ts, oldest, limit: 200, ...with_(cursor) }));
    } catch (thrown) {
      skipRefused(thrown, log, thread);
    }
  }
  events.sort((a, b) => a.sentAt - b.sentAt);
  for (const event of events) await options.receive(event);
  await history.markCaughtUp(startedAt - OVERLAP_MS);
  return events.length;
}

interface Page {
  messages?: unknown[];
  response_metadata?: { next_cursor?: string };
}

/** As `CHANNEL/TS`. */
async function knownThreads(history: InboundHistory): Promise<Set<string>> {
  const { threads, receipts } = await history.knownPlaces();
  const found = new Set(receipts.filter((receipt) => parseReceipt(receipt)?.ephemeral === false));
  for (const thread of threads) {
    const place = parsePlace(thread);
    if (place?.kind === "channel" && place.threadTs !== null) found.add(`${place.id}/${place.threadTs}`);
  }
  return found;
}

/** An edit made meanwhile does not matter here: nobody has seen an earlier version. */
function asEvent(message: Body, channel: string, self: Self): InboundEvent | null {
  const { edited: _, ...rest } = message;
  const event = { ...rest, channel, channel_type: channel.startsWith("D") ? "im" : "channel" };
  const parsed = parseMessage({ team_id: self.team }, bodyAt({ event }, "event"), self);
  return parsed.kind === "event" ? parsed.event : null;
}

function skipRefused(thrown: unknown, log: Log, what: string): void {
  const { error, unknown, code } = explain(thrown);
  if (unknown || error.code !== "platform_refused") throw thrown;
  if (code !== "thread_not_found") log("warn", "a channel could not be looked through", { channel: what, error });
}
