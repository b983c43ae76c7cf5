import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { type HttpServer, httpUrl, startHttp } from "./http.ts";
import { silentLogger } from "./logger.ts";

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

async function start() {
  server = await startHttp({
    port: 0,
    host: "127.0.0.1",
    log: silentLogger(),
    routes: {
      "GET /healthz": async () => ({ status: 200, body: { ok: true } }),
      "POST /echo": async (request) => ({ status: 200, body: (await request.body()).toString() }),
      "GET /boom": async () => {
        throw new Error("boom");
      },
    },
  });
  return server.url;
}

test("a route answers, with JSON or as it is", async () => {
  const url = await start();
  const health = await fetch(`${url}/healthz?x=1`);
  expect([health.status, await health.json()]).toEqual([200, { ok: true }]);
  const echo = await fetch(`${url}/echo`, { method: "POST", body: "raw" });
  expect(await echo.text()).toBe("raw");
});

test("what is not there is 404, the wrong method 405, a failure 500, a huge body 413, all as JSON", async () => {
  const url = await start();
  const reply = async (path: string, init?: RequestInit) => {
    const response = await fetch(`${url}${path}`, init);
    return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
  };
  expect(await reply("/nothing")).toEqual([404, "not_found"]);
  expect(await reply("/echo")).toEqual([405, "invalid_input"]);
  expect(await reply("/boom")).toEqual([500, "internal"]);
  expect(await reply("/echo", { method: "POST", body: "x".repeat(2_000_000) })).toEqual([413, "too_large"]);
});

test("a port in use is named with its variable and the remedy", async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const { port } = other.address() as { port: number };
  await expect(startHttp({ port, host: "127.0.0.1", routes: {}, log: silentLogger() })).rejects.toMatchObject({
    info: { code: "port_in_use", field: "PORT", remedy: expect.stringContaining("0 picks") },
  });
  other.close();
});

test("an address that listens everywhere is given as one that can be called", () => {
  expect(httpUrl("0.0.0.0", 1)).toBe("http://127.0.0.1:1");
  expect(httpUrl("::1", 2)).toBe("http://[::1]:2");
});
