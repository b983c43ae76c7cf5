import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HostStartError, prepareHost, startHost } from "../../src/host/index.ts";
import { Fixture, fixtureApp, NO_KEYS } from "./running_fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: the fixture has no generated code
const api = anyApi as any;

describe("a running host", () => {
  const fixture = new Fixture();
  let http: ConvexHttpClient;
  let client: ConvexClient;
  beforeAll(async () => {
    await fixture.start();
    http = new ConvexHttpClient(fixture.host.url, { logger: false });
    client = new ConvexClient(fixture.host.url, { logger: false });
  });
  afterAll(async () => {
    await client.close();
    await fixture[Symbol.asyncDispose]();
  });

  test("answers queries and mutations over HTTP", async () => {
    expect(await http.query(api.counters.get, { name: "http" })).toBe(0);
    expect(await http.mutation(api.counters.add, { name: "http", by: 2 })).toBe(2);
    expect(await http.query(api.counters.get, { name: "http" })).toBe(2);
  });

  test("keeps nothing of a mutation that throws, and hands over the error's data", async () => {
    const refused = http.mutation(api.counters.addAndRefuse, { name: "refused" });
    await expect(refused).rejects.toMatchObject({ data: { code: "REFUSED", name: "refused" } });
    expect(await http.query(api.counters.get, { name: "refused" })).toBe(0);
  });

  test("refuses wrong arguments, internal functions and unknown ones", async () => {
    await expect(http.query(api.counters.get, {})).rejects.toThrow(/ArgumentValidationError/);
    await expect(http.mutation(api.counters.record, { job: "x" })).rejects.toThrow(/Could not find public function/);
    await expect(http.query(api.counters.absent, {})).rejects.toThrow(/Could not find public function/);
  });

  test("pushes a query's new value to a websocket client", async () => {
    const seen: number[] = [];
    client.onUpdate(api.counters.get, { name: "pushed" }, (value: number) => seen.push(value));
    await expect.poll(() => seen).toEqual([0]);
    await http.mutation(api.counters.add, { name: "pushed", by: 1 });
    await expect.poll(() => seen).toEqual([0, 1]);
    expect(await client.mutation(api.counters.add, { name: "pushed", by: 1 })).toBe(2);
    await expect.poll(() => seen.at(-1)).toBe(2);
  });

  test("knows who signed the token, and refuses a forged one", async () => {
    const signed = new ConvexHttpClient(fixture.host.url, { logger: false, auth: await fixture.token("ana") });
    expect(await signed.query(api.probes.whoAmI, {})).toMatchObject({ subject: "ana", issuer: "https://fixture.test" });
    expect(await http.query(api.probes.whoAmI, {})).toBeNull();
    const token = await fixture.token("ana");
    const forged = new ConvexHttpClient(fixture.host.url, { logger: false, auth: `${token.slice(0, -4)}AAAA` });
    await expect(forged.query(api.probes.whoAmI, {})).rejects.toThrow();
  });

  test("runs what was scheduled", async () => {
    await http.mutation(api.counters.schedule, { job: "soon", delayMs: 20 });
    await expect.poll(async () => (await http.query(api.counters.recorded, {})).jobs).toContain("soon");
  });

  test("answers HTTP actions on the site address", async () => {
    const response = await fetch(`${fixture.host.siteUrl}/echo`, { method: "POST", body: '{"a":1}' });
    expect(await response.json()).toEqual({ isRequest: true, isObject: true, body: { a: 1 } });
    expect(await (await fetch(`${fixture.host.siteUrl}/stream/y`)).text()).toBe(
      "/stream/y 0\n/stream/y 1\n/stream/y 2\n",
    );
    expect((await fetch(`${fixture.host.siteUrl}/absent`)).status).toBe(404);
  });

  test("runs an agent with a tool and a streamed answer", async () => {
    await http.mutation(api.counters.add, { name: "agent", by: 3 });
    const answer = (await http.action(api.agents.ask, {})) as { text: string; streamed: string; messages: number };
    expect(answer.text).toMatch(/what the tool said/);
    expect(answer.streamed).toMatch(/what the tool said/);
    expect(answer.messages).toBeGreaterThanOrEqual(6);
  });

  test("carries a workflow over its event to its end", async () => {
    const workflowId = (await http.mutation(api.flows.start, { name: "flow" })) as string;
    expect(await http.query(api.counters.get, { name: "flow" })).toBe(1);
    expect(await http.query(api.flows.status, { workflowId })).toBe("inProgress");
    await http.mutation(api.flows.go, { workflowId });
    await expect.poll(() => http.query(api.flows.status, { workflowId }), { timeout: 10_000 }).toBe("completed");
    expect(await http.query(api.counters.get, { name: "flow" })).toBe(11);
  });

  test("a rejection that a function forgot is logged and harms nothing", async () => {
    await http.mutation(api.probes.floatingRejection, {});
    await expect.poll(() => fixture.logs.some(({ text }) => text.includes("nobody awaits me"))).toBe(true);
    expect(await http.query(api.counters.get, { name: "http" })).toBe(2);
  });

  test("an error in a timer is logged and harms nothing", async () => {
    expect(await http.action(api.probes.throwingTimer, {})).toBe("went on");
    await expect.poll(() => fixture.logs.some(({ text }) => text.includes("nobody catches me"))).toBe(true);
  });

  test("keeps its secret to its owner", () => {
    expect(statSync(join(fixture.dataDir, "instance.json")).mode & 0o777).toBe(0o600);
  });
});

test("stopped and started again on the same folder -> everything is still there, and the bundle comes from the cache", async () => {
  await using fixture = new Fixture();
  const first = await fixture.start();
  await new ConvexHttpClient(first.url, { logger: false }).mutation(api.counters.add, { name: "kept", by: 5 });
  await first.stop(2_000);
  expect(await first.exited).toEqual({});
  await expect(fetch(first.url)).rejects.toThrow();
  const second = await fixture.start();
  expect(second.adminKey).toBe(first.adminKey);
  expect(await new ConvexHttpClient(second.url, { logger: false }).query(api.counters.get, { name: "kept" })).toBe(5);
});

test("a thread prepared ahead serves the host; when the host does not start, it ends", async () => {
  const cacheDir = mkdtempSync(join(tmpdir(), "convex-cache-"));
  const prepare = () => prepareHost({ appDir: fixtureApp, cacheDir });
  try {
    await using fixture = new Fixture();
    const { url } = await fixture.start({ cacheDir }, prepare());
    expect(await new ConvexHttpClient(url, { logger: false }).query(api.counters.get, { name: "none" })).toBe(0);
    await using second = new Fixture();
    const unused = prepare();
    await expect(second.start({ cacheDir, port: Number(new URL(url).port) }, unused)).rejects.toThrow("in use");
    expect(await unused.ended).toMatchObject({ isMemory: false });
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
});

describe("does not start, and says why", () => {
  test("a port in use", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    await using fixture = new Fixture();
    const failure = await fixture.start({ port }).catch((error: unknown) => error);
    server.close();
    expect(failure).toBeInstanceOf(HostStartError);
    expect(failure).toMatchObject({ code: "EADDRINUSE", port });
  });

  test("a second host on the same folder", async () => {
    await using fixture = new Fixture();
    await fixture.start();
    const second = startHost({
      appDir: fixtureApp,
      dataDir: fixture.dataDir,
      port: 0,
      env: { FIXTURE_JWKS: NO_KEYS },
    });
    await expect(second).rejects.toMatchObject({ name: "HostStartError", code: "in_use" });
  });

  test("a file that is no database", async () => {
    await using fixture = new Fixture();
    writeFileSync(
      join(fixture.dataDir, "convex.sqlite"),
      "not a database, and long enough to be looked at ".repeat(99),
    );
    await expect(fixture.start()).rejects.toMatchObject({ name: "HostStartError", code: "corrupt" });
  });

  test("functions that do not load", async () => {
    await using fixture = new Fixture();
    const start = fixture.start({ env: {} });
    await expect(start).rejects.toMatchObject({ code: "bundle", message: expect.stringMatching(/auth\.config.*jwks/) });
  });

  test("keys nobody could ever sign with", async () => {
    await using fixture = new Fixture();
    await expect(fixture.start({ env: { FIXTURE_JWKS: "data:,x" } })).rejects.toMatchObject({
      code: "bundle",
      message: expect.stringMatching(/^auth\.config: .*fixture\.test.*data URI/),
    });
  });
});
