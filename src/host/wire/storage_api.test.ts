import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { api, startTestHost, type TestHost } from "./testing/test_host.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({ limits: { uploadBytes: 10_000 } });
});
afterAll(async () => {
  await host.stop();
  expect(host.errors).toEqual([]);
});

async function upload(bytes: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const url = await host.http().mutation(api.probes!.uploadUrl!, {});
  return fetch(url, { method: "POST", body: bytes, headers });
}

async function uploaded(bytes: string, type = "text/plain"): Promise<{ id: string; url: string }> {
  const { storageId: id } = await (await upload(bytes, { "content-type": type })).json();
  return { id, url: await host.http().query(api.probes!.fileUrl!, { id }) };
}

describe("a file", () => {
  test("is uploaded to the URL a mutation made and read at the URL a query gave", async () => {
    const { url } = await uploaded("hello file");
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe("hello file");
  });

  test("is there after a restart, and an upload URL made before it still works", async () => {
    const { url } = await uploaded("durable");
    const uploadUrl = await host.http().mutation(api.probes!.uploadUrl!, {});
    await host.restart();
    expect(await (await fetch(url)).text()).toBe("durable");
    expect((await fetch(uploadUrl, { method: "POST", body: "later" })).status).toBe(200);
  });

  test("deleted by a mutation -> 404, and no URL any more", async () => {
    const { id, url } = await uploaded("short-lived");
    await host.http().mutation(api.probes!.deleteFile!, { id });
    expect((await fetch(url)).status).toBe(404);
    expect(await host.http().query(api.probes!.fileUrl!, { id })).toBeNull();
  });

  test("may be empty", async () => {
    const { url } = await uploaded("");
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("");
  });

  test.each([
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-2", 206, "89", "bytes 8-9/10"],
    ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, null, "bytes */10"],
    ["bytes=-0", 416, null, "bytes */10"],
    ["bytes=3-1", 200, "0123456789", null],
    ["bytes=0-1,3-4", 200, "0123456789", null],
    ["lines=1-2", 200, "0123456789", null],
  ])("range %s -> %i", async (range, status, text, contentRange) => {
    const { url } = await uploaded("0123456789");
    const response = await fetch(url, { headers: { range } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    if (text !== null) expect(await response.text()).toBe(text);
  });
});

describe("what is refused", () => {
  test("an upload without a token, with a forged one -> 401", async () => {
    for (const query of ["", "?token=", "?token=abc.def"]) {
      const response = await fetch(`${host.url}/api/storage/upload${query}`, { method: "POST", body: "x" });
      expect(response.status).toBe(401);
    }
  });

  test("too large, declared or streamed -> 413", async () => {
    expect((await upload("x".repeat(10_001))).status).toBe(413);
    const url = await host.http().mutation(api.probes!.uploadUrl!, {});
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(4_000));
      },
    });
    const streamed = fetch(url, { method: "POST", body, duplex: "half" } as RequestInit).then(
      (response) => response.status,
      // The connection is cut while the endless body is still being sent; which of the two is seen first is open.
      () => 413,
    );
    expect(await streamed).toBe(413);
  });

  test("bytes that do not have the digest the client announced -> 400", async () => {
    const digest = createHash("sha256").update("right").digest("base64");
    expect((await upload("right", { digest: `sha-256=${digest}` })).status).toBe(200);
    expect((await upload("wrong", { digest: `sha-256=${digest}` })).status).toBe(400);
  });

  test.each(["nope", "..%2f..%2fdata.sqlite", "a".repeat(32), "%00"])("the file %s -> 404", async (id) => {
    expect((await fetch(`${host.url}/api/storage/${id}`)).status).toBe(404);
  });

  test("the id of another table's document -> 404", async () => {
    const id = await host.http().mutation(api.messages!.send!, { channel: "c", body: "b" });
    expect((await fetch(`${host.url}/api/storage/${id}`)).status).toBe(404);
  });
});
