/**
 * Interactions that wait for their reply. A token lives for 15 minutes; what comes later is said by the bot's own token. The backend
 * names the event in the key of its reply, so the two find each other, in a later process too.
 */
import type { OutDelivery } from "../../src/contract/adapter.ts";
import type { Log } from "../../src/contract/log.ts";
import { KEPT_MS, type KeptReplies } from "./kept_replies.ts";
import type { Ack, Origin } from "./parse.ts";
import { pause } from "./pause.ts";
import { type Api, bodyOf, explain, type Sent } from "./rest.ts";
import { type Content, type File, FLAGS } from "./wire.ts";

export interface OpenReply {
  origin: Origin;
  ack: Ack;
  /** Resolves once Discord was answered; false: it was too late, the token is worth nothing. */
  acked: Promise<boolean>;
  expiresAt: number;
  /** The deferred reply has its text. */
  filled: boolean;
  /** Of an earlier process: whether it has its text is not known, so it serves no other delivery than its own. */
  earlier: boolean;
}

export interface Replies {
  /** While an event is being stored its reply may come before anybody knows its id. */
  storing(promise: Promise<unknown>): void;
  remember(inboundId: string, reply: Omit<OpenReply, "expiresAt" | "filled" | "earlier">): void;
  /** null: nobody waits for this with a token that still works. */
  find(delivery: OutDelivery, onlyTo: string | null): Promise<OpenReply | null>;
  /** Says it with the token; null: the token works no more. Throws what else Discord refuses. */
  say(
    reply: OpenReply,
    parts: Content[],
    privately: boolean,
    files?: File[],
  ): Promise<(Sent & { ephemeral: boolean }) | null>;
  stop(): void;
}

/** A deferred reply says "thinking" until it gets its text; some events have none. */
const QUIET_AFTER_MS = 45_000;
const STORING_MS = 2_500;
const REMEMBERED = 1_000;

export interface RepliesOptions {
  api: Api;
  appId: () => string;
  now: () => number;
  kept: KeptReplies;
  log: Log;
}

export function createReplies({ api, appId, now, kept, log }: RepliesOptions): Replies {
  const byInbound = new Map<string, OpenReply>();
  for (const { inboundId, origin, ack, expiresAt } of kept.earlier(now())) {
    // Where Discord was never answered the token is refused, and the reply is an ordinary message.
    const acked = Promise.resolve(true);
    byInbound.set(inboundId, { origin, ack, expiresAt, acked, filled: false, earlier: true });
  }
  const storing = new Set<Promise<unknown>>();
  const timers = new Set<NodeJS.Timeout>();
  const hook = ({ token }: Origin) => `/webhooks/${appId()}/${token}`;

  function quietLater(reply: OpenReply): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (reply.filled) return;
      const text = "Received. There is no answer yet; it comes here as soon as there is one.";
      const content = { content: text, embeds: [], components: [], flags: 0 };
      api
        .patch(`${hook(reply.origin)}/messages/@original`, bodyOf(content), { auth: false })
        .catch((thrown: unknown) =>
          log("debug", "a deferred reply could not be filled", { error: explain(thrown).error }),
        );
    }, QUIET_AFTER_MS);
    timer.unref();
    timers.add(timer);
  }

  return {
    storing(promise) {
      const settled = promise.then(
        () => {},
        () => {},
      );
      storing.add(settled);
      void settled.then(() => storing.delete(settled));
    },
    remember(inboundId, given) {
      const reply: OpenReply = { ...given, expiresAt: now() + KEPT_MS, filled: false, earlier: false };
      byInbound.set(inboundId, reply);
      const { origin, ack, expiresAt } = reply;
      kept.keep({ inboundId, origin, ack, expiresAt });
      const oldest = byInbound.keys().next().value;
      if (byInbound.size > REMEMBERED && oldest !== undefined) byInbound.delete(oldest);
      if (reply.ack.kind === "reply") quietLater(reply);
    },
    async find({ key, place }, onlyTo) {
      const inboundId = /^inbound:(.+)$/.exec(key)?.[1] ?? null;
      if (inboundId === null && onlyTo === null) return null;
      if (storing.size > 0 && (inboundId === null || !byInbound.has(inboundId)))
        await Promise.race([Promise.all(storing), pause(STORING_MS)]);
      const exact = inboundId === null ? undefined : byInbound.get(inboundId);
      const reply = exact ?? (inboundId === null ? latestOf(onlyTo, place) : undefined);
      if (reply === undefined || reply.expiresAt <= now() || !(await reply.acked)) return null;
      return reply;
    },
    async say(reply, parts, privately, files = []) {
      const base = hook(reply.origin);
      const shownToOne = reply.ack.kind === "reply" && reply.ack.ephemeral;
      const flag = privately || shownToOne ? FLAGS.ephemeral : 0;
      let first: Sent | null = null;
      try {
        // What all could read is no place for what one person is to read.
        const fits = reply.ack.kind === "reply" && !reply.filled && (shownToOne || !privately || reply.origin.private);
        if (reply.ack.kind === "reply" && !reply.filled && !fits)
          await api.delete(`${base}/messages/@original`, { auth: false }).catch(() => {});
        for (const [index, part] of parts.entries()) {
          const own = index === 0 ? files : [];
          const sent =
            index === 0 && fits
              ? await api.patch(`${base}/messages/@original`, bodyOf(part, own), { auth: false, files: own })
              : await api.post(base, { ...bodyOf(part, own), flags: part.flags | flag }, { auth: false, files: own });
          first ??= sent as Sent;
        }
      } catch (thrown) {
        const { code, error } = explain(thrown);
        if (first === null && (code === 10015 || code === 50027 || code === 10008 || error.code === "unauthenticated"))
          return null;
        throw thrown;
      }
      reply.filled = true;
      return first === null ? null : { ...first, ephemeral: flag !== 0 && !reply.origin.private };
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };

  function latestOf(handle: string | null, place: string): OpenReply | undefined {
    const fits = ({ origin, filled, earlier }: OpenReply) =>
      origin.handle === handle && (origin.place === place || handle === place) && !filled && !earlier;
    return [...byInbound.values()].reverse().find(fits);
  }
}
