import { ConvexClient } from "convex/browser";
import { queryGeneric } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { begun, modules } from "../testing/app.ts";
import { RawClient } from "../testing/raw_client.ts";
import { adminKey, api, startTestHost, type TestHost, until } from "../testing/test_host.ts";
import { decodeTs } from "../timestamp.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost();
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

/** Collects what a client is told about one query. */
function watch(client: ConvexClient, name: string, args: object) {
  const [module, fn] = name.split(":") as [string, string];
  const seen: unknown[] = [];
  const errors: Error[] = [];
  const stop = client.onUpdate(
    api[module]![fn]!,
    args,
    (value) => seen.push(value),
    (error) => errors.push(error),
  );
  return { seen, errors, stop, last: () => seen.at(-1) };
}

describe("the unmodified ConvexClient", () => {
  test("a subscription follows writes made elsewhere", async () => {
    const watched = watch(host.client(), "messages:list", { channel: "follow" });
    await until(() => watched.seen.length === 1);
    for (const body of ["a", "b", "c"]) {
      await host.http().mutation(api.messages!.send!, { channel: "follow", body });
    }
    await until(() => watched.seen.length >= 2 && (watched.last() as string[]).length === 3);
    expect(watched.seen[0]).toEqual([]);
    expect(watched.last()).toEqual(["a", "b", "c"]);
  });

  test("a mutation's own effect is seen when its promise resolves", async () => {
    const client = host.client();
    const watched = watch(client, "counters:get", { name: "own" });
    await until(() => watched.seen.length === 1);
    for (let i = 1; i <= 20; i++) {
      await client.mutation(api.counters!.bump!, { name: "own" });
      expect(watched.last()).toBe(i);
    }
  });

  test("a mutation that touches no subscription resolves too, with and without subscriptions", async () => {
    const client = host.client();
    expect(await client.mutation(api.counters!.bump!, { name: "untouched" })).toBe(1);
    const watched = watch(client, "messages:list", { channel: "untouched" });
    expect(await client.mutation(api.counters!.bump!, { name: "untouched" })).toBe(2);
    expect(await client.mutation(api.probes!.nothing!, {})).toBeNull();
    await until(() => watched.seen.length === 1);
  });

  test("mutations of one client run in the order they were made", async () => {
    const client = host.client();
    const bodies = Array.from({ length: 50 }, (_, i) => String(i));
    await Promise.all(
      bodies.map((body, i) => client.mutation(api.messages!.send!, { channel: "order", body, rank: 0 }).then(() => i)),
    );
    expect(await client.query(api.messages!.list!, { channel: "order" })).toEqual(bodies);
  });

  test("actions run beside each other, and beside mutations", async () => {
    const client = host.client();
    const slow = client.action(api.probes!.act!, { ms: 300 });
    const order: string[] = [];
    await Promise.all([
      slow.then(() => order.push("slow")),
      client.action(api.probes!.act!, { ms: 1 }).then(() => order.push("fast")),
      client.mutation(api.counters!.bump!, { name: "beside" }).then(() => order.push("mutation")),
    ]);
    expect(order.at(-1)).toBe("slow");
  });

  test("errors of mutations and actions reject, with data when there is any; the client goes on", async () => {
    const client = host.client();
    await expect(client.mutation(api.probes!.fail!, {})).rejects.toThrow("on purpose");
    const error = await client.mutation(api.probes!.refuse!, {}).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConvexError);
    expect(error.data).toEqual({ code: "REFUSED", field: "x", big: 7n });
    await expect(client.action(api.nothing!.here!, {})).rejects.toThrow("Could not find public function");
    await expect(client.mutation(api.counters!.reset!, {})).rejects.toThrow("Could not find public function");
    expect(await client.mutation(api.counters!.bump!, { name: "goes-on" })).toBe(1);
  });

  test("a query that fails reports it, and recovers when the data changes", async () => {
    const watched = watch(host.client(), "counters:demand", { name: "demanded" });
    await until(() => watched.errors.length === 1);
    expect((watched.errors[0] as ConvexError<{ missing: string }>).data).toEqual({ missing: "demanded" });
    await host.http().mutation(api.counters!.bump!, { name: "demanded" });
    await until(() => watched.last() === 1);
  });

  test("paginated subscriptions: a page keeps its end when rows are inserted into it, so that pages neither gap nor overlap", async () => {
    const channel = "pages";
    for (let rank = 0; rank < 10; rank += 2) {
      await host.http().mutation(api.messages!.send!, { channel, body: `r${rank}`, rank });
    }
    const client = host.client();
    const bodies = (page: unknown) => (page as { page: { body: string }[] }).page.map(({ body }) => body);
    const first = watch(client, "messages:page", { channel, paginationOpts: { numItems: 2, cursor: null, id: 1 } });
    await until(() => first.seen.length === 1);
    expect(bodies(first.last())).toEqual(["r0", "r2"]);
    const { continueCursor: cursor } = first.last() as { continueCursor: string };
    const second = watch(client, "messages:page", { channel, paginationOpts: { numItems: 2, cursor, id: 1 } });
    await until(() => second.seen.length === 1);
    expect(bodies(second.last())).toEqual(["r4", "r6"]);

    await client.mutation(api.messages!.send!, { channel, body: "r1", rank: 1 });
    expect(bodies(first.last())).toEqual(["r0", "r1", "r2"]);
    expect(bodies(second.last())).toEqual(["r4", "r6"]);
  });
});

describe("signing in", () => {
  test("queries are asked again as the new identity", async () => {
    const client = host.client();
    const watched = watch(client, "probes:me", {});
    await until(() => watched.seen.length === 1);
    expect(watched.last()).toBeNull();
    client.setAuth(async () => host.token());
    await until(() => (watched.last() as { subject?: string } | null)?.subject === "ada");
  });

  test("a renewed token of the same person changes nothing that is seen", async () => {
    const client = await RawClient.open(host.url);
    client.modify(0, client.add(0, "probes:me", {}));
    for (const [baseVersion, name] of [
      [0, "A"],
      [1, "A"],
      [2, "B"],
    ] as const) {
      client.send({ type: "Authenticate", tokenType: "User", value: await host.token({ name }), baseVersion });
      await client.next("Transition", (one) => one.endVersion.identity === baseVersion + 1);
    }
    await client.next("Transition", (one) => one.modifications[0]?.value?.name === "B");
    const values = client.messages.flatMap((one) => one.modifications ?? []).map((one) => one.value?.name);
    expect(values.filter((name) => name !== undefined)).toEqual(["A", "B"]);
    expect(client.gaps).toEqual([]);
    client.close();
  });

  test("a bad token -> AuthError, and nothing sent after it runs", async () => {
    const client = await RawClient.open(host.url);
    client.send({ type: "Authenticate", tokenType: "User", value: "bad.token.here", baseVersion: 0 });
    client.send({ type: "Mutation", requestId: 0, udfPath: "counters:bump", args: [{ name: "as-nobody" }] });
    expect(await client.next("AuthError")).toMatchObject({ baseVersion: 0, authUpdateAttempted: true });
    expect((await client.closed).code).toBe(1008);
    expect(await host.http().query(api.counters!.get!, { name: "as-nobody" })).toBe(0);
  });

  test("the client gets a new token when the first is refused", async () => {
    const client = host.client();
    const watched = watch(client, "probes:me", {});
    let asked = 0;
    const expired = await host.token({ exp: Math.floor(Date.now() / 1000) - 60 });
    client.setAuth(async () => (asked++ === 0 ? expired : host.token()));
    await until(() => (watched.last() as { subject?: string } | null)?.subject === "ada");
    expect(asked).toBeGreaterThan(1);
  });

  test("when a token runs out its socket is told, and closed", async () => {
    const client = await RawClient.open(host.url);
    // Past its end, but within the tolerance for clocks: good for two to three seconds more.
    const value = await host.token({ exp: Math.floor(Date.now() / 1000) - 2 });
    client.send({ type: "Authenticate", tokenType: "User", value, baseVersion: 0 });
    client.modify(0, client.add(0, "probes:me", {}));
    await client.next("Transition");
    expect(await client.next("AuthError")).toMatchObject({ baseVersion: 0, authUpdateAttempted: false });
    expect((await client.closed).reason).toBe("AuthError");
  });

  test("the admin key opens internal functions and acts as a user", async () => {
    const client = await RawClient.open(host.url);
    const impersonating = { subject: "bob", issuer: "x" };
    client.send({ type: "Authenticate", tokenType: "Admin", value: adminKey, baseVersion: 0, impersonating });
    client.modify(0, client.add(0, "counters:secret", {}), client.add(1, "probes:me", {}));
    const transition = await client.next("Transition", (one) => one.modifications.length === 2);
    expect(transition.modifications[0]).toMatchObject({ value: "secret" });
    expect(transition.modifications[1].value).toMatchObject({ tokenIdentifier: "x|bob" });
    client.close();
  });
});

describe("the protocol", () => {
  test("the first transition starts at zero; adding, removing and adding again keep the chain of versions", async () => {
    const client = await RawClient.open(host.url);
    client.modify(0);
    client.modify(1, client.add(0, "counters:get", { name: "chain" }));
    await client.next("Transition", (one) => one.modifications.length === 1);
    client.modify(2, { type: "Remove", queryId: 0 });
    await client.next("Transition", (one) => one.modifications[0]?.type === "QueryRemoved");
    client.modify(3, client.add(1, "counters:get", { name: "chain" }));
    client.modify(4, { type: "Remove", queryId: 1 });
    await client.next("Transition", (one) => one.endVersion.querySet === 5);
    expect(client.gaps).toEqual([]);
    client.close();
  });

  test("after a mutation's response comes a transition at or after its time", async () => {
    const client = await RawClient.open(host.url);
    client.modify(0, client.add(0, "counters:get", { name: "after" }));
    client.send({ type: "Mutation", requestId: 7, udfPath: "counters:bump", args: [{ name: "after" }] });
    const response = await client.next("MutationResponse");
    expect(response).toMatchObject({ requestId: 7, success: true, result: 1 });
    const at = client.messages.indexOf(response);
    const reached = (one: { endVersion: { ts: string } }) => decodeTs(one.endVersion.ts)! >= decodeTs(response.ts)!;
    await client.next("Transition", (one) => client.messages.indexOf(one as never) > at && reached(one as never));
    client.close();
  });

  test("equal results are not sent again", async () => {
    const client = await RawClient.open(host.url);
    client.modify(0, client.add(0, "messages:below", { channel: "equal", rank: 100 }));
    await client.next("Transition");
    await host.http().mutation(api.messages!.send!, { channel: "equal", body: "x", rank: 5 });
    await client.next("Transition", (one) => one.modifications[0]?.value?.length === 1);
    // Touches what was read, and gives the same value.
    await host.http().mutation(api.messages!.edit!, { channel: "equal", body: "x" });
    await host.http().mutation(api.messages!.send!, { channel: "equal", body: "y", rank: 6 });
    await client.next("Transition", (one) => one.modifications[0]?.value?.length === 2);
    expect(client.messages.filter((one) => one.modifications?.length > 0)).toHaveLength(3);
    client.close();
  });

  test("results carry journals, and a journal of an earlier connection is honoured", async () => {
    const channel = "journal";
    for (const rank of [0, 2, 4]) await host.http().mutation(api.messages!.send!, { channel, body: `r${rank}`, rank });
    const args = { channel, paginationOpts: { numItems: 2, cursor: null, id: 1 } };
    const first = await RawClient.open(host.url);
    first.modify(0, first.add(0, "messages:page", args));
    const { journal } = (await first.next("Transition")).modifications[0];
    expect(journal).toEqual(expect.any(String));
    first.close();
    await host.http().mutation(api.messages!.send!, { channel, body: "r1", rank: 1 });
    const second = await RawClient.open(host.url);
    second.modify(0, second.add(0, "messages:page", args, { journal }), second.add(1, "messages:page", args));
    const transition = await second.next("Transition", (one) => one.modifications.length === 2);
    const pages = transition.modifications.map((one: { value: { page: { body: string }[] } }) =>
      one.value.page.map(({ body }) => body),
    );
    expect(pages).toEqual([
      ["r0", "r1", "r2"],
      ["r0", "r1"],
    ]);
    second.close();
  });

  test("after a change of code every watched query is run again, and only what differs is sent", async () => {
    const client = await RawClient.open(host.url);
    const shown = modules.probes!.shown;
    modules.probes!.shown = queryGeneric({ args: {}, handler: () => "old" });
    client.modify(0, client.add(0, "probes:shown", {}), client.add(1, "counters:get", { name: "code" }));
    await client.next("Transition", (one) => one.modifications.length === 2);
    modules.probes!.shown = queryGeneric({ args: {}, handler: () => "new" });
    host.wire.codeChanged();
    const { modifications } = await client.next("Transition", (one) => one.modifications[0]?.value === "new");
    expect(modifications).toHaveLength(1);
    modules.probes!.shown = shown;
    client.close();
  });

  test("clients that are not told anything for a while are pinged", async () => {
    const pinged = await startTestHost({ pingIntervalMs: 20 });
    const client = await RawClient.open(pinged.url);
    await client.next("Ping");
    // It answers the websocket's own ping, so it is not taken for dead.
    await until(() => client.messages.filter((one) => one.type === "Ping").length > 4);
    client.close();
    await pinged.stop();
  });

  test("a client that does not read gets the newest values merged when it reads again", async () => {
    const client = await RawClient.open(host.url);
    client.modify(0, client.add(0, "messages:list", { channel: "slow" }));
    await client.next("Transition");
    await host.http().mutation(api.messages!.send!, { channel: "slow", body: "first" });
    client.socket.pause();
    const writes = 24;
    for (let i = 1; i <= writes; i++) {
      await host.http().mutation(api.messages!.edit!, { channel: "slow", body: `${i}:${"x".repeat(600_000)}` });
    }
    client.socket.resume();
    const newest = (one: { modifications: { value: string[] }[] }) =>
      one.modifications[0]?.value?.[0]?.startsWith(`${writes}:`) === true;
    await client.next("Transition", (one) => newest(one as never));
    expect(client.gaps).toEqual([]);
    expect(client.messages.filter((one) => one.type === "Transition").length).toBeLessThan(writes);
    client.close();
  });

  test("stopping waits for calls that are running, and answers them", async () => {
    const own = await startTestHost();
    const client = await RawClient.open(own.url);
    const before = begun.actions;
    client.send({ type: "Action", requestId: 0, udfPath: "probes:act", args: [{ ms: 200 }] });
    const overHttp = own.http().action(api.probes!.act!, { ms: 200 });
    await until(() => begun.actions === before + 2);
    const stopped = own.stop();
    expect((await client.next("ActionResponse")).result).toBe(200);
    expect(await overHttp).toBe(200);
    expect((await client.closed).code).toBe(1001);
    await stopped;
  });

  test("the host stops: clients are told to come back and do, subscriptions and waiting mutations included", async () => {
    const own = await startTestHost();
    const client = own.client();
    const watched = watch(client, "counters:get", { name: "restart" });
    await client.mutation(api.counters!.bump!, { name: "restart" });
    expect(watched.last()).toBe(1);
    await own.restart();
    await client.mutation(api.counters!.bump!, { name: "restart" });
    expect(watched.last()).toBe(2);
    await own.stop();
    expect(own.errors).toEqual([]);
  });
});

describe("frames no client sends", () => {
  const add = { type: "Add", queryId: 0, udfPath: "counters:get", args: [{ name: "x" }] };
  const modify = { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [add] };
  test.each([
    ["not JSON", "{"],
    ["not an object", "7"],
    ["unknown type", { type: "Surprise" }],
    ["second Connect", { type: "Connect", sessionId: "x" }],
    ["modifications missing", { type: "ModifyQuerySet", baseVersion: 0, newVersion: 1 }],
    ["the same query twice", { ...modify, modifications: [add, add] }],
    ["negative id", { ...modify, modifications: [{ ...add, queryId: -1 }] }],
    ["arguments that are no object", { ...modify, modifications: [{ ...add, args: [7] }] }],
    ["a component without being admin", { ...modify, modifications: [{ ...add, componentPath: "workflow" }] }],
    ["requestId missing", { type: "Mutation", udfPath: "a:b", args: [{}] }],
    ["unknown token type", { type: "Authenticate", tokenType: "Magic", baseVersion: 0 }],
  ])("%s -> FatalError and close", async (_name, frame) => {
    const client = await RawClient.open(host.url);
    client.send(frame);
    expect((await client.next("FatalError")).error).toContain("Invalid message");
    expect((await client.closed).code).toBe(1008);
  });

  test("a version that does not follow -> closed, and a real client starts over", async () => {
    for (const frame of [
      { ...modify, baseVersion: 5, newVersion: 6 },
      { type: "Authenticate", tokenType: "None", baseVersion: 5 },
    ]) {
      const client = await RawClient.open(host.url);
      client.send(frame);
      expect((await client.closed).reason).toContain("BaseVersionMismatch");
    }
  });

  test("anything before Connect -> closed", async () => {
    const client = await RawClient.open(host.url, null);
    client.send(modify);
    expect((await client.closed).code).toBe(1008);
  });

  test("a binary frame -> closed; another path -> no websocket at all", async () => {
    const client = await RawClient.open(host.url);
    client.socket.send(new Uint8Array([1, 2, 3]));
    expect((await client.closed).code).toBe(1008);
    const elsewhere = new ConvexClient(host.url, { logger: false });
    await elsewhere.close();
    await expect(RawClient.open(`${host.url}/elsewhere`)).rejects.toThrow("404");
  });

  test("a query of a function that is not there fails by itself, the others go on", async () => {
    const client = await RawClient.open(host.url);
    const names = ["nothing:here", "counters:reset", "///", "counters:get"];
    client.modify(0, ...names.map((name, i) => client.add(i, name, { name: "x" })));
    const { modifications } = await client.next("Transition");
    expect(modifications.map((one: { type: string }) => one.type)).toEqual([
      "QueryFailed",
      "QueryFailed",
      "QueryFailed",
      "QueryUpdated",
    ]);
    client.close();
  });
});
