/**
 * `crypto` as functions see it: Node's own, except that the digest of a short input is made at once. Node hands every digest to another
 * thread; a transaction would wait for its way there and back, and with it every transaction behind it.
 */
import { hash } from "node:crypto";

const HASHES: Record<string, string> = {
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

/** A few tens of microseconds; what is longer is better off on the other thread. */
const MAX_AT_ONCE_BYTES = 16 * 1024;

const digest: SubtleCrypto["digest"] = async (algorithm, data) => {
  const name = HASHES[String(typeof algorithm === "string" ? algorithm : algorithm?.name).toUpperCase()];
  const isPlain = data instanceof ArrayBuffer || (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer);
  // Everything unusual, errors too, is Node's.
  if (name === undefined || !isPlain || data.byteLength > MAX_AT_ONCE_BYTES) return subtle.digest(algorithm, data);
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  // Copied: Node's buffers may share one ArrayBuffer.
  return new Uint8Array(hash(name, bytes, "buffer")).buffer;
};

const { subtle } = crypto;

/** One for all contexts: who replaces it for a while is noticed by its identity. */
export const functionCrypto: Crypto = wrapped(crypto, { subtle: wrapped(subtle, { digest }) });

/** An `instanceof` of the same class. Node's methods want their own object as `this`. */
function wrapped<T extends object>(target: T, own: Partial<T>): T {
  const prototype = Object.getPrototypeOf(target) as Record<string, unknown>;
  const wrapper = Object.create(prototype) as Record<string, unknown>;
  for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get !== undefined || typeof value !== "function" || name === "constructor") continue;
    define(wrapper, name, value.bind(target));
  }
  for (const [name, value] of Object.entries(own)) define(wrapper, name, value);
  return wrapper as T;
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: true });
}
