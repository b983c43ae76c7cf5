/**
 * The process with the adapters: starts them, stores what they bring, says what the backend wants said, and tells the backend
 * that it lives. One adapter that fails leaves the others running.
 */
import type { AdapterState, Inbox } from "../contract/adapter.ts";
import { type ErrorInfo, toErrorInfo } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import { createInbox, worthTelling } from "./inbox.ts";
import type { Logger } from "./logger.ts";
import { createLookups } from "./lookups.ts";
import { type Pump, type Route, startPump } from "./outbox_pump.ts";

/** A quarter of a delivery's lease, so that a lost beat or two ends none. */
const HEARTBEAT_MS = 5_000;
const LONGEST_STOP_MS = 5_000;
const FIRST_RESTART_MS = 2_000;
const LONGEST_RESTART_MS = 60_000;

export interface Gateway {
  inbox: Inbox;
  /** By channel. */
  states(): Record<string, AdapterState>;
  /** Of channels that do not work: why, where it is known. */
  failures(): Record<string, ErrorInfo>;
  idle(): boolean;
  /** Stops taking events, says what is under way; at most 5 s. */
  stop(): Promise<void>;
}

export interface GatewayOptions {
  backend: Backend;
  /** Kept over restarts: what a gateway of this name held when it died is free at once. */
  gatewayId: string;
  routes: Route[];
  /** Channels whose settings are wrong, so that there is nothing to start. */
  refused?: Record<string, ErrorInfo>;
  log: Logger;
}

export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { backend, gatewayId, routes, refused = {}, log } = options;
  const stopping = new AbortController();
  const inbox = createInbox(backend, log, stopping.signal);
  const states: Record<string, AdapterState> = {};
  const notStarted = new Map<string, ErrorInfo>();
  await backend.mutation(functions.outbox.release, { gatewayId });
  const running: Route[] = [];
  const pumps: Pump[] = [];

  /** Resolves with why it failed; null: the channel is on. */
  async function startOne({ channel, adapter }: Route): Promise<ErrorInfo | null> {
    try {
      await adapter.start(inbox, createLookups(backend, adapter.channel));
      states[channel] = "on";
      notStarted.delete(channel);
      return null;
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      states[channel] = "failed";
      notStarted.set(channel, error);
      log.error({ channel, error }, "a channel could not be started");
      return error;
    }
  }

  /** A platform that is away when the bot starts is tried until it is there; what is wrong with the settings stays wrong. */
  async function startLater(route: Route): Promise<void> {
    for (let tries = 1; !stopping.signal.aborted; tries++) {
      const wait = Math.min(LONGEST_RESTART_MS, FIRST_RESTART_MS * 2 ** (tries - 1));
      await pause(wait, stopping.signal);
      if (stopping.signal.aborted) return;
      const error = await startOne(route);
      if (error === null) {
        running.push(route);
        pumps.push(startPump({ backend, gatewayId, routes: [route], log }));
        log.info({ channel: route.channel }, "a channel could be started after all");
        return;
      }
      if (!error.retryable) return;
    }
  }

  const failures = await Promise.all(routes.map(startOne));
  running.push(...routes.filter((_, index) => failures[index] === null));
  pumps.push(startPump({ backend, gatewayId, routes: [...running], log }));
  routes.forEach((route, index) => {
    if (failures[index]?.retryable === true) void startLater(route);
  });
  const statesNow = (): Record<string, AdapterState> => {
    const now = { ...states };
    for (const { channel, adapter } of running) if (adapter.connected?.() === false) now[channel] = "failed";
    return now;
  };
  const failuresNow = (): Record<string, ErrorInfo> => {
    const now: Record<string, ErrorInfo> = { ...refused, ...Object.fromEntries(notStarted) };
    for (const { channel, adapter } of running) {
      const failure = adapter.failure?.() ?? null;
      if (failure !== null) now[channel] = failure;
    }
    return now;
  };

  let beating = false;
  let missed = 0;
  const beat = async () => {
    if (beating) return;
    beating = true;
    try {
      const failed = Object.fromEntries(Object.keys(refused).map((channel) => [channel, "failed"]));
      const failures = Object.entries(failuresNow()).map(([channel, { message, remedy }]) => ({
        channel,
        message,
        remedy,
      }));
      const channels = { ...failed, ...statesNow() };
      await backend.mutation(functions.outbox.heartbeat, { gatewayId, channels, failures });
      if (missed > 0) log.info({ missed }, "the heartbeat is stored again");
      missed = 0;
    } catch (thrown) {
      missed += 1;
      const level = worthTelling(missed) ? "warn" : "debug";
      if (!stopping.signal.aborted) log[level]({ error: toErrorInfo(thrown), missed }, "the heartbeat was not stored");
    }
    beating = false;
  };
  void beat();
  const timer = setInterval(() => void beat(), HEARTBEAT_MS);

  return {
    inbox,
    states: statesNow,
    failures: failuresNow,
    idle: () => pumps.every((pump) => pump.idle()),
    async stop() {
      clearInterval(timer);
      // The pump first: what it is saying needs its adapter.
      const said = Promise.all(pumps.map((pump) => pump.stop()));
      const stopped = said.then(() => Promise.all(running.map(({ adapter }) => adapter.stop())));
      await Promise.race([stopped, new Promise((done) => setTimeout(done, LONGEST_STOP_MS).unref())]);
      stopping.abort();
    },
  };
}

/** Ends early when the signal aborts; keeps no process alive. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    timer.unref();
    const end = () => {
      clearTimeout(timer);
      done();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
