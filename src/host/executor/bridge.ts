/** The host's side of a context: what application code reaches, each call checked against the function that makes it. */
import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import { type Call, calls, requireCall } from "./call.ts";
import { createConsole } from "./console.ts";
import { functionCrypto } from "./crypto.ts";
import type { RealmBridge } from "./realm.ts";

/**
 * Shared with every context. The typed arrays are among them because `convex/values` tests `instanceof ArrayBuffer` on buffers that
 * come from the host's crypto, TextEncoder and Blob. Not shared: Object, Array, Promise, Error and everything else of the language.
 */
const SHARED = [
  ["ArrayBuffer", "SharedArrayBuffer", "DataView", "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array"],
  ["Uint16Array", "Int32Array", "Uint32Array", "Float16Array", "Float32Array", "Float64Array", "BigInt64Array"],
  ["BigUint64Array", "URL", "URLSearchParams", "Headers", "Request", "Response", "FormData", "Blob", "File"],
  ["AbortController", "AbortSignal", "Event", "EventTarget", "CustomEvent", "MessageChannel", "MessagePort"],
  ["MessageEvent", "DOMException", "ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamBYOBReader"],
  ["ReadableStreamDefaultController", "ReadableByteStreamController", "ReadableStreamBYOBRequest", "WritableStream"],
  ["WritableStreamDefaultWriter", "WritableStreamDefaultController", "TransformStream", "CountQueuingStrategy"],
  ["TransformStreamDefaultController", "ByteLengthQueuingStrategy", "TextEncoder", "TextDecoder"],
  ["TextEncoderStream", "TextDecoderStream", "CompressionStream", "DecompressionStream", "structuredClone"],
  ["queueMicrotask", "atob", "btoa", "Crypto", "CryptoKey", "SubtleCrypto"],
].flat();

export interface BridgeOptions {
  env: Record<string, string>;
  /** What a module prints while it is loaded. */
  log(level: string, text: string): void;
}

/** One per context. */
export function createBridge({ env, log }: BridgeOptions): RealmBridge {
  const shared: Record<string, unknown> = { AsyncLocalStorage, AsyncResource };
  const host = globalThis as unknown as Record<string, unknown>;
  for (const name of SHARED) if (host[name] !== undefined) shared[name] = host[name];
  shared.crypto = functionCrypto;
  return {
    now: () => calls.getStore()?.execution.now ?? Date.now(),
    syscall: (op, args) => requireCall(`Convex syscall "${op}"`).execution.syscall(op, args),
    asyncSyscall(op, args) {
      const call = requireCall(`Convex syscall "${op}"`);
      const answer = call.execution.asyncSyscall(op, args);
      return typeof answer === "string" ? answer : counted(call, answer);
    },
    jsSyscall(op, args) {
      const call = requireCall(`Convex syscall "${op}"`);
      return counted(call, call.execution.jsSyscall(op, args));
    },
    console: createConsole(log),
    requireAction(what) {
      if (!requireCall(what).isAction) {
        throw new Error(
          `Can't use ${what} in queries and mutations. Please consider using an action. ` +
            "See https://docs.convex.dev/functions/actions for more details.",
        );
      }
    },
    fetch: (input, init) => fetch(input, init),
    setTimer,
    clearTimer(id) {
      const timers = calls.getStore()?.timers;
      clearTimeout(timers?.get(id));
      timers?.delete(id);
    },
    isHostError: (value, name) => {
      const base = host[name];
      return typeof base === "function" && value instanceof base;
    },
    env: JSON.stringify(env),
    shared,
  };
}

/** While it is open, the call has something unanswered. */
async function counted<T>(call: Call, answer: Promise<T>): Promise<T> {
  call.pending++;
  try {
    return await answer;
  } finally {
    call.pending--;
  }
}

let lastTimer = 0;

/** Belongs to the running call and never fires after it. Ids are unique in the process. */
function setTimer(callback: () => void, delayMs: number, repeat: boolean): number {
  const call = requireCall("A timer");
  const id = ++lastTimer;
  const fire = () => {
    if (!repeat) call.timers.delete(id);
    callback();
  };
  call.timers.set(id, repeat ? setInterval(fire, delayMs) : setTimeout(fire, delayMs));
  return id;
}
