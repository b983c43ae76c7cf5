/**
 * Deliveries onto Slack. Slack has no idempotency key, so each message carries its delivery's key in its metadata, and after an outcome
 * that is not known (a 500, a lost connection, a process that died) the channel is looked through before anything is posted again (O9).
 */
import type { MessageMetadata } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import type { OutDelivery, SendResult } from "../../src/contract/adapter.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { bodyAt, textAt } from "../../src/contract/untrusted.ts";
import type { Directory, Target } from "./directory.ts";
import { formatReceipt, KEY_EVENT, parseReceipt, tsOf, userOf } from "./ids.ts";
import { type Rendered, renderMessage } from "./render.ts";
import { explain, type Failure } from "./web.ts";

export interface Sender {
  send(delivery: OutDelivery): Promise<SendResult>;
  edit(delivery: OutDelivery, receipt: string): Promise<SendResult>;
}

export interface SenderOptions {
  web: WebClient;
  directory: Directory;
  /** The bot's own user: nobody else's metadata is believed. */
  userId: string;
  /** What has to be over before something is said in a place. Absent: nothing. */
  before?: (place: string) => Promise<void>;
  log: Log;
}

/** Clocks differ; a message is looked for from this much before its delivery was made. */
const LOOK_BACK_MS = 5 * 60_000;
const LOOK_PAGES = 5;
const REMEMBERED = 500;

export function createSender({ web, directory, userId, before: wait, log }: SenderOptions): Sender {
  /** Keys whose last post may stand although nobody said so. */
  const uncertain = new Set<string>();
  /** Receipt of a text in several messages -> the later ones. Found by their keys when forgotten. */
  const tails = new Map<string, string[]>();

  async function send(delivery: OutDelivery): Promise<SendResult> {
    const { message, key } = delivery;
    const only = privateTo(message);
    try {
      await wait?.(delivery.place);
      const target = await directory.resolve(delivery.place);
      if (target === null) return failed({ ...notAPlace(delivery.place), retryAfterMs: null });
      if (only !== null) return await whisper(delivery, target, only);
      const [first, ...rest] = renderMessage(message);
      const before = delivery.tries > 0 || uncertain.has(key) ? await find(target, key, delivery.createdAt) : null;
      const posted = before === null ? await post(target, first!, key) : await rewrite(before, first!, key);
      uncertain.delete(key);
      const receipt = formatReceipt({ ...posted, ephemeral: false });
      await sayTail({ channel: posted.channel, threadTs: target.threadTs }, receipt, rest, delivery, before !== null);
      return { ok: true, receipt };
    } catch (thrown) {
      const failure = explain(thrown);
      if (failure.unknown && only === null) return await afterUnknown(delivery, failure);
      return failed(failure);
    }
  }

  /** The connection may be back already: one look now spares the wait. Otherwise the next try looks first. */
  async function afterUnknown(delivery: OutDelivery, failure: Failure): Promise<SendResult> {
    uncertain.add(delivery.key);
    forgetOldest(uncertain);
    if (renderMessage(delivery.message).length > 1) return failed(failure);
    try {
      const target = await directory.resolve(delivery.place);
      const found = target === null ? null : await find(target, delivery.key, delivery.createdAt);
      if (found === null) return failed(failure);
      uncertain.delete(delivery.key);
      return { ok: true, receipt: formatReceipt({ ...found, ephemeral: false }) };
    } catch {
      return failed(failure);
    }
  }

  async function post(target: Target, { text, blocks }: Rendered, key: string): Promise<Where> {
    const answer = await web.chat.postMessage({
      channel: target.channel,
      text,
      ...(blocks.length === 0 ? {} : { blocks }),
      ...(target.threadTs === null ? {} : { thread_ts: target.threadTs }),
      metadata: metadataOf(key),
      ...INERT,
    });
    const [channel, ts] = [textAt(answer, "channel") ?? target.channel, textAt(answer, "ts")];
    if (ts === null) throw new Error("chat.postMessage gave no ts");
    return { channel, ts };
  }

  async function rewrite(where: Where, { text, blocks }: Rendered, key: string): Promise<Where> {
    await web.chat.update({
      ...where,
      text,
      ...(blocks.length === 0 ? {} : { blocks }),
      metadata: metadataOf(key),
      ...INERT,
    });
    return where;
  }

  /** What did not fit into the first message. */
  async function sayTail(
    target: Target,
    receipt: string,
    rest: Rendered[],
    delivery: OutDelivery,
    look: boolean,
  ): Promise<void> {
    if (rest.length === 0) return;
    const known = tails.get(receipt) ?? [];
    tails.set(receipt, known);
    forgetOldest(tails);
    for (const [index, part] of rest.entries()) {
      const key = tailKey(delivery.key, index);
      const seen = known[index] === undefined ? null : { channel: target.channel, ts: known[index] };
      const where = seen ?? (look || uncertain.has(key) ? await find(target, key, delivery.createdAt) : null);
      // Whatever happens to this one, the next try has to look for it.
      if (where === null) uncertain.add(key);
      known[index] = (where === null ? await post(target, part, key) : await rewrite(where, part, key)).ts;
      uncertain.delete(key);
    }
  }

  /** null: it is not there. Throws when it could not be looked for: then nothing may be posted. */
  async function find(target: Target, key: string, since: number): Promise<Where | null> {
    // A name that could not be resolved is a channel the bot is not in, so nothing of its own stands there.
    if (target.channel.startsWith("#")) return null;
    const { channel, threadTs } = target;
    const window = { channel, oldest: tsOf(since - LOOK_BACK_MS), include_all_metadata: true, limit: 200 };
    let cursor: string | undefined;
    for (let page = 0; page < LOOK_PAGES; page++) {
      const more = cursor === undefined ? {} : { cursor };
      const answer =
        threadTs === null
          ? await web.conversations.history({ ...window, ...more })
          : await web.conversations.replies({ ...window, ...more, ts: threadTs });
      for (const message of answer.messages ?? []) {
        const own = textAt(message, "user") === userId;
        const ts = textAt(message, "ts");
        if (own && ts !== null && textAt(bodyAt(message, "metadata", "event_payload"), "key") === key)
          return { channel, ts };
      }
      cursor = answer.response_metadata?.next_cursor || undefined;
      if (cursor === undefined) return null;
    }
    return null;
  }

  /**
   * For one person's eyes. Where Slack cannot, it becomes a direct message: nobody else reads it either way. What was shown in passing
   * stands in no history, so one whose receipt was lost is shown again; a direct message is looked for.
   */
  async function whisper(delivery: OutDelivery, target: Target, user: string): Promise<SendResult> {
    const [first, ...rest] = renderMessage(delivery.message);
    const place = target.threadTs === null ? {} : { thread_ts: target.threadTs };
    try {
      let ts: string | null = null;
      for (const { text, blocks } of [first!, ...rest]) {
        const given = blocks.length === 0 ? {} : { blocks };
        const answer = await web.chat.postEphemeral({
          channel: target.channel,
          user,
          text,
          ...given,
          ...place,
          ...UNPARSED,
        });
        ts ??= textAt(answer, "message_ts");
      }
      return { ok: true, receipt: formatReceipt({ channel: target.channel, ts: ts ?? "0.0", ephemeral: true }) };
    } catch (thrown) {
      const failure = explain(thrown);
      if (failure.code === null || !NOT_HERE.has(failure.code)) throw thrown;
      log("debug", "a notice goes to the person's own place", { code: failure.code });
      const own = { channel: await directory.dmOf(user), threadTs: null };
      const before = delivery.tries > 0 ? await find(own, delivery.key, delivery.createdAt) : null;
      const receipt = formatReceipt({ ...(before ?? (await post(own, first!, delivery.key))), ephemeral: false });
      await sayTail(own, receipt, rest, delivery, before !== null);
      return { ok: true, receipt };
    }
  }

  async function edit(delivery: OutDelivery, receipt: string): Promise<SendResult> {
    const where = parseReceipt(receipt);
    if (where === null) return failed({ ...notAPlace(receipt), retryAfterMs: null });
    // Nobody can change what one person was shown in passing.
    if (where.ephemeral) return { ok: true, receipt };
    try {
      const [first, ...rest] = renderMessage(delivery.message);
      await rewrite({ channel: where.channel, ts: where.ts }, first!, delivery.key);
      if (rest.length > 0) {
        const threadTs = (await directory.resolve(delivery.place))?.threadTs ?? null;
        await sayTail({ channel: where.channel, threadTs }, receipt, rest, delivery, true);
      }
      return { ok: true, receipt };
    } catch (thrown) {
      const failure = explain(thrown);
      // Somebody deleted it: there is nothing left that could tell a wrong story.
      if (failure.code === "message_not_found") return { ok: true, receipt };
      return failed(failure);
    }
  }

  return { send, edit };
}

interface Where {
  channel: string;
  ts: string;
}

/** No name in a text is looked up, no link unfolded: what was said is what is seen. */
const UNPARSED = { link_names: false, parse: "none" } as const;
const INERT = { ...UNPARSED, unfurl_links: false, unfurl_media: false } as const;

const metadataOf = (key: string): MessageMetadata => ({ event_type: KEY_EVENT, event_payload: { key } });
const tailKey = (key: string, index: number): string => `${key}#${index + 2}`;

/** The person may not be there, or the bot may not. */
const NOT_HERE = new Set([
  "user_not_in_channel",
  "not_in_channel",
  "channel_not_found",
  "is_archived",
  "thread_not_found",
]);

function privateTo(message: OutMessage): string | null {
  if (message.kind !== "text" && message.kind !== "list") return null;
  return message.onlyTo == null ? null : userOf(message.onlyTo);
}

const failed = ({ error, retryAfterMs }: Pick<Failure, "error" | "retryAfterMs">): SendResult => ({
  ok: false,
  error,
  retryAfterMs,
});

const notAPlace = (place: string) => ({
  error: errorInfo("platform_refused", `${place} is not a place in Slack`, {
    remedy: "write slack:#name, slack:CHANNEL or slack:CHANNEL/THREAD",
  }),
});

function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  const oldest = kept.keys().next().value;
  if (kept.size > REMEMBERED && oldest !== undefined) kept.delete(oldest);
}
