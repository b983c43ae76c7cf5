import { brotliCompressSync, gzipSync } from "node:zlib";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminKey, api, startTestHost, type TestHost } from "./testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ limits: { callBytes: 100_000 }, analysis: async () => ({ environmentVariables: "x" }) });
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(host.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

describe("the unmodified ConvexHttpClient", () => {
  test("query, mutation and action", async () => {
    const client = host.http();
    expect(await client.query(api.counters!.get!, { name: "http" })).toBe(0);
    expect(await client.mutation(api.counters!.bump!, { name: "http" })).toBe(1);
    expect(await client.query(api.counters!.get!, { name: "http" })).toBe(1);
    expect(await client.action(api.probes!.act!, { ms: 1 })).toBe(1);
  });

  test("every kind of value survives both ways", async () => {
    const value = {
      int: 2n ** 62n,
      float: -0,
      nan: Number.NaN,
      text: 'a "quoted" \u0000 \u{1f600} text',
      bytes: new Uint8Array([0, 255]).buffer,
      list: [null, true, { deep: [] }],
    };
    expect(await host.http().query(api.probes!.echo!, { value })).toEqual(value);
  });

  test("consistentQuery", async () => {
    expect(await host.http().consistentQuery(api.counters!.get!, { name: "nobody" })).toBe(0);
  });

  test("an uncaught error arrives with its message, and nothing of the mutation stays", async () => {
    await expect(host.http().mutation(api.probes!.fail!, {})).rejects.toThrow("on purpose");
    expect(await host.http().query(api.counters!.get!, { name: "failed" })).toBe(0);
  });

  test("a ConvexError arrives with its data", async () => {
    const error = await host
      .http()
      .mutation(api.probes!.refuse!, {})
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConvexError);
    expect(error.data).toEqual({ code: "REFUSED", field: "x", big: 7n });
  });

  test("arguments that do not fit their validator are refused", async () => {
    await expect(host.http().query(api.counters!.get!, { name: 7 })).rejects.toThrow("ArgumentValidationError");
  });

  test("internal functions are not found without the admin key, and found with it", async () => {
    const client = host.http();
    await expect(client.query(api.counters!.secret!, {})).rejects.toThrow("Could not find public function");
    // @ts-expect-error setAdminAuth is internal in convex's types; the CLI uses it
    client.setAdminAuth(adminKey);
    expect(await client.query(api.counters!.secret!, {})).toBe("secret");
  });

  test("a signed token gives the identity; an admin may act as somebody", async () => {
    const client = host.http();
    expect(await client.query(api.probes!.me!, {})).toBeNull();
    client.setAuth(await host.token({ role: "owner" }));
    expect(await client.query(api.probes!.me!, {})).toMatchObject({ subject: "ada", role: "owner" });
    // @ts-expect-error as above
    client.setAdminAuth(adminKey, { subject: "bob", issuer: "x" });
    expect(await client.query(api.probes!.me!, {})).toMatchObject({ subject: "bob", tokenIdentifier: "x|bob" });
  });

  test("a bad token is refused with 401 and the function does not run", async () => {
    const client = host.http();
    client.setAuth(await host.token({ exp: Math.floor(Date.now() / 1000) - 60 }));
    await expect(client.mutation(api.counters!.bump!, { name: "refused" })).rejects.toThrow("Unauthenticated");
    expect(await host.http().query(api.counters!.get!, { name: "refused" })).toBe(0);
  });
});

describe("the HTTP answers", () => {
  test("560 for an application's error, without errorData when there is none", async () => {
    const response = await post("/api/mutation", { path: "probes:fail", args: [{}], format: "convex_encoded_json" });
    expect(response.status).toBe(560);
    const body = await response.json();
    expect(body).toMatchObject({ status: "error", logLines: [] });
    expect(body.errorMessage).toContain("on purpose");
    expect(body).not.toHaveProperty("errorData");
  });

  test("/api/function finds out the kind by itself and takes the arguments bare", async () => {
    const call = (path: string, args: object) =>
      post("/api/function", { path, args }, { authorization: `Convex ${adminKey}` }).then((r) => r.json());
    expect(await call("counters:bump", { name: "any" })).toMatchObject({ status: "success", value: 1 });
    expect(await call("counters.js:get", { name: "any" })).toMatchObject({ status: "success", value: 1 });
    expect(await call("probes:act", { ms: 0 })).toMatchObject({ status: "success", value: 0 });
    expect(await call("nothing:here", {})).toMatchObject({ status: "error" });
  });

  test("a component is only for admins", async () => {
    const body = { path: "a:b", args: {}, componentPath: "workflow" };
    expect((await post("/api/function", body)).status).toBe(403);
    expect((await post("/api/function", body, { authorization: `Convex ${adminKey}` })).status).toBe(560);
  });

  const broken: [string, string | object, number, Record<string, string>?][] = [
    ["no body", "", 400],
    ["not JSON", "{", 400],
    ["not an object", "[]", 400],
    ["null", "null", 400],
    ["no path", {}, 400],
    ["path of a wrong type", { path: 7, args: [{}] }, 400],
    ["two argument objects", { path: "probes:echo", args: [{}, {}] }, 400],
    ["arguments that are no object", { path: "probes:echo", args: [7] }, 400],
    ["unknown format", { path: "probes:echo", args: [{}], format: "xml" }, 400],
    ["component path of a wrong type", { path: "probes:echo", args: [{}], componentPath: 1 }, 400],
    ["too large", { path: "probes:echo", args: [{ value: "x".repeat(100_001) }] }, 413],
    ["unknown encoding", "{}", 415, { "content-encoding": "lzma" }],
    ["not what the encoding says", "{}", 400, { "content-encoding": "br" }],
    ["header that is no authorization", {}, 401, { authorization: "Basic abc" }],
    ["wrong admin key", {}, 401, { authorization: "Convex nope" }],
    ["empty module name", { path: ":x", args: [{}] }, 560],
    ["strange path", { path: "../../etc/passwd", args: [{}] }, 560],
  ];
  test.each(broken)("%s -> an error in words, never a crash", async (_name, body, status, headers) => {
    const response = await post("/api/query", body, headers);
    expect(response.status).toBe(status);
    const answer = await response.json();
    expect(answer.message ?? answer.errorMessage).toEqual(expect.stringMatching(/.../));
  });

  test("a bomb that unpacks beyond the limit is refused", async () => {
    const body = brotliCompressSync(Buffer.alloc(2_000_000, " "));
    const response = await fetch(`${host.url}/api/query`, {
      method: "POST",
      body,
      headers: { "content-encoding": "br" },
    });
    expect(response.status).toBe(413);
  });

  test("gzip is understood", async () => {
    const body = gzipSync(JSON.stringify({ path: "probes:echo", args: [{ value: 5 }] }));
    const headers = { "content-encoding": "gzip" };
    const response = await fetch(`${host.url}/api/query`, { method: "POST", body, headers });
    expect(await response.json()).toMatchObject({ value: 5 });
  });

  test("browsers may call: preflight and answers carry CORS headers", async () => {
    const preflight = await fetch(`${host.url}/api/query`, {
      method: "OPTIONS",
      headers: { origin: "http://page", "access-control-request-headers": "convex-client, authorization" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("convex-client, authorization");
    expect((await post("/api/query", {})).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("version, instance name, root; anything else is 404", async () => {
    const get = async (path: string) => (await fetch(host.url + path)).text();
    expect(await get("/version")).toMatch(/^\d+\.\d+/);
    expect(await get("/instance_name")).toBe("test");
    expect(await get("/")).toContain("running");
    expect((await fetch(`${host.url}/api/nothing`)).status).toBe(404);
    expect((await fetch(`${host.url}/api/query`)).status).toBe(404);
  });
});

describe("what the CLI asks for code generation", () => {
  test("the configuration and the analysis, with the key in the body or in the header", async () => {
    const hashes = await (await post("/api/get_config_hashes", { version: "1", adminKey })).json();
    expect(hashes).toMatchObject({ config: { functions: "convex/" }, moduleHashes: [] });
    const body = new Uint8Array(brotliCompressSync(JSON.stringify({ adminKey })));
    const headers = { "content-encoding": "br", authorization: `Convex ${adminKey}` };
    const pushed = await fetch(`${host.url}/api/deploy2/start_push`, { method: "POST", body, headers });
    expect(await pushed.json()).toEqual({ environmentVariables: "x" });
  });

  test.each([{}, { adminKey: "wrong" }])("%j -> 401", async (body) => {
    expect((await post("/api/get_config_hashes", body)).status).toBe(401);
    expect((await post("/api/deploy2/start_push", body)).status).toBe(401);
  });

  test("deploying is refused in words", async () => {
    const response = await post("/api/deploy2/finish_push", { adminKey });
    expect(response.status).toBe(404);
    expect((await response.json()).message).toContain("cannot be deployed to");
  });
});
