/**
 * Slack connected to the inbox. Bolt reads and routes what comes; our receiver acknowledges it, and only after it is stored. What opens a
 * window or draws a page is nothing to store: there the acknowledgement does not wait.
 */
import { App } from "@slack/bolt";
import type { Inbox } from "../../src/contract/adapter.ts";
import { toErrorInfo } from "../../src/contract/errors.ts";
import { schemaOf } from "../../src/contract/form.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { Log } from "../../src/contract/log.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import { type Body, isBody, listAt } from "../../src/contract/untrusted.ts";
import type { Assistant } from "./assistant.ts";
import { slackLogger } from "./log.ts";
import type { Modals } from "./modals.ts";
import { type Parsed, parse, type Self } from "./parse.ts";
import { DurableReceiver } from "./receiver.ts";

export interface ConnectOptions {
  token: string;
  self: Self;
  inbox: Inbox;
  lookups: Lookups;
  modals: Modals;
  showHome(handle: string): Promise<void>;
  assistant: Assistant;
  now: () => number;
  log: Log;
}

export interface Connection {
  /** Resolves with the acknowledgement's payload, when it may be given; rejects when Slack is to send it again. */
  take(body: Body, retry: { num?: number; reason?: string }): Promise<unknown>;
  /** Resolves when what had come is stored. */
  stop(): Promise<void>;
}

/** An acknowledgement must come within 3 s, and a window must open in them. */
const FORM_LOOKUP_MS = 1_000;

export function connect(options: ConnectOptions): Connection {
  const { self, inbox, lookups, modals, now, log } = options;
  const receiver = new DurableReceiver();
  const app = new App({
    receiver,
    // auth.test was asked at the start; Bolt need not ask again for each event.
    authorize: async () => ({
      botToken: options.token,
      botUserId: self.userId,
      teamId: self.team,
      ...(self.botId === null ? {} : { botId: self.botId }),
    }),
    convoStore: false,
    logger: slackLogger(log),
  });
  // Whatever a listener throws must reach the receiver: it decides what is acknowledged.
  app.error(async (error) => {
    throw error;
  });
  const listener = async ({ body }: { body: unknown }): Promise<void> => await handle(isBody(body) ? body : {});
  app.event(/./, listener);
  app.command(/./, listener);
  app.action(/./, listener);
  app.view(/./, listener);

  async function handle(body: Body): Promise<void> {
    const parsed = parse(body, self, now());
    switch (parsed.kind) {
      case "ignored":
        return;
      case "event":
        return await store(parsed.event);
      case "modal":
        return aside("a window could not be opened", modals.open(parsed.modal, parsed.triggerId, parsed.handle));
      case "runModal":
        return await runOrAsk(parsed);
      case "home":
        return aside("a home page could not be shown", options.showHome(parsed.handle));
      case "assistantThread":
        return aside("suggestions could not be shown", options.assistant.opened(parsed));
    }
  }

  /** What can never be stored is acknowledged, or it would come again and again; everything else is not until it is stored. */
  async function store(event: InboundEvent): Promise<void> {
    try {
      const { stored } = await inbox.receive(event);
      if (stored) options.assistant.thinking(event);
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      if (error.retryable || error.code === "internal") throw thrown;
      log("error", "an event was refused for good", { eventId: event.eventId, error });
    }
  }

  /** `/workflow run NAME` without what the workflow needs asks for it in a window; everything else is the command it is. */
  async function runOrAsk({ workflow, triggerId, event }: Extract<Parsed, { kind: "runModal" }>): Promise<void> {
    const form = await Promise.race([
      lookups.workflow(event.sender.handle, workflow).catch(() => null),
      new Promise<null>((done) => setTimeout(() => done(null), FORM_LOOKUP_MS)),
    ]);
    const needs = form === null ? [] : listAt(schemaOf(form.inputs) ?? {}, "required");
    if (form === null || needs.length === 0) return await store(event);
    try {
      await modals.openRun(form, triggerId, { place: event.place, private: event.private }, {});
    } catch (thrown) {
      log("warn", "a window for a workflow's inputs could not be opened", { error: toErrorInfo(thrown) });
      await store(event);
    }
  }

  function aside(what: string, doing: Promise<void>): void {
    doing.catch((thrown: unknown) => log("warn", what, { error: toErrorInfo(thrown).message }));
  }

  return {
    take: (body, retry) => receiver.process(body, retry),
    stop: () => receiver.stop(),
  };
}
