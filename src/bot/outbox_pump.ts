/**
 * Says what the backend wants said: subscription -> claim -> send or edit -> confirm or fail. One worker for each place, so one
 * place hears things in order and a slow place delays no other. What is claimed and not confirmed when this process dies comes
 * back when its lease runs out; the adapter then finds the message by its key instead of posting it twice.
 */
import { z } from "zod";
import type { ChannelAdapter, OutDelivery, SendResult } from "../contract/adapter.ts";
import { errorInfo, toErrorInfo } from "../contract/errors.ts";
import { channelOf } from "../contract/handle.ts";
import { zOutMessage } from "../contract/message.ts";
import { type Backend, functions } from "./backend.ts";
import type { Claimed, Filter } from "./functions.ts";
import type { Logger } from "./logger.ts";

export interface Route {
  /** Deliveries of this channel (and only this place, if given) … */
  channel: string;
  place?: string;
  /** … are said by this adapter. */
  adapter: ChannelAdapter;
}

export interface Pump {
  /** Nothing is under way and nothing waits. */
  idle(): boolean;
  /** Takes nothing new; resolves when what is under way has been said. */
  stop(): Promise<void>;
}

export interface PumpOptions {
  backend: Pick<Backend, "mutation" | "onUpdate">;
  gatewayId: string;
  routes: Route[];
  log: Logger;
}

/** Few, so that a worker that waits for the platform holds few leases. */
const CLAIM_AT_ONCE = 10;
/** How long a place rests when the backend has something for it but gives nothing out: another gateway is on it. */
const REST_MS = 500;
const REST_AFTER_FAILURE_MS = 1_000;
/** More questions than this in one message nobody reads. */
const TOGETHER = 5;
const zOpenQuestion = z.object({ kind: z.literal("card"), card: z.object({ status: z.literal("pending") }) });
/** Growing messages whose last edit is remembered. Above that the oldest is forgotten and may be edited a little early. */
const REMEMBERED_EDITS = 1_000;

export function startPump({ backend, gatewayId, routes, log }: PumpOptions): Pump {
  /** What the subscription said last: place -> the ids of what is ready there. */
  let ready = new Map<string, string[]>();
  /** Places where a question waits that was not sent yet. */
  let asking = new Set<string>();
  const workers = new Map<string, Promise<void>>();
  const lastEditAt = new Map<string, number>();
  let stopped = false;
  let changed = Promise.withResolvers<void>();
  const wake = () => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };

  const routeOf = (channel: string, place: string) =>
    routes.find((route) => route.channel === channel && (route.place === undefined || route.place === place));

  /** Where a message cannot grow, only what is complete is asked for. */
  const filterOf = ({ channel, adapter }: Route, place: string | undefined): Filter => ({
    channel,
    ...(place === undefined ? {} : { place }),
    ...(adapter.capabilities.streamEveryMs === null ? { complete: true } : {}),
  });
  const filters: Filter[] = routes.map((route) => filterOf(route, route.place));
  const unsubscribe = backend.onUpdate(
    functions.outbox.ready,
    { filters },
    (rows) => {
      ready = new Map();
      for (const { place, deliveryId } of rows) ready.set(place, [...(ready.get(place) ?? []), deliveryId]);
      asking = new Set(rows.flatMap(({ place, isQuestion }) => (isQuestion ? [place] : [])));
      for (const place of ready.keys()) if (!workers.has(place) && !stopped) start(place);
      wake();
    },
    (error) => log.error({ error: error.info }, "the outbox cannot be watched"),
  );

  function start(place: string): void {
    const worker = work(place)
      .catch((thrown: unknown) => log.error({ error: toErrorInfo(thrown), place }, "a place's worker failed"))
      .finally(() => {
        workers.delete(place);
        if (!stopped && ready.has(place)) start(place);
      });
    workers.set(place, worker);
  }

  async function work(place: string): Promise<void> {
    const together = routeOf(channelOf(place) ?? "", place)?.adapter.together;
    while (!stopped && ready.has(place)) {
      await pause(Math.max(untilDue(place), asking.has(place) ? (together?.gatherMs ?? 0) : 0));
      if (stopped) return;
      const claimed = await claim(place);
      if (claimed === null) await pause(REST_AFTER_FAILURE_MS);
      else if (claimed.length === 0) await Promise.race([pause(REST_MS), changed.promise]);
      else for (const some of together === undefined ? claimed.map((one) => [one]) : gathered(claimed)) await say(some);
    }
  }

  /** Waits only when all that is ready are growing messages that were edited a moment ago. */
  function untilDue(place: string): number {
    const everyMs = routeOf(channelOf(place) ?? "", place)?.adapter.capabilities.streamEveryMs ?? 0;
    const dueAt = (ready.get(place) ?? []).map((deliveryId) => (lastEditAt.get(deliveryId) ?? 0) + everyMs);
    return Math.min(everyMs, Math.max(0, Math.min(...dueAt) - Date.now()));
  }

  /** null: the backend could not be asked. */
  async function claim(place: string): Promise<Claimed[] | null> {
    const route = routeOf(channelOf(place) ?? "", place);
    if (route === undefined) return [];
    try {
      return await backend.mutation(functions.outbox.claim, {
        gatewayId,
        filters: [filterOf(route, place)],
        limit: CLAIM_AT_ONCE,
      });
    } catch (thrown) {
      if (!stopped) log.warn({ error: toErrorInfo(thrown), place }, "nothing could be claimed, trying again");
      return null;
    }
  }

  /** One delivery, or questions of one place that are said in one message. */
  async function say(claimed: Claimed[]): Promise<void> {
    const result = await deliver(claimed);
    for (const one of claimed) await conclude(one, result);
  }

  async function conclude(claimed: Claimed, result: SendResult): Promise<void> {
    const { deliveryId, leaseId, version, key, place } = claimed;
    if (claimed.final) lastEditAt.delete(deliveryId);
    else remember(deliveryId);
    try {
      if (result.ok) {
        await backend.mutation(functions.outbox.confirm, { deliveryId, leaseId, version, receipt: result.receipt });
        log.debug({ deliveryId, key, place, version }, "said");
      } else {
        const { error, retryAfterMs } = result;
        await backend.mutation(functions.outbox.fail, { deliveryId, leaseId, version, error, retryAfterMs });
        log.warn({ deliveryId, key, place, error, retryAfterMs }, "could not be said");
      }
    } catch (thrown) {
      log.warn(
        { error: toErrorInfo(thrown), deliveryId, key },
        "the outcome could not be stored; the lease will run out",
      );
    }
  }

  async function deliver(claimed: Claimed[]): Promise<SendResult> {
    const [first] = claimed;
    const route = first === undefined ? undefined : routeOf(first.channel, first.place);
    const deliveries = claimed.map(deliveryOf);
    const [delivery] = deliveries;
    if (route === undefined || delivery == null || deliveries.includes(null)) {
      const why = delivery === null ? "not a message this version understands" : `no adapter for ${first?.channel}`;
      return { ok: false, error: errorInfo("internal", why), retryAfterMs: null };
    }
    const { adapter } = route;
    try {
      if (claimed.length > 1 && adapter.together !== undefined)
        return await adapter.together.send(deliveries.filter((one) => one !== null));
      return first?.receipt == null ? await adapter.send(delivery) : await adapter.edit(delivery, first.receipt);
    } catch (thrown) {
      // The contract says that adapters do not throw; one that does must not take its place's worker with it.
      return { ok: false, error: { ...toErrorInfo(thrown), retryable: true }, retryAfterMs: null };
    }
  }

  function remember(deliveryId: string): void {
    lastEditAt.delete(deliveryId);
    lastEditAt.set(deliveryId, Date.now());
    const oldest = lastEditAt.keys().next().value;
    if (lastEditAt.size > REMEMBERED_EDITS && oldest !== undefined) lastEditAt.delete(oldest);
  }

  return {
    idle: () => workers.size === 0 && ready.size === 0,
    async stop() {
      stopped = true;
      unsubscribe();
      wake();
      await Promise.all(workers.values());
    },
  };
}

/**
 * Questions that stand next to one another go together; everything else alone. So does what was tried before: it may be on the
 * platform already, and its neighbours of that time need not be its neighbours now.
 */
function gathered(claimed: Claimed[]): Claimed[][] {
  const groups: Claimed[][] = [];
  let open: Claimed[] | null = null;
  for (const one of claimed) {
    const isQuestion = one.receipt === null && one.tries === 0 && zOpenQuestion.safeParse(parsed(one.message)).success;
    if (isQuestion && open !== null && open.length < TOGETHER) open.push(one);
    else {
      groups.push([one]);
      open = isQuestion ? groups.at(-1)! : null;
    }
  }
  return groups;
}

function deliveryOf(claimed: Claimed): OutDelivery | null {
  const message = zOutMessage.safeParse(parsed(claimed.message));
  if (!message.success) return null;
  const { deliveryId, key, place, final, tries, createdAt, deadline, taken } = claimed;
  return { deliveryId, key, place, message: message.data, final, tries, createdAt, deadline, taken };
}

const pause = (ms: number): Promise<void> =>
  ms <= 0 ? Promise.resolve() : new Promise((done) => setTimeout(done, ms));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
