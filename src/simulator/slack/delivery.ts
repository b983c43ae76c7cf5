/**
 * What Slack sends to the app: events, commands, interactions. An event that was not acknowledged within 3 s is sent again at
 * once, after 1 and after 5 minutes, and then given up; commands and interactions are sent once, because a person waits.
 * What is not acknowledged is kept over a restart of the simulator.
 */
import type { Clock } from "../clock.ts";
import type { Fault, Faults } from "../faults.ts";
import type { Holds } from "../holds.ts";
import type { Collection } from "../store.ts";

export type OutgoingKind = "events_api" | "slash_commands" | "interactive";

export interface Outgoing {
  /** The event's id, or an id of its own. */
  id: string;
  kind: OutgoingKind;
  /** For faults and the log: `event:message`, `command:/workflow`, `interactive:block_actions`. */
  target: string;
  payload: Record<string, unknown>;
}

export interface Retry {
  num: number;
  reason: string;
}

export type Delivered = { ok: true; response: unknown } | { ok: false; reason: string; noRetry?: boolean };

export interface Transport {
  send(outgoing: Outgoing, retry: Retry | null, timeoutMs: number): Promise<Delivered>;
  /** Resolves when there is somebody to send to. */
  ready(): Promise<void>;
  /** Cuts the connection the last envelope went out on; nothing where there is none. */
  cut(): void;
}

export interface DeliveryEntry {
  id: string;
  kind: OutgoingKind;
  target: string;
  /** 0: the first try. */
  retry: number;
  at: number;
  /** How long this try took. */
  tookMs: number;
  outcome: "acknowledged" | "retried" | "lost" | "failed";
  reason: string | null;
}

export interface Delivery {
  /** Resolves with the outcome of the last try made now; retries that wait for their time go on by themselves. */
  send(outgoing: Outgoing): Promise<Delivered>;
  /** Every try that ended, oldest first. */
  log(): DeliveryEntry[];
  /** Resolves when no try is under way (retries that wait for their time do not count). */
  quiet(): Promise<void>;
  /** Takes up what an earlier life of the simulator left. */
  resume(): void;
  close(): void;
}

export const ACK_TIMEOUT_MS = 3_000;
/** After the first, second and third failure. */
const RETRY_AFTER_MS = [0, 60_000, 300_000];
const LONGEST_LOG = 2_000;
/** How long what an earlier life left waits for the app to come back, before it counts as tried. */
const COME_BACK_MS = 10_000;

interface Pending {
  outgoing: Outgoing;
  failures: number;
  reason: string;
  nextAt: number;
}

export function createDelivery(options: {
  clock: Clock;
  faults: Faults;
  holds: Holds;
  transport: Transport;
  pending: Collection<Pending>;
  /** After the first, second and third failure; absent: Slack's own. */
  retryAfterMs?: readonly number[];
}): Delivery {
  const { clock, faults, holds, transport, pending, retryAfterMs = RETRY_AFTER_MS } = options;
  const entries: DeliveryEntry[] = [];
  const underWay = new Set<Promise<unknown>>();
  const timers = new Set<() => void>();
  let closed = false;

  const wait = (delayMs: number) => new Promise<void>((done) => timers.add(clock.after(delayMs, done)));

  function track<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const forget = () => underWay.delete(work);
    work.then(forget, forget);
    return work;
  }

  function note(
    { outgoing, failures: retry, triedAt }: Pending & { triedAt: number },
    outcome: DeliveryEntry["outcome"],
    reason: string | null,
  ): void {
    const { id, kind, target } = outgoing;
    const at = clock.now();
    entries.push({ id, kind, target, retry, at, tookMs: at - triedAt, outcome, reason });
    if (entries.length > LONGEST_LOG) entries.shift();
  }

  async function attempt(outgoing: Outgoing, retry: Retry | null): Promise<Delivered> {
    const fields = fieldsOf(outgoing, retry);
    if (!(await holds.at("before", outgoing.target, fields))) return { ok: false, reason: "connection_failed" };
    const fault = faults.take(outgoing.target, fields);
    const delivered =
      fault === null ? await transport.send(outgoing, retry, ACK_TIMEOUT_MS) : await withFault(fault, outgoing, retry);
    if (delivered.ok) await holds.at("after", outgoing.target, fields);
    return delivered;
  }

  async function withFault(fault: Fault, outgoing: Outgoing, retry: Retry | null): Promise<Delivered> {
    const send = () => transport.send(outgoing, retry, ACK_TIMEOUT_MS);
    switch (fault.kind) {
      case "lose":
        return { ok: false, reason: "lost", noRetry: true };
      case "delay":
        await wait(fault.delayMs);
        return await send();
      case "duplicate": {
        const twin = fault.newId === true ? renamed(outgoing) : outgoing;
        const [first] = await Promise.all([send(), transport.send(twin, retry, ACK_TIMEOUT_MS)]);
        return first;
      }
      case "disconnect": {
        const sent = send();
        transport.cut();
        return await sent;
      }
      case "drop":
        return { ok: false, reason: "http_timeout" };
      default:
        return await send();
    }
  }

  /** One try and those that follow at once. */
  async function run(work: Pending): Promise<Delivered> {
    for (;;) {
      const { outgoing, failures } = work;
      const retry = failures === 0 ? null : { num: failures, reason: work.reason };
      const tried = { ...work, triedAt: clock.now() };
      const delivered = await attempt(outgoing, retry);
      if (closed) return delivered;
      if (delivered.ok) {
        note(tried, "acknowledged", null);
        pending.delete(outgoing.id);
        return delivered;
      }
      const delayMs = retryAfterMs[failures];
      if (outgoing.kind !== "events_api" || delivered.noRetry === true || delayMs === undefined) {
        note(tried, outgoing.kind === "events_api" ? "lost" : "failed", delivered.reason);
        pending.delete(outgoing.id);
        return delivered;
      }
      note(tried, "retried", delivered.reason);
      work.failures++;
      work.reason = delivered.reason;
      work.nextAt = clock.now() + delayMs;
      pending.put(outgoing.id, work);
      if (delayMs > 0) {
        later(work, delayMs);
        return delivered;
      }
    }
  }

  function later(work: Pending, delayMs: number): void {
    timers.add(
      clock.after(delayMs, () => {
        if (!closed) void track(run(work));
      }),
    );
  }

  return {
    send(outgoing) {
      const work: Pending = { outgoing, failures: 0, reason: "", nextAt: clock.now() };
      if (outgoing.kind === "events_api") pending.put(outgoing.id, work);
      return track(run(work));
    },
    log: () => [...entries],
    async quiet() {
      while (underWay.size > 0) await Promise.allSettled([...underWay]);
    },
    resume() {
      for (const work of pending.values()) {
        const delayMs = work.nextAt - clock.now();
        if (delayMs > 0) later(work, delayMs);
        else
          void Promise.race([transport.ready(), wait(COME_BACK_MS)]).then(() => {
            if (!closed) void track(run(work));
          });
      }
    },
    close() {
      closed = true;
      for (const stop of timers) stop();
      timers.clear();
    },
  };
}

/** Slack was seen to send one message under several event ids. */
function renamed(outgoing: Outgoing): Outgoing {
  const id = `${outgoing.id}X`;
  return { ...outgoing, id, payload: { ...outgoing.payload, event_id: id } };
}

/** What an order's `where` may look at. */
function fieldsOf(outgoing: Outgoing, retry: Retry | null): Record<string, unknown> {
  const inner = outgoing.payload.event as Record<string, unknown> | undefined;
  return { ...(inner ?? outgoing.payload), retry: retry?.num ?? 0 };
}

export type { Pending };
