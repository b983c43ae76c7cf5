/**
 * Deliveries onto Discord. A post carries a nonce made of the delivery's key, and Discord gives back the first message when it comes
 * again within a few minutes; after that the channel is looked through before anything is posted again (O9).
 */
import type { OutDelivery, SendResult } from "../../src/contract/adapter.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { formatReceipt, nonceOf, parsePlace, parseReceipt, snowflakeAt, userOf } from "./ids.ts";
import { type Found, find } from "./look_up.ts";
import type { Places, Target } from "./places.ts";
import { renderMessage } from "./render.ts";
import type { Replies } from "./replies.ts";
import { type Api, bodyOf, CODES, codeOf, explain, type Failure, type Sent } from "./rest.ts";
import type { Content } from "./wire.ts";

export interface Sender {
  send(delivery: OutDelivery): Promise<SendResult>;
  edit(delivery: OutDelivery, receipt: string): Promise<SendResult>;
}

export interface SenderOptions {
  api: Api;
  places: Places;
  replies: Replies;
  /** The bot's own user: nobody else's messages are taken for ours. */
  userId: () => string;
  /** Something is said at this place. */
  spoke(place: string): void;
  log: Log;
}

/** Clocks differ; a message is looked for from this much before its delivery was made. */
const LOOK_BACK_MS = 60_000;
const REMEMBERED = 500;

export function createSender({ api, places, replies, userId, spoke, log }: SenderOptions): Sender {
  /** Receipt of a text in several messages -> the later ones. */
  const tails = new Map<string, string[]>();

  async function send(delivery: OutDelivery): Promise<SendResult> {
    const { message } = delivery;
    const only = onlyTo(message);
    try {
      const parts = renderMessage(message);
      spoke(delivery.place);
      const reply = await replies.find(delivery, only);
      if (reply !== null && (reply.ack.kind === "reply" || only !== null)) {
        const said = await replies.say(reply, parts, only !== null);
        if (said !== null) return sent({ channel: said.channel_id, message: said.id, ephemeral: said.ephemeral });
      }
      // Without an interaction to answer a private word is a direct message.
      const place = only ?? delivery.place;
      const target = await places.resolve(place);
      if (target === null) return failed({ error: notAPlace(place), retryAfterMs: null });
      const before = delivery.tries > 0 ? await lookAt(place, target.channel, parts[0]!, delivery) : null;
      const first =
        before === null ? await post(place, target, parts[0]!, delivery.key, 0) : await rewrite(before, parts[0]!);
      const receipt = formatReceipt({ channel: first.channel_id, message: first.id, ephemeral: false });
      await sayTail(first.channel_id, receipt, parts, delivery, before !== null);
      return { ok: true, receipt };
    } catch (thrown) {
      return failed(explain(thrown));
    }
  }

  async function post(place: string, target: Target, content: Content, key: string, part: number): Promise<Sent> {
    const body = { ...bodyOf(content), nonce: nonceOf(key, part), enforce_nonce: true };
    const to = ({ channel, replyTo }: Target) =>
      api.post(`/channels/${channel}/messages`, {
        ...body,
        ...(replyTo === null ? {} : { message_reference: { message_id: replyTo, fail_if_not_exists: false } }),
      });
    try {
      return (await to(target)) as Sent;
    } catch (thrown) {
      const opened = codeOf(thrown) === CODES.unknownChannel ? await places.open(place) : null;
      if (opened === null) throw thrown;
      return (await to(opened)) as Sent;
    }
  }

  async function rewrite({ channel_id, id }: Sent, content: Content): Promise<Sent> {
    const path = `/channels/${channel_id}/messages/${id}`;
    try {
      await api.patch(path, bodyOf(content));
    } catch (thrown) {
      if (codeOf(thrown) !== CODES.threadArchived) throw thrown;
      await api.patch(`/channels/${channel_id}`, { archived: false });
      await api.patch(path, bodyOf(content));
    }
    return { channel_id, id };
  }

  /** null: it is not there. Throws when it could not be looked for: then nothing may be posted. */
  async function look(
    channel: string,
    content: Content,
    delivery: OutDelivery,
    answering: string | null = null,
  ): Promise<Found | null> {
    const since = snowflakeAt(delivery.createdAt - LOOK_BACK_MS);
    const taken = new Set(delivery.taken.map((one) => parseReceipt(one)?.message ?? ""));
    return await find(api, channel, since, content, { userId: userId(), taken, answering });
  }

  async function lookAt(
    place: string,
    channel: string,
    content: Content,
    delivery: OutDelivery,
  ): Promise<Found | null> {
    try {
      return await look(channel, content, delivery);
    } catch (thrown) {
      const parsed = parsePlace(place);
      if (codeOf(thrown) !== CODES.unknownChannel || parsed?.kind !== "thread") throw thrown;
      // The thread was never opened. Where it could not be, it was said below the message.
      return await look(parsed.parent, content, delivery, parsed.thread);
    }
  }

  /** What did not fit into the first message. */
  async function sayTail(
    channel: string,
    receipt: string,
    parts: Content[],
    delivery: OutDelivery,
    again: boolean,
  ): Promise<void> {
    if (parts.length < 2) return;
    const known = tails.get(receipt) ?? [];
    tails.set(receipt, known);
    const oldest = tails.keys().next().value;
    if (tails.size > REMEMBERED && oldest !== undefined) tails.delete(oldest);
    const target: Target = { channel, replyTo: null };
    for (const [index, part] of parts.slice(1).entries()) {
      const id = known[index];
      const before =
        id === undefined ? (again ? await look(channel, part, delivery) : null) : { channel_id: channel, id };
      const said =
        before === null
          ? await post(delivery.place, target, part, delivery.key, index + 1)
          : await rewrite(before, part);
      known[index] = said.id;
    }
  }

  async function edit(delivery: OutDelivery, receipt: string): Promise<SendResult> {
    const where = parseReceipt(receipt);
    if (where === null)
      return failed({ error: errorInfo("internal", `"${receipt}" is no receipt`), retryAfterMs: null });
    // Nobody can change what one person was shown in passing.
    if (where.ephemeral) return { ok: true, receipt };
    try {
      const parts = renderMessage(delivery.message);
      spoke(delivery.place);
      await rewrite({ channel_id: where.channel, id: where.message }, parts[0]!);
      await sayTail(where.channel, receipt, parts, delivery, !tails.has(receipt));
      return { ok: true, receipt };
    } catch (thrown) {
      const failure = explain(thrown);
      if (failure.code === CODES.unknownMessage || failure.code === CODES.unknownChannel) {
        // Somebody deleted it: there is nothing left that could tell a wrong story.
        log("debug", "a message to be changed is gone", { receipt });
        return { ok: true, receipt };
      }
      return failed(failure);
    }
  }

  return { send, edit };
}

const sent = (receipt: Parameters<typeof formatReceipt>[0]): SendResult => ({
  ok: true,
  receipt: formatReceipt(receipt),
});

/** The handle of the one person who is to read it; null: everybody at the place. */
function onlyTo(message: OutMessage): string | null {
  if (message.kind !== "text" && message.kind !== "list") return null;
  const handle = message.onlyTo ?? null;
  return handle === null || userOf(handle) === null ? null : handle;
}

const failed = ({ error, retryAfterMs }: Pick<Failure, "error" | "retryAfterMs">): SendResult => ({
  ok: false,
  error,
  retryAfterMs,
});

const notAPlace = (place: string) =>
  errorInfo("platform_refused", `${place} is not a place in Discord`, {
    remedy: "write discord:#name, or discord:CHANNEL with the channel's id (developer mode, Copy Channel ID)",
  });
