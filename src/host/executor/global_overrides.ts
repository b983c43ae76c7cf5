/**
 * Lets code that runs in one realm believe it has globals of its own. What a function assigns to a global of the list below is seen
 * only by that invocation (found through AsyncLocalStorage); the workflow library replaces `Math`, `Date`, `process` and others while
 * a handler runs. Outside of any function, assignments and a test's stubs and fake timers work as always.
 *
 * Not caught: `delete globalThis.x`, `Object.defineProperty(globalThis, …)` and changes inside a shared object (`Math.random = …`).
 */
import { AsyncLocalStorage } from "node:async_hooks";

const NAMES = [
  ...["Date", "Math", "console", "process", "crypto", "Crypto", "CryptoKey", "SubtleCrypto", "performance"],
  ...["setTimeout", "clearTimeout", "setInterval", "clearInterval", "queueMicrotask"],
  ...["fetch", "Request", "Response", "Headers", "URL", "URLSearchParams", "AbortController"],
  ...["TextEncoder", "TextDecoder", "atob", "btoa", "structuredClone"],
];

export type Overrides = Record<string, unknown>;

const current = new AsyncLocalStorage<Overrides>();
/** The getters made here, also those that a test's stub has saved and will put back. */
const ours = new WeakSet<() => unknown>();

/** Runs the function with overrides of its own. */
export function withOverrides<T>(overrides: Overrides, body: () => T): T {
  install();
  return current.run(Object.assign(Object.create(null), overrides), body);
}

/** Runs host code started by a function with the globals of the test, not of the function. */
export function withoutOverrides<T>(body: () => T): T {
  return current.exit(body);
}

/** Repeated before each invocation, because a test may have replaced a global (fake timers, stubs) since the last one. */
export function install(): void {
  for (const name of NAMES) installOne(name);
}

function installOne(name: string): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  if (own?.get !== undefined && ours.has(own.get)) return;
  if (own?.configurable === false) return;
  const base = own ?? inherited(name);
  if (base === undefined) return;
  const get = () => {
    const overrides = current.getStore();
    if (overrides !== undefined && name in overrides) return overrides[name];
    return base.get !== undefined ? base.get.call(globalThis) : base.value;
  };
  const set = (value: unknown) => {
    const overrides = current.getStore();
    if (overrides !== undefined) overrides[name] = value;
    else if (base.set !== undefined) base.set.call(globalThis, value);
    else base.value = value;
  };
  ours.add(get);
  Object.defineProperty(globalThis, name, { get, set, configurable: true, enumerable: own?.enumerable ?? false });
}

function inherited(name: string): PropertyDescriptor | undefined {
  for (let object = Object.getPrototypeOf(globalThis); object !== null; object = Object.getPrototypeOf(object)) {
    const found = Object.getOwnPropertyDescriptor(object, name);
    if (found !== undefined) return { ...found };
  }
  return undefined;
}
