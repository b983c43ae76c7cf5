/** Mutations over one websocket: their order, their commits, and what is sent again after a reconnect. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawClient } from "../testing/raw_client.ts";
import { api, startTestHost, type TestHost } from "../testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost();
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

test("mutations sent together share commits; a failing one among them is answered in its place and undoes only itself", async () => {
  const client = await RawClient.open(host.url);
  let commits = 0;
  const unlisten = host.store.onCommit(() => commits++);
  const { length } = client.messages;
  for (let requestId = 0; requestId < 64; requestId++) {
    const udfPath = requestId % 8 === 3 ? "counters:absent" : "counters:bump";
    client.send({ type: "Mutation", requestId, udfPath, args: [{ name: "together" }] });
  }
  await client.next("MutationResponse", (message) => message.requestId === 63);
  unlisten();
  const answers = client.messages.slice(length).filter(({ type }) => type === "MutationResponse");
  expect(answers.map(({ requestId }) => requestId)).toEqual(Array.from({ length: 64 }, (_, i) => i));
  const results = answers.filter(({ success }) => success).map(({ result }) => result);
  expect(results).toEqual(Array.from({ length: 56 }, (_, i) => i + 1));
  expect(commits).toBeLessThan(40);
  await client.next("Transition");
  expect(client.gaps).toEqual([]);
  client.close();
});

test("a mutation sent again by the same session is answered, not repeated; by another session it runs", async () => {
  const sessionId = randomUUID();
  const mutation = { type: "Mutation", requestId: 3, udfPath: "counters:bump", args: [{ name: "again" }] };
  const first = await RawClient.open(host.url, sessionId);
  first.send(mutation);
  expect((await first.next("MutationResponse")).result).toBe(1);
  first.close();
  const second = await RawClient.open(host.url, sessionId);
  second.send(mutation);
  expect((await second.next("MutationResponse")).result).toBe(1);
  await second.next("Transition");
  second.close();
  const other = await RawClient.open(host.url);
  other.send(mutation);
  expect((await other.next("MutationResponse")).result).toBe(2);
  other.close();
});

test("a commit time in a result is the same when the mutation is sent again", async () => {
  const sessionId = randomUUID();
  const mutation = { type: "Mutation", requestId: 0, udfPath: "counters:commitTime", args: [{}] };
  const first = await RawClient.open(host.url, sessionId);
  first.send(mutation);
  const told = await first.next("MutationResponse");
  expect(told).toMatchObject({ success: true, result: { at: { $integer: expect.any(String) } } });
  first.close();
  await host.http().mutation(api.counters!.bump!, { name: "later" });
  const second = await RawClient.open(host.url, sessionId);
  second.send(mutation);
  expect((await second.next("MutationResponse")).result).toEqual(told.result);
  second.close();
});

test("sent again while the first is still running -> one effect, two equal answers", async () => {
  const sessionId = randomUUID();
  const clients = await Promise.all([0, 1, 2].map(() => RawClient.open(host.url, sessionId)));
  for (const client of clients) {
    client.send({ type: "Mutation", requestId: 0, udfPath: "counters:bump", args: [{ name: "race" }] });
  }
  for (const client of clients) expect((await client.next("MutationResponse")).result).toBe(1);
  for (const client of clients) client.close();
  expect(await host.http().query(api.counters!.get!, { name: "race" })).toBe(1);
});
