import fc from "fast-check";
import { expect, test } from "vitest";
import { functionCrypto } from "./crypto.ts";

test("digests of every algorithm, input and view are Node's own", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("SHA-1", "SHA-256", "sha-384", "SHA-512"),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(20),
      fc.boolean(),
      async (name, bytes, offset, isNamed) => {
        const view = bytes.subarray(Math.min(offset, bytes.length));
        const algorithm = isNamed ? { name } : name;
        expect(await functionCrypto.subtle.digest(algorithm, view)).toEqual(await crypto.subtle.digest(name, view));
      },
    ),
    { numRuns: 100 },
  );
});

test("a digest's buffer is an ArrayBuffer of its own length", async () => {
  const digest = await functionCrypto.subtle.digest("SHA-256", new Uint8Array(5).buffer);
  expect(digest).toBeInstanceOf(ArrayBuffer);
  expect(digest.byteLength).toBe(32);
});

test("a long input's digest is the same", async () => {
  const long = new Uint8Array(100_000).fill(7);
  expect(await functionCrypto.subtle.digest("SHA-256", long)).toEqual(await crypto.subtle.digest("SHA-256", long));
});

test("what cannot be digested is refused in Node's words, as a rejection", async () => {
  await expect(functionCrypto.subtle.digest("MD5", new Uint8Array(1))).rejects.toThrow("Unrecognized algorithm name");
  await expect(functionCrypto.subtle.digest("SHA-256", "text" as never)).rejects.toThrow();
  await expect(functionCrypto.subtle.digest(null as never, new Uint8Array(1))).rejects.toThrow();
});

test("it is a Crypto whose other parts work", async () => {
  expect(functionCrypto).toBeInstanceOf(Crypto);
  expect(functionCrypto.subtle).toBeInstanceOf(SubtleCrypto);
  expect(functionCrypto.randomUUID()).toMatch(/^[0-9a-f-]{36}$/);
  expect(functionCrypto.getRandomValues(new Uint8Array(64)).some((byte) => byte !== 0)).toBe(true);
  const key = await functionCrypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
  const bytes = new Uint8Array([1, 2, 3]);
  const signature = await functionCrypto.subtle.sign("HMAC", key, bytes);
  expect(await functionCrypto.subtle.verify("HMAC", key, signature, bytes)).toBe(true);
});
