/**
 * Which call is to blame when the worker had to be ended. The worker notes in shared memory whose code it is about to run; after the
 * end the main thread reads it, and the next worker refuses that call instead of running it again: a client that asks again after its
 * reconnect, a scheduled mutation that is still pending, or a subscribed query would otherwise end one worker after the other.
 *
 * What is noted is where code went on last (a call's beginning, or the answer to one of its syscalls), so with actions under way
 * beside a mutation the wrong one may be blamed. It gets an error for something that was not done, never a wrong result.
 */

export interface Suspect {
  /** `mutation …`, `scheduled …` or `query …`; see the functions below. */
  key: string;
  /** For the caller: what happened. */
  reason: string;
  /** ms since 1970; later it may be tried again. null: never. */
  until: number | null;
}

/** A query is asked again by its subscribers: data or code may have changed by then. */
const QUERY_REFUSED_MS = 5 * 60_000;
/** More are forgotten, oldest first. */
const MOST_SUSPECTS = 1_000;

export const sessionKey = (sessionId: string, requestId: number): string => `mutation ${sessionId} ${requestId}`;
export const scheduledKey = (id: string): string => `scheduled ${id}`;
export const queryKey = (path: string, args: string): string => `query ${path} ${args.slice(0, 2_000)} ${args.length}`;

/** `known` and one more; without what has run out. */
export function withSuspect(known: Suspect[], key: string, reason: string, now: number): Suspect[] {
  const until = key.startsWith("query ") ? now + QUERY_REFUSED_MS : null;
  const others = known.filter((one) => one.key !== key && (one.until === null || one.until > now));
  return [...others, { key, reason, until }].slice(-MOST_SUSPECTS);
}

/** Why a call with this key is refused; null: it is not. */
export function refusalBy(suspects: Suspect[]): (key: string, now: number) => string | null {
  const byKey = new Map(suspects.map((suspect) => [suspect.key, suspect]));
  return (key, now) => {
    // Nearly always: nothing was ever blamed.
    const found = byKey.size === 0 ? undefined : byKey.get(key);
    return found === undefined || (found.until !== null && found.until <= now) ? null : found.reason;
  };
}

/** Shared memory: a heartbeat and the key of the call whose code runs. */
export class Board {
  readonly buffer: SharedArrayBuffer;
  /** Heartbeats; bytes of the key. */
  readonly #numbers: Int32Array;
  readonly #text: Buffer;

  constructor(buffer = new SharedArrayBuffer(8 + 4096)) {
    this.buffer = buffer;
    this.#numbers = new Int32Array(buffer, 0, 2);
    this.#text = Buffer.from(buffer as unknown as ArrayBuffer, 8);
  }

  beat(): void {
    Atomics.add(this.#numbers, 0, 1);
  }
  get beats(): number {
    return Atomics.load(this.#numbers, 0);
  }

  note(key: string | null): void {
    // Empty while it is being written: half a key names nothing.
    Atomics.store(this.#numbers, 1, 0);
    if (key !== null) Atomics.store(this.#numbers, 1, this.#text.write(key));
  }
  get noted(): string | null {
    const length = Atomics.load(this.#numbers, 1);
    return length === 0 ? null : this.#text.toString("utf8", 0, length);
  }
}
