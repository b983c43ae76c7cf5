/**
 * Slack's own place for assistants: suggestions when a conversation is opened, "is thinking…" while an answer is made. A workspace may
 * have none of it (the app lacks the scope, the plan, the setting): then these calls are refused, nobody is told, and everything else
 * goes on as in any direct message.
 */
import type { WebClient } from "@slack/web-api";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import { parsePlace } from "./ids.ts";
import { PROMPTS } from "./manifest.ts";
import { explain } from "./web.ts";

export interface AssistantThread {
  channel: string;
  threadTs: string;
}

export interface Assistant {
  /** Somebody opened a new conversation. */
  opened(thread: AssistantThread): Promise<void>;
  /** An answer is being made to this. Slack takes the words away itself when something is posted in the thread. */
  thinking(event: InboundEvent): void;
  /** To be waited for before something is posted there: words that came after the reply would stay. */
  settled(place: string): Promise<void>;
}

/** Refused once it is not tried again for so long: the app may have been given the scope meanwhile. */
const REFUSED_FOR_MS = 10 * 60_000;
const REMEMBERED = 200;

export function createAssistant({
  web,
  now,
  log,
}: {
  web: Pick<WebClient, "assistant">;
  now: () => number;
  log: Log;
}): Assistant {
  let refusedUntil = 0;
  const pending = new Map<string, Promise<void>>();

  async function trying(call: () => Promise<unknown>): Promise<void> {
    if (now() < refusedUntil) return;
    try {
      await call();
    } catch (thrown) {
      const { error, retryAfterMs, code } = explain(thrown);
      // A thread that is not one of the assistant's says nothing about others.
      if (!error.retryable && code !== "thread_not_found") refusedUntil = now() + REFUSED_FOR_MS;
      if (retryAfterMs !== null) refusedUntil = now() + retryAfterMs;
      log("debug", "the assistant's thread could not be used", { error });
    }
  }

  return {
    opened: ({ channel, threadTs }) =>
      trying(() =>
        web.assistant.threads.setSuggestedPrompts({
          channel_id: channel,
          thread_ts: threadTs,
          title: "For example",
          prompts: PROMPTS,
        }),
      ),
    thinking(event) {
      const place = parsePlace(event.place);
      // Only conversation takes a while; a command is answered at once.
      if (event.kind !== "message" || !event.private || event.text.startsWith("/")) return;
      if (place?.kind !== "channel" || place.threadTs === null) return;
      const { id, threadTs } = place;
      const call = trying(() =>
        web.assistant.threads.setStatus({ channel_id: id, thread_ts: threadTs, status: "is thinking…" }),
      );
      pending.set(event.place, call);
      const oldest = pending.keys().next().value;
      if (pending.size > REMEMBERED && oldest !== undefined) pending.delete(oldest);
    },
    async settled(place) {
      await pending.get(place);
      pending.delete(place);
    },
  };
}
