/** What a function does to the host ends in an error for whoever called it; everybody else only waits for a moment. */
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Fixture } from "./running_fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: the fixture has no generated code
const api = anyApi as any;
const fixture = new Fixture();
let http: ConvexHttpClient;
let client: ConvexClient;
/** Above what a start takes at a time on a crowded machine. */
const HANG_MS = 3_000;
/** Somebody else, who must notice nothing but the time. */
let bystander: ConvexClient;
const seen: number[] = [];

beforeAll(async () => {
  await fixture.start({ hangTimeoutMs: HANG_MS, memoryMb: 256 });
  http = new ConvexHttpClient(fixture.host.url, { logger: false });
  client = new ConvexClient(fixture.host.url, { logger: false });
  bystander = new ConvexClient(fixture.host.url, { logger: false });
  bystander.onUpdate(api.counters.get, { name: "bystander" }, (value: number) => seen.push(value));
  await vi.waitUntil(() => seen.length > 0, { timeout: 20_000 });
});
afterAll(async () => {
  await Promise.all([client.close(), bystander.close()]);
  await fixture[Symbol.asyncDispose]();
});

/** The bystander's call was made while the worker was stuck; it happens once, and its subscription goes on. */
async function bystanderGoesOn(before: number): Promise<void> {
  expect(await bystander.mutation(api.counters.add, { name: "bystander", by: 1 })).toBe(before + 1);
  await expect.poll(() => seen.at(-1), { timeout: 10_000 }).toBe(before + 1);
}
const restarts = () => fixture.logs.filter(({ text }) => text.includes("is started again"));

test("a mutation loops -> its caller is told after the restart although the client sends it again; nothing of it is kept", async () => {
  await http.mutation(api.counters.add, { name: "before", by: 1 });
  const looping = client.mutation(api.probes.loop, { name: "looped" });
  const after = client.mutation(api.counters.add, { name: "after", by: 1 });
  await Promise.all([expect(looping).rejects.toThrow(/did not return the thread for 3 s/), bystanderGoesOn(0)]);
  expect(await after).toBe(1);
  expect(await http.query(api.counters.get, { name: "looped" })).toBe(0);
  expect(await http.query(api.counters.get, { name: "before" })).toBe(1);
  expect(restarts()).toHaveLength(1);
  expect(restarts()[0]!.text).toMatch(/refused from now on: mutation /);
}, 30_000);

test("a scheduled mutation loops -> pending -> failed, and it is not tried again", async () => {
  const id = (await http.mutation(api.probes.scheduleLoop, {})) as string;
  const state = () => http.query(api.probes.scheduled, { id }).catch(() => null);
  await Promise.all([
    expect
      .poll(state, { timeout: 15_000 })
      .toMatchObject({ state: { kind: "failed", error: expect.stringMatching(/did not return the thread/) } }),
    bystanderGoesOn(1),
  ]);
  expect(await http.query(api.counters.get, { name: "scheduled loop" })).toBe(0);
  expect(restarts()).toHaveLength(2);
}, 30_000);

test("a subscribed query loops -> its subscriber gets an error, others of the same client go on", async () => {
  const failure = Promise.withResolvers<Error>();
  client.onUpdate(api.probes.loopInQuery, { name: "harmful" }, () => {}, failure.resolve);
  const harmless = Promise.withResolvers<string>();
  client.onUpdate(api.probes.loopInQuery, { name: "harmless" }, harmless.resolve);
  expect((await failure.promise).message).toMatch(/did not return the thread/);
  expect(await harmless.promise).toBe("harmless");
  await bystanderGoesOn(2);
  expect(restarts()).toHaveLength(3);
}, 30_000);

test("an action fills the memory -> an error for its caller, the process lives on", async () => {
  await expect(http.action(api.probes.flood, {})).rejects.toThrow();
  await bystanderGoesOn(3);
  await expect.poll(restarts).toHaveLength(4);
  expect(restarts().at(-1)!.text).toMatch(/filled more than 256 MiB|filled the memory/);
}, 30_000);
