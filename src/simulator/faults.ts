/**
 * Faults by order: "the next two chat.postMessage", "every message event to #eng". One book for every simulator; what a platform
 * does with a fault is its own affair. Orders are looked through in the order they were given; the first that fits is used up.
 *
 * A target is what the platform's own simulator documents: a method's name for calls that come in, `event:TYPE` for what goes out,
 * `*` at the end fits any rest.
 */
export type Fault =
  /** Calls: the connection breaks before anything is done. Events: this attempt never arrives; the platform's retries follow. */
  | { kind: "drop" }
  /** Events: never arrives and is never retried. */
  | { kind: "lose" }
  /** Done late; by the simulator's clock. */
  | { kind: "delay"; delayMs: number }
  /** Events: arrives twice, with `newId` under two ids. Calls: done twice, as a proxy that repeats a request would. */
  | { kind: "duplicate"; newId?: boolean }
  /** Calls: this status instead of doing it. */
  | { kind: "status"; status: number }
  /** Calls: done, but the caller gets this status. */
  | { kind: "status_after_success"; status: number }
  /** Calls: done, but the connection breaks before the answer. */
  | { kind: "drop_after_success" }
  /** Calls: 429 without doing it. */
  | { kind: "rate_limit"; retryAfterS: number }
  /** Calls: the platform's own error code without doing it. */
  | { kind: "error"; error: string }
  /** The connection that carries events is cut at this moment (for events: just after this one was sent). */
  | { kind: "disconnect" };

export interface FaultOrder {
  on: string;
  fault: Fault;
  /** How often; default once. `Infinity` (as JSON: 0) until cleared. */
  times?: number;
  /** Left alone at first. */
  skip?: number;
  /** Only where these fields of the call or event are the same. */
  where?: Record<string, unknown>;
}

export interface Faults {
  order(order: FaultOrder): void;
  /** What is to happen to this call or event; null: nothing. Counts as used. */
  take(target: string, fields?: Record<string, unknown>): Fault | null;
  /** Orders not used up. */
  open(): FaultOrder[];
  clear(): void;
}

export function createFaults(): Faults {
  let orders: (Required<FaultOrder> & { left: number })[] = [];
  const fits = (order: Required<FaultOrder>, target: string, fields: Record<string, unknown>) =>
    (order.on.endsWith("*") ? target.startsWith(order.on.slice(0, -1)) : order.on === target) &&
    Object.entries(order.where).every(([name, value]) => fields[name] === value);
  return {
    order({ on, fault, times = 1, skip = 0, where = {} }) {
      const most = times === 0 ? Number.POSITIVE_INFINITY : times;
      orders.push({ on, fault, times: most, skip, where, left: most });
    },
    take(target, fields = {}) {
      const order = orders.find((candidate) => fits(candidate, target, fields));
      if (order === undefined) return null;
      if (order.skip > 0) {
        order.skip--;
        return null;
      }
      order.left--;
      if (order.left <= 0) orders = orders.filter((other) => other !== order);
      return order.fault;
    },
    open: () => orders.map(({ on, fault, left, skip, where }) => ({ on, fault, times: left, skip, where })),
    clear() {
      orders = [];
    },
  };
}
