import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestHost, type TestHost } from "./testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ limits: { httpActionBytes: 1_000 } });
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

test("method, headers, bytes and cookies pass through; the answer's status too", async () => {
  const response = await fetch(`${host.siteUrl}/echo`, {
    method: "POST",
    headers: { "x-send": "there" },
    body: new Uint8Array([0, 1, 255]),
  });
  expect(response.status).toBe(201);
  expect(response.headers.get("x-was")).toBe("there");
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([0, 1, 255]);
});

test("the same routes lie under /http/ of the API port", async () => {
  for (const base of [host.siteUrl, `${host.url}/http`]) {
    const response = await fetch(`${base}/show/a%20b?c=d`);
    expect(await response.json()).toEqual({ path: "/show/a%20b", query: "?c=d" });
  }
});

test("a streamed answer arrives whole", async () => {
  expect(await (await fetch(`${host.siteUrl}/stream`)).text()).toBe("0;1;2;3;4;");
});

test("HEAD of a GET route has no body", async () => {
  const response = await fetch(`${host.siteUrl}/stream`, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("");
});

test("no route -> 404; an uncaught error -> 500 with its message", async () => {
  expect((await fetch(`${host.siteUrl}/nothing`)).status).toBe(404);
  const broken = await fetch(`${host.siteUrl}/broken`);
  expect(broken.status).toBe(500);
  expect((await broken.json()).message).toContain("broken on purpose");
});

test("too large a body -> 413", async () => {
  const response = await fetch(`${host.siteUrl}/echo`, { method: "POST", body: "x".repeat(1_001) });
  expect(response.status).toBe(413);
});

test("a signed token gives the identity; a header that is the sender's own does not stop the action, only asking who it is", async () => {
  const me = async (authorization?: string) =>
    fetch(`${host.siteUrl}/me`, authorization === undefined ? {} : { headers: { authorization } });
  expect(await (await me()).json()).toBeNull();
  expect(await (await me(`Bearer ${await host.token()}`)).json()).toMatchObject({ subject: "ada" });
  expect((await me("Bearer of-a-webhook")).status).toBe(500);
  const other = await fetch(`${host.siteUrl}/show/x`, { headers: { authorization: "Basic abc" } });
  expect(other.status).toBe(200);
});
