/**
 * The process with the adapters: starts them, stores what they bring, says what the backend wants said, and tells the backend
 * that it lives. One adapter that fails leaves the others running.
 */
import type { AdapterState, Inbox } from "../contract/adapter.ts";
import { toErrorInfo } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import { createInbox } from "./inbox.ts";
import type { Logger } from "./logger.ts";
import { createLookups } from "./lookups.ts";
import { type Pump, type Route, startPump } from "./outbox_pump.ts";

/** A quarter of a delivery's lease, so that a lost beat or two ends none. */
const HEARTBEAT_MS = 5_000;
const LONGEST_STOP_MS = 5_000;

export interface Gateway {
  inbox: Inbox;
  /** By channel. */
  states(): Record<string, AdapterState>;
  idle(): boolean;
  /** Stops taking events, says what is under way; at most 5 s. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  backend: Backend;
  /** Kept over restarts: what a gateway of this name held when it died is free at once. */
  gatewayId: string;
  routes: Route[];
  log: Logger;
}

export async function startGateway({ backend, gatewayId, routes, log }: GatewayOptions): Promise<Gateway> {
  const stopping = new AbortController();
  const inbox = createInbox(backend, log, stopping.signal);
  const states: Record<string, AdapterState> = {};
  await backend.mutation(functions.outbox.release, { gatewayId });
  for (const { channel, adapter } of routes) {
    try {
      await adapter.start(inbox, createLookups(backend, adapter.channel));
      states[channel] = "on";
    } catch (thrown) {
      states[channel] = "failed";
      log.error({ channel, error: toErrorInfo(thrown) }, "a channel could not be started");
    }
  }
  const running = routes.filter(({ channel }) => states[channel] === "on");
  const pump: Pump = startPump({ backend, gatewayId, routes: running, log });

  let beating = false;
  const beat = async () => {
    if (beating) return;
    beating = true;
    try {
      await backend.mutation(functions.outbox.heartbeat, { gatewayId, channels: states });
    } catch (thrown) {
      if (!stopping.signal.aborted) log.warn({ error: toErrorInfo(thrown) }, "the heartbeat was not stored");
    }
    beating = false;
  };
  void beat();
  const timer = setInterval(() => void beat(), HEARTBEAT_MS);

  return {
    inbox,
    states: () => ({ ...states }),
    idle: () => pump.idle(),
    async stop() {
      clearInterval(timer);
      // The pump first: what it is saying needs its adapter.
      const stopped = pump.stop().then(() => Promise.all(running.map(({ adapter }) => adapter.stop())));
      await Promise.race([stopped, new Promise((done) => setTimeout(done, LONGEST_STOP_MS).unref())]);
      stopping.abort();
    },
  };
}
