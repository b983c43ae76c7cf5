/**
 * The pump against a naive outbox in memory: it follows the backend's rules (versions, leases, order by creation) and nothing more.
 * The backend's own rules are tested in convex/outbox.test.ts; both together in test/e2e.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import fc from "../../test/property.ts";
import type { ChannelAdapter, OutDelivery, SendResult } from "../contract/adapter.ts";
import { errorInfo } from "../contract/errors.ts";
import type { Backend } from "./backend.ts";
import { functions } from "./functions.ts";
import { silentLogger } from "./logger.ts";
import { startPump } from "./outbox_pump.ts";

interface Row {
  id: string;
  place: string;
  texts: string[];
  version: number;
  confirmed: number;
  receipt: string | null;
  claimed: boolean;
  failures: number;
}

/** One row a message; `texts` are its versions, of which `version` are there by now. */
function naiveOutbox() {
  const rows: Row[] = [];
  let changed: () => void = () => {};
  const open = (row: Row) => row.version > row.confirmed && !row.claimed;
  const ready = () => rows.filter(open).map(({ id, place, version }) => ({ deliveryId: id, place, version }));
  const say = (place: string, ...texts: string[]) => {
    rows.push({
      id: `d${rows.length}`,
      place,
      texts,
      version: 1,
      confirmed: 0,
      receipt: null,
      claimed: false,
      failures: 0,
    });
    changed();
    return rows.at(-1)!;
  };
  const grow = (row: Row) => {
    row.version++;
    changed();
  };
  const calls = {
    // biome-ignore lint/suspicious/noExplicitAny: one door for three functions
    async mutation(ref: unknown, args: any): Promise<any> {
      await sleep(0);
      const row = rows.find(({ id }) => id === args.deliveryId)!;
      if (ref === functions.outbox.claim) {
        const mine = rows.filter((one) => open(one) && one.place === args.filters[0].place).slice(0, args.limit);
        for (const one of mine) one.claimed = true;
        changed();
        return mine.map((one) => ({
          deliveryId: one.id,
          key: `key-${one.id}`,
          channel: "terminal",
          place: one.place,
          message: JSON.stringify({ kind: "text", text: one.texts[one.version - 1], onlyTo: null }),
          version: one.version,
          receipt: one.receipt,
          final: one.version === one.texts.length,
          leaseId: "l",
        }));
      }
      row.claimed = false;
      if (ref === functions.outbox.confirm) {
        row.confirmed = args.version;
        row.receipt ??= args.receipt;
      } else row.failures++;
      changed();
      return null;
    },
    onUpdate(_ref: unknown, _args: unknown, update: (value: unknown) => void) {
      // As a subscription does: later, and only the newest state.
      let queued = false;
      changed = () => {
        if (queued) return;
        queued = true;
        setImmediate(() => {
          queued = false;
          update(ready());
        });
      };
      changed();
      return () => {
        changed = () => {};
      };
    },
  };
  return { rows, say, grow, backend: calls as unknown as Pick<Backend, "mutation" | "onUpdate"> };
}

type Post = { place: string; receipt: string; text: string; final: boolean; at: number };

function platform(
  options: { streamEveryMs?: number; refuse?: (attempt: number) => SendResult | null; delayMs?: () => number } = {},
) {
  const posts: Post[] = [];
  const speaking = new Set<string>();
  let attempts = 0;
  let receipts = 0;
  const post = async (delivery: OutDelivery, receipt: string): Promise<SendResult> => {
    expect(speaking.has(delivery.place)).toBe(false);
    speaking.add(delivery.place);
    await sleep(options.delayMs?.() ?? 0);
    speaking.delete(delivery.place);
    const refused = options.refuse?.(++attempts) ?? null;
    if (refused !== null) return refused;
    const text = delivery.message.kind === "text" ? delivery.message.text : "";
    posts.push({ place: delivery.place, receipt, text, final: delivery.final, at: Date.now() });
    return { ok: true, receipt };
  };
  const adapter: ChannelAdapter = {
    channel: "terminal",
    capabilities: {
      textLength: 1000,
      buttons: false,
      edits: true,
      threads: false,
      streamEveryMs: options.streamEveryMs ?? 0,
      modals: false,
      privateNotices: false,
    },
    start: async () => {},
    send: (delivery) => post(delivery, `r${++receipts}`),
    edit: (delivery, receipt) => post(delivery, receipt),
    stop: async () => {},
  };
  return { posts, adapter };
}

const start = (outbox: ReturnType<typeof naiveOutbox>, adapter: ChannelAdapter) =>
  startPump({
    backend: outbox.backend,
    gatewayId: "g",
    routes: [{ channel: "terminal", adapter }],
    log: silentLogger(),
  });

async function untilIdle(pump: { idle(): boolean }, outbox: ReturnType<typeof naiveOutbox>) {
  while (!pump.idle() || outbox.rows.some((row) => row.version > row.confirmed)) await sleep(1);
}

describe("what is to be said", () => {
  test("is said in each place in order, one at a time, each message once, and ends with its final text", async () => {
    const delivery = fc.record({
      place: fc.constantFrom("terminal:a", "terminal:b", "terminal:c"),
      versions: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(delivery, { maxLength: 12 }),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
        async (deliveries, delays) => {
          const outbox = naiveOutbox();
          let turn = 0;
          const { posts, adapter } = platform({ delayMs: () => delays[turn++ % delays.length]! });
          const pump = start(outbox, adapter);
          for (const [index, { place, versions }] of deliveries.entries()) {
            const row = outbox.say(
              place,
              ...Array.from({ length: versions }, (_, version) => `${index}:${version + 1}`),
            );
            for (let version = 1; version < versions; version++) {
              await sleep(delays[version % delays.length]!);
              outbox.grow(row);
            }
          }
          await untilIdle(pump, outbox);
          await pump.stop();
          for (const row of outbox.rows) {
            const own = posts.filter(({ receipt, place }) => receipt === row.receipt && place === row.place);
            expect(own.at(-1)).toMatchObject({ text: row.texts.at(-1), final: true });
            expect(own.filter(({ final }) => final)).toHaveLength(1);
          }
          for (const place of new Set(outbox.rows.map((row) => row.place))) {
            const sent = [...new Set(posts.filter((one) => one.place === place).map(({ receipt }) => receipt))];
            expect(sent).toEqual(outbox.rows.filter((row) => row.place === place).map((row) => row.receipt));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test("grows no faster than the platform allows, and is complete all the same", async () => {
    const outbox = naiveOutbox();
    const { posts, adapter } = platform({ streamEveryMs: 60 });
    const pump = start(outbox, adapter);
    const row = outbox.say("terminal:a", ...Array.from({ length: 30 }, (_, version) => `text ${version + 1}`));
    for (let version = 1; version < 30; version++) {
      await sleep(2);
      outbox.grow(row);
    }
    await untilIdle(pump, outbox);
    await pump.stop();
    expect(posts.at(-1)).toMatchObject({ text: "text 30", final: true });
    // A timer may fire a millisecond early; never much earlier than asked.
    for (const [index, one] of posts.slice(1).entries()) expect(one.at - posts[index]!.at).toBeGreaterThanOrEqual(55);
  });

  test("a slow place delays no other", async () => {
    const outbox = naiveOutbox();
    const gate = Promise.withResolvers<void>();
    const { posts, adapter } = platform();
    const slow: ChannelAdapter = {
      ...adapter,
      send: async (delivery) => {
        if (delivery.place === "terminal:slow") await gate.promise;
        return await adapter.send(delivery);
      },
    };
    const pump = start(outbox, slow);
    outbox.say("terminal:slow", "late");
    outbox.say("terminal:quick", "soon");
    while (posts.length === 0) await sleep(1);
    expect(posts.map(({ text }) => text)).toEqual(["soon"]);
    gate.resolve();
    await untilIdle(pump, outbox);
    await pump.stop();
    expect(posts.map(({ text }) => text)).toEqual(["soon", "late"]);
  });

  test("refused by the platform, or thrown by its adapter -> told to the backend, and the place goes on", async () => {
    const outbox = naiveOutbox();
    const error = errorInfo("rate_limited", "slow down");
    const { posts, adapter } = platform({
      refuse: (attempt) => {
        if (attempt === 1) return { ok: false, error, retryAfterMs: 10 };
        if (attempt === 2) throw new Error("a bug in the adapter");
        return null;
      },
    });
    const pump = start(outbox, adapter);
    outbox.say("terminal:a", "one");
    await untilIdle(pump, outbox);
    await pump.stop();
    expect(outbox.rows[0]).toMatchObject({ failures: 2, confirmed: 1 });
    expect(posts.map(({ text }) => text)).toEqual(["one"]);
  });

  test("stopped -> nothing new is taken, what is under way is finished", async () => {
    const outbox = naiveOutbox();
    const { posts, adapter } = platform({ delayMs: () => 5 });
    const pump = start(outbox, adapter);
    outbox.say("terminal:a", "one");
    while (!outbox.rows[0]!.claimed) await sleep(1);
    const stopped = pump.stop();
    outbox.say("terminal:a", "two");
    await stopped;
    expect(posts.map(({ text }) => text)).toEqual(["one"]);
    expect(outbox.rows[0]!.confirmed).toBe(1);
    expect(outbox.rows[1]).toMatchObject({ claimed: false, confirmed: 0 });
  });
});
