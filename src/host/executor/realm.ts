/**
 * What runs *inside* of a fresh vm context before any application code. `installRealm` is turned into text and evaluated there, so it
 * may use nothing from this module's scope, and every literal, class and error it makes belongs to the context.
 */

/** What the context may ask of the host. Each answers for the running call (found by AsyncLocalStorage), not for the context. */
export interface RealmBridge {
  /** Milliseconds since 1970; frozen in queries and mutations. */
  now(): number;
  syscall(op: string, args: string): string;
  asyncSyscall(op: string, args: string): string | Promise<string>;
  jsSyscall(op: string, args: Record<string, unknown>): Promise<unknown>;
  console: Record<string, (...args: unknown[]) => void>;
  /** Throws unless an action runs. */
  requireAction(what: string): void;
  fetch: typeof fetch;
  setTimer(callback: () => void, delayMs: number, repeat: boolean): number;
  clearTimer(id: number): void;
  /** Is it an error the host itself threw, of the class with this name or one below it? */
  isHostError(value: unknown, name: string): boolean;
  /** JSON text of the component's environment. */
  env: string;
  /** Classes and functions of the host that the context shares. */
  shared: Record<string, unknown>;
}

export interface RealmControl {
  /** What modules change while they are loaded (polyfills, registries) is how the context is meant to be. */
  accept(): void;
  /** Repairs what may be repaired. Names the global that a function left changed, so that the context must not be used again. */
  changed(): string | null;
  /** Makes a host's request `instanceof Request` here. */
  adoptRequest(request: Request): Request;
}

/** What `convex/server` calls the host by; defined below. */
declare const Convex: unknown;

export function installRealm(bridge: RealmBridge): RealmControl {
  type Constructor = new (...args: unknown[]) => object;
  const realm = globalThis as unknown as Record<string, unknown>;
  const define = (name: string, value: unknown) =>
    // Writable and configurable: libraries replace globals for a while (the workflow component does).
    Object.defineProperty(realm, name, { value, writable: true, configurable: true, enumerable: false });
  for (const name of Object.keys(bridge.shared)) define(name, bridge.shared[name]);

  // Errors of the host (`new URL("::")`, `fetch`) must pass `instanceof Error` here too. Sharing Error itself would break
  // the errors that V8 throws.
  for (const name of ["Error", "TypeError", "RangeError", "SyntaxError"]) {
    const base = realm[name] as Constructor;
    const inherited = Function.prototype[Symbol.hasInstance];
    Object.defineProperty(base, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        return inherited.call(this as never, value) || (this === base && bridge.isHostError(value, name));
      },
    });
  }

  // A proxy, not a subclass: `Date()` without `new` returns a string.
  const RealDate = Date;
  const DateProxy = new Proxy(RealDate, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length > 0 ? args : [bridge.now()], newTarget) as object,
    apply: () => new RealDate(bridge.now()).toString(),
    get: (target, key, receiver) => (key === "now" ? bridge.now : Reflect.get(target, key, receiver)),
  });
  RealDate.prototype.constructor = DateProxy;
  define("Date", DateProxy);
  const started = bridge.now();
  define("performance", { timeOrigin: started, now: () => bridge.now() - started, mark() {}, measure() {} });

  define("console", { ...bridge.console });
  define("process", { env: JSON.parse(bridge.env) });
  define("Convex", {
    syscall: bridge.syscall,
    asyncSyscall: bridge.asyncSyscall,
    jsSyscall: bridge.jsSyscall,
  });
  define("global", realm);
  define("self", realm);

  // What `json()` returns must be made of this context's Object and Array.
  class RealmResponse extends (bridge.shared.Response as typeof Response) {
    static override json(data: unknown, init?: ResponseInit): Response {
      const headers = new Headers(init?.headers);
      if (!headers.has("content-type")) headers.set("content-type", "application/json");
      return new RealmResponse(JSON.stringify(data), { ...init, headers });
    }
    // biome-ignore lint/suspicious/noExplicitAny: the standard's own type
    override async json(): Promise<any> {
      return JSON.parse(await this.text());
    }
    override clone(): Response {
      return Object.setPrototypeOf(super.clone(), RealmResponse.prototype);
    }
  }
  class RealmRequest extends (bridge.shared.Request as typeof Request) {
    // biome-ignore lint/suspicious/noExplicitAny: the standard's own type
    override async json(): Promise<any> {
      return JSON.parse(await this.text());
    }
    override clone(): Request {
      return Object.setPrototypeOf(super.clone(), RealmRequest.prototype);
    }
  }
  Object.defineProperty(RealmResponse, "name", { value: "Response" });
  Object.defineProperty(RealmRequest, "name", { value: "Request" });
  define("Response", RealmResponse);
  define("Request", RealmRequest);
  define("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    bridge.requireAction("fetch()");
    return Object.setPrototypeOf(await bridge.fetch(input, init), RealmResponse.prototype);
  });

  // Ids are numbers, as on the web; Node's are objects.
  const timer =
    (what: string, repeat: boolean) =>
    (callback: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]) => {
      bridge.requireAction(what);
      return bridge.setTimer(() => callback(...args), Number(delayMs) || 0, repeat);
    };
  const clear = (id: unknown) => {
    if (typeof id === "number") bridge.clearTimer(id);
  };
  define("setTimeout", timer("setTimeout", false));
  define("setInterval", timer("setInterval", true));
  define("clearTimeout", clear);
  define("clearInterval", clear);

  const hostClone = bridge.shared.structuredClone as (value: unknown, options?: unknown) => unknown;
  define("structuredClone", (value: unknown, options?: unknown) => adopt(hostClone(value, options), new Map()));

  /** The host's clone is made of the host's classes; rebuilds it from this context's. */
  function adopt(value: unknown, seen: Map<unknown, unknown>): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const remember = <T>(copy: T): T => {
      seen.set(value, copy);
      return copy;
    };
    switch (Object.prototype.toString.call(value)) {
      case "[object Array]": {
        const copy = remember([] as unknown[]);
        for (const item of value as unknown[]) copy.push(adopt(item, seen));
        return copy;
      }
      case "[object Object]": {
        const copy = remember({} as Record<string, unknown>);
        for (const [key, item] of Object.entries(value)) {
          Object.defineProperty(copy, key, {
            value: adopt(item, seen),
            writable: true,
            enumerable: true,
            configurable: true,
          });
        }
        return copy;
      }
      case "[object Map]": {
        const copy = remember(new Map());
        for (const [key, item] of value as Map<unknown, unknown>) copy.set(adopt(key, seen), adopt(item, seen));
        return copy;
      }
      case "[object Set]": {
        const copy = remember(new Set());
        for (const item of value as Set<unknown>) copy.add(adopt(item, seen));
        return copy;
      }
      case "[object Date]":
        return remember(new RealDate((value as Date).getTime()));
      case "[object RegExp]":
        return remember(new RegExp((value as RegExp).source, (value as RegExp).flags));
      default:
        return value;
    }
  }

  const critical = (
    "Math Date console process crypto Crypto CryptoKey SubtleCrypto Convex " +
    "fetch setTimeout setInterval Promise Object Array JSON Error Math.random JSON.parse"
  ).split(" ");
  // By name, not `realm[name]`: this is asked after every call, and V8 finds a named global several times faster.
  const look = (): unknown[] => [
    ...[Math, Date, console, process, crypto, Crypto, CryptoKey, SubtleCrypto, Convex],
    ...[fetch, setTimeout, setInterval, Promise, Object, Array, JSON, Error, Math.random, JSON.parse],
  ];
  const countGlobals = () => Object.keys(realm).length;
  let baseline = look();
  let globals = countGlobals();
  let looks = 0;
  return {
    adoptRequest: (request) => Object.setPrototypeOf(request, RealmRequest.prototype),
    accept() {
      baseline = look();
      globals = countGlobals();
    },
    changed() {
      // The workflow component's Date (0.4.8) shares this prototype and leaves its own constructor on it.
      if (RealDate.prototype.constructor !== DateProxy) RealDate.prototype.constructor = DateProxy;
      try {
        const now = look();
        for (let i = 0; i < now.length; i++) if (now[i] !== baseline[i]) return critical[i]!;
      } catch {
        return "a global, by removing it,";
      }
      // Some libraries note a thing or two at their first use; a collection that grows with each call is something else.
      if (++looks % 16 !== 0) return null;
      return countGlobals() > globals + 32 ? "the number of globals" : null;
    },
  };
}
