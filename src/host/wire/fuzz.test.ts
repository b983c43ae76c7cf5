import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "../../../test/property.ts";
import { RawClient } from "./testing/raw_client.ts";
import { adminKey, api, startTestHost, type TestHost } from "./testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ limits: { callBytes: 50_000, uploadBytes: 50_000, pushBytes: 50_000 } });
});
afterAll(async () => {
  // Still there, still right, and nothing was an internal error.
  expect(await host.http().query(api.probes!.echo!, { value: 1 })).toBe(1);
  expect(host.errors).toEqual([]);
  await host.stop();
});

const paths = [
  "/api/query",
  "/api/mutation",
  "/api/action",
  "/api/function",
  "/api/query_ts",
  "/api/query_at_ts",
  "/api/get_config_hashes",
  "/api/deploy2/start_push",
  "/api/storage/upload",
  "/api/storage/x",
  "/http/echo",
  "/http/show/x",
  "/api/1.48.0/sync",
  "/",
];
const field = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("probes:echo", "counters:get", "messages:send", "_system/x:y", "", ":", "a:b:c", adminKey),
);
const body = fc.oneof(
  fc.json(),
  fc.string(),
  fc
    .record(
      { path: field, args: field, format: field, componentPath: field, adminKey: field, ts: field },
      { requiredKeys: [] },
    )
    .map((value) => JSON.stringify(value)),
);
const headerValue = fc.oneof(
  fc.constantFrom("br", "gzip", "Bearer x.y.z", `Convex ${adminKey}`, "Convex :", "Bearer", "bytes=1-", "sha-256=x"),
  fc.string({ unit: fc.constantFrom("a", "0", ".", " ", "=", ":", ";", "/") }),
);

test("any request is answered in words", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.constantFrom("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"),
      body,
      fc.dictionary(
        fc.constantFrom("authorization", "content-encoding", "content-type", "range", "digest"),
        headerValue,
      ),
      async (path, method, text, headers) => {
        const request: RequestInit = { method, headers };
        if (method !== "GET" && method !== "HEAD") request.body = text;
        const response = await fetch(host.url + path, request);
        await response.arrayBuffer();
        expect([500, 502]).not.toContain(response.status);
      },
    ),
    { numRuns: 300 },
  );
});

test("bytes that are no HTTP end their own connection and nothing else", async () => {
  const line = fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    "POST /api/query HTTP/1.1\r\n",
    "GET //evil/ HTTP/1.1\r\n",
    "GET http://x/ HTTP/1.1\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "content-length: 10\r\n",
    "content-length: -1\r\n",
    "transfer-encoding: chunked\r\n",
    "upgrade: websocket\r\nconnection: upgrade\r\n",
    "host: a\r\n",
    "\r\n",
    "zz\r\n",
    "{}",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(line, fc.string()), { minLength: 1, maxLength: 8 }), async (parts) => {
      const socket = connect(Number(new URL(host.url).port), "127.0.0.1");
      socket.on("error", () => {});
      socket.resume();
      await new Promise((resolve) => socket.once("connect", resolve));
      socket.end(parts.join(""));
      await new Promise((resolve) => socket.once("close", resolve).setTimeout(200, () => socket.destroy()));
    }),
    { numRuns: 60 },
  );
}, 60_000);

const queryId = fc.integer({ min: -1, max: 3 });
const version = fc.integer({ min: 0, max: 3 });
const udfPath = fc.oneof(fc.constantFrom("counters:get", "counters:bump", "probes:fail", "nope:x", "::"), field);
const args = fc.oneof(fc.constant([{ name: "fuzz" }]), field);
const message = fc.oneof(
  fc.record({ type: fc.constant("Connect"), sessionId: field }, { requiredKeys: ["type"] }),
  fc.record({
    type: fc.constant("ModifyQuerySet"),
    baseVersion: version,
    newVersion: version,
    modifications: fc.array(
      fc.oneof(
        fc.record({ type: fc.constant("Add"), queryId, udfPath, args, journal: field }, { requiredKeys: ["type"] }),
        fc.record({ type: fc.constant("Remove"), queryId }),
        field,
      ),
      { maxLength: 4 },
    ),
  }),
  fc.record(
    { type: fc.constantFrom("Mutation", "Action"), requestId: version, udfPath, args, componentPath: field },
    { requiredKeys: ["type", "requestId", "udfPath", "args"] },
  ),
  fc.record(
    {
      type: fc.constant("Authenticate"),
      tokenType: fc.constantFrom("None", "User", "Admin"),
      value: fc.oneof(fc.constant(adminKey), field),
      baseVersion: version,
      impersonating: field,
    },
    { requiredKeys: ["type", "tokenType", "baseVersion"] },
  ),
  fc.record({ type: fc.constant("Event"), eventType: field, event: field }),
  field,
);

test("any frames: the socket is answered or closed with a reason, versions never gap", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          message.map((one) => JSON.stringify(one)),
          fc.string(),
        ),
        { maxLength: 12 },
      ),
      async (frames) => {
        const client = await RawClient.open(host.url);
        for (const frame of frames) client.send(frame);
        client.send({ type: "Surprise" });
        const { code } = await client.closed;
        expect([1008]).toContain(code);
        expect(client.gaps).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
}, 60_000);

test("a frame larger than the limit closes its socket", async () => {
  const client = await RawClient.open(host.url);
  client.send(JSON.stringify({ type: "Event", event: "x".repeat(60_000) }));
  expect((await client.closed).code).toBe(1009);
});
