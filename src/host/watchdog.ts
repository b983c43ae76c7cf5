/** Looks from the main thread whether the worker still turns, and whether a function fills the memory. */
import { HEARTBEAT_MS } from "./messages.ts";

export interface WatchdogOptions {
  /** Counted up by the worker. */
  beats(): number;
  hangTimeoutMs: number;
  /** What the process may grow by after the worker is ready. */
  memoryBytes: number;
  /** Of the process; a worker's own figures say nothing of its buffers. Default: as the system says. */
  rss?: () => number;
  /** Called once: it should be ended. `reason` is for the caller whose function it was. */
  onTrouble(reason: string): void;
}

/** While memory grows or the worker is busy: a loop can fill half a gigabyte in a second. */
const CLOSE_LOOK_MS = 50;

export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #rss: () => number;
  readonly #timer: NodeJS.Timeout;
  #closeLook: NodeJS.Timeout | undefined;
  #seen: number;
  #missedMs = 0;
  /** Of the process when the worker was ready; null until then. */
  #baseline: number | null = null;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#rss = options.rss ?? (() => process.memoryUsage.rss());
    this.#seen = options.beats();
    this.#timer = setInterval(() => this.#look(), HEARTBEAT_MS);
    this.#timer.unref();
  }

  /** The worker has loaded everything; what comes now is the functions' doing. */
  ready(): void {
    this.#baseline = this.#rss();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearInterval(this.#closeLook);
    this.#closeLook = undefined;
  }

  /** Counts what it sees itself, so that a machine that slept is not mistaken for a worker that hangs. */
  #look(): void {
    const now = this.#options.beats();
    this.#missedMs = now === this.#seen ? this.#missedMs + HEARTBEAT_MS : 0;
    this.#seen = now;
    const { hangTimeoutMs } = this.#options;
    if (this.#missedMs >= hangTimeoutMs) {
      this.#trouble(`did not return the thread for ${hangTimeoutMs / 1000} s (an endless loop?)`);
      return;
    }
    const grown = this.#checkMemory();
    if (this.#missedMs === 0 && grown < this.#options.memoryBytes / 2) {
      clearInterval(this.#closeLook);
      this.#closeLook = undefined;
    } else if (this.#closeLook === undefined && this.#baseline !== null) {
      this.#closeLook = setInterval(() => this.#checkMemory(), CLOSE_LOOK_MS);
      this.#closeLook.unref();
    }
  }

  #checkMemory(): number {
    if (this.#baseline === null) return 0;
    const grown = this.#rss() - this.#baseline;
    const { memoryBytes } = this.#options;
    if (grown > memoryBytes) this.#trouble(`filled more than ${Math.round(memoryBytes / (1 << 20))} MiB of memory`);
    return grown;
  }

  #trouble(reason: string): void {
    this.stop();
    this.#options.onTrouble(reason);
  }
}
