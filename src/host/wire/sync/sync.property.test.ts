import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "../../../../test/property.ts";
import { RawClient, type ServerMessage } from "../testing/raw_client.ts";
import { api, startTestHost, type TestHost, until } from "../testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ slowQueries: "both" });
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

type Call = [module: string, name: string, args: Record<string, string | number>];

const channel = fc.constantFrom("a", "b");
const name = fc.constantFrom("x", "y", "z");
const rank = fc.integer({ min: 0, max: 5 });
const write: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constant("messages"), fc.constant("send"), fc.record({ channel, rank, body: fc.constantFrom("p", "q") })),
  fc.tuple(fc.constant("messages"), fc.constant("edit"), fc.record({ channel, body: fc.constantFrom("p", "q", "r") })),
  fc.tuple(fc.constant("messages"), fc.constant("clear"), fc.record({ channel })),
  fc.tuple(fc.constant("counters"), fc.constant("bump"), fc.record({ name })),
  fc.tuple(fc.constant("counters"), fc.constant("transfer"), fc.record({ from: name, to: name })),
);
const read: fc.Arbitrary<Call> = fc.oneof(
  fc.tuple(fc.constant("messages"), fc.constant("list"), fc.record({ channel })),
  fc.tuple(fc.constant("messages"), fc.constant("below"), fc.record({ channel, rank })),
  fc.tuple(fc.constant("messages"), fc.constant("all"), fc.constant({})),
  fc.tuple(fc.constant("counters"), fc.constant("get"), fc.record({ name })),
  fc.tuple(fc.constant("counters"), fc.constant("demand"), fc.record({ name })),
);

const clients = 3;
type Step =
  | { do: "http" | "ws"; client: number; call: Call; wait: boolean }
  | { do: "watch"; client: number; call: Call }
  | { do: "forget"; client: number }
  | { do: "reconnect"; client: number };
const client = fc.integer({ min: 0, max: clients - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("http" as const), client, call: write, wait: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("ws" as const), client, call: write, wait: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("watch" as const), client, call: read }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("forget" as const), client }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reconnect" as const), client }) },
);

/** The least a client of the protocol does: keeps queries and their last values, over reconnects too. */
class ModelClient {
  #raw!: RawClient;
  #version = 0;
  #nextId = 0;
  readonly watched = new Map<number, Call>();
  values = new Map<number, unknown>();
  #applied = 0;
  #sent = 0;

  async connect(): Promise<void> {
    this.#raw?.close();
    this.#raw = await RawClient.open(host.url);
    this.#version = 0;
    this.#applied = 0;
    this.values = new Map();
    this.#modify(...[...this.watched].map(([id, call]) => this.#add(id, call)));
  }
  watch(call: Call): void {
    const id = this.#nextId++;
    this.watched.set(id, call);
    this.#modify(this.#add(id, call));
  }
  forget(): void {
    const id = this.watched.keys().next().value;
    if (id === undefined) return;
    this.watched.delete(id);
    this.#modify({ type: "Remove", queryId: id });
  }
  /** Resolves with the response, or when the connection is lost. */
  async mutate([module, name, args]: Call): Promise<void> {
    const raw = this.#raw;
    const requestId = this.#sent++;
    raw.send({ type: "Mutation", requestId, udfPath: `${module}:${name}`, args: [args] });
    await raw.next("MutationResponse", (one) => one.requestId === requestId).catch(() => {});
  }
  apply(): void {
    expect(this.#raw.gaps).toEqual([]);
    for (; this.#applied < this.#raw.messages.length; this.#applied++) {
      const message = this.#raw.messages[this.#applied]!;
      if (message.type === "Transition") this.#transition(message);
    }
  }
  close(): void {
    this.#raw.close();
  }
  #transition({ modifications }: ServerMessage): void {
    for (const one of modifications) {
      if (one.type === "QueryRemoved") this.values.delete(one.queryId);
      else this.values.set(one.queryId, one.type === "QueryUpdated" ? one.value : { failed: one.errorData });
    }
  }
  #add(id: number, [module, name, args]: Call): object {
    return this.#raw.add(id, `${module}:${name}`, args);
  }
  #modify(...modifications: object[]): void {
    this.#raw.modify(this.#version++, ...modifications);
  }
}

async function fresh([module, name, args]: Call): Promise<unknown> {
  return host
    .http()
    .query(api[module]![name]!, args)
    .catch((error) => ({ failed: error.data }));
}

test("after any interleaving of writes, subscriptions and reconnects each client's last values equal fresh queries", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const models = Array.from({ length: clients }, () => new ModelClient());
      await Promise.all(models.map((model) => model.connect()));
      const writes: Promise<unknown>[] = [];
      for (const one of steps) {
        const model = models[one.client]!;
        if (one.do === "watch") model.watch(one.call);
        else if (one.do === "forget") model.forget();
        else if (one.do === "reconnect") await model.connect();
        else {
          const [module, name, args] = one.call;
          const written = one.do === "ws" ? model.mutate(one.call) : host.http().mutation(api[module]![name]!, args);
          writes.push(written);
          if (one.wait) await written;
        }
      }
      await Promise.all(writes);
      for (const model of models) {
        for (const [id, call] of model.watched) {
          const expected = JSON.stringify(await fresh(call));
          await until(() => {
            model.apply();
            return JSON.stringify(model.values.get(id)) === expected;
          });
        }
        await until(() => {
          model.apply();
          return model.values.size === model.watched.size;
        });
        model.close();
      }
    }),
    { numRuns: 25 },
  );
}, 60_000);

test("results seen together are of one moment: two counters moved in one transaction never show a changed sum", async () => {
  const names = ["sum-1", "sum-2", "sum-3"];
  const own = await startTestHost({ slowQueries: "results" });
  const raw = await RawClient.open(own.url);
  raw.modify(0, ...names.map((one, i) => raw.add(i, "counters:get", { name: one })));
  const movers = names.map(async (from, i) => {
    const client = own.client();
    const to = names[(i + 1) % names.length]!;
    for (let n = 0; n < 20 + 10 * i; n++) await client.mutation(api.counters!.transfer!, { from, to });
  });
  await Promise.all(movers);
  const finals = await Promise.all(names.map((one) => own.http().query(api.counters!.get!, { name: one })));
  const values: number[] = [];
  let transitions = 0;
  await until(() => {
    for (; transitions < raw.messages.length; transitions++) {
      const message = raw.messages[transitions]!;
      if (message.type !== "Transition") continue;
      for (const one of message.modifications) values[one.queryId] = one.value;
      expect(values.reduce((sum, value) => sum + value, 0)).toBe(0);
    }
    return JSON.stringify(values) === JSON.stringify(finals);
  });
  expect(raw.gaps).toEqual([]);
  expect(transitions).toBeGreaterThan(3);
  raw.close();
  await own.stop();
  expect(own.errors).toEqual([]);
});

test("the unmodified client, its connections cut while it writes: every mutation resolves once and is run once", async () => {
  const sockets: WebSocket[] = [];
  class Cuttable extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      sockets.push(this);
    }
  }
  const client = new ConvexClient(host.url, { logger: false, webSocketConstructor: Cuttable });
  const seen: number[] = [];
  client.onUpdate(api.counters!.get!, { name: "cut" }, (value) => seen.push(value));
  let done = 0;
  const writers = Array.from({ length: 5 }, async () => {
    for (let i = 0; i < 40; i++) {
      await client.mutation(api.counters!.bump!, { name: "cut" });
      done++;
    }
  });
  const cutting = (async () => {
    for (const at of [20, 90]) {
      await until(() => done >= at);
      sockets.at(-1)!.close();
    }
  })();
  await Promise.all([...writers, cutting]);
  expect(await host.http().query(api.counters!.get!, { name: "cut" })).toBe(200);
  await until(() => seen.at(-1) === 200);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(sockets.length).toBeGreaterThan(2);
  await client.close();
}, 40_000);
