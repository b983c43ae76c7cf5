/** Keeps one worker running: starts it, looks whether it still turns, starts it again, stops it. */
import { Worker } from "node:worker_threads";
import { type FromWorker, HEARTBEAT_MS, type ToWorker, type WorkerInput } from "./messages.ts";
import { type HostLogEntry, HostStartError } from "./options.ts";

export interface SupervisorOptions {
  input: Omit<WorkerInput, "heartbeat">;
  hangTimeoutMs: number;
  log(entry: HostLogEntry): void;
}

/** More restarts than this within a minute: something is broken for good. */
const RESTARTS_PER_MINUTE = 5;
/** What a stop may take beyond the limit it was given: closing files, a last checkpoint. */
const STOP_GRACE_MS = 2_000;

/**
 * A worker that ends or hangs is replaced on the same port: SQLite rolls back what was open, and what may run once or must run is
 * decided by the database. Clients reconnect by themselves.
 */
export class Supervisor {
  readonly exited: Promise<{ error?: Error }>;
  readonly #options: SupervisorOptions;
  #resolveExited!: (result: { error?: Error }) => void;
  #worker: Worker | undefined;
  #stopping: Promise<void> | undefined;
  #restarts: number[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
  }

  /** Rejects with HostStartError when the first start fails. */
  async start(): Promise<{ url: string; siteUrl: string }> {
    return this.#spawn();
  }

  stop(timeoutMs: number): Promise<void> {
    this.#stopping ??= this.#stop(timeoutMs);
    return this.#stopping;
  }

  #spawn(): Promise<{ url: string; siteUrl: string }> {
    const heartbeat = new SharedArrayBuffer(4);
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { ...this.#options.input, heartbeat } satisfies WorkerInput,
      // The functions get what the options say; nothing of this process's environment is their business.
      env: {},
      name: "convex-host",
    });
    this.#worker = worker;
    let ready = false;
    let failure: HostStartError | undefined;
    const started = Promise.withResolvers<{ url: string; siteUrl: string }>();
    worker.on("message", (message: FromWorker) => {
      if (message.type === "log") this.#options.log(message.entry);
      else if (message.type === "failed") failure = new HostStartError(message.message, message.code, message.port);
      else if (message.type === "ready") {
        ready = true;
        started.resolve(message);
      }
    });
    worker.on("error", (error) => {
      failure ??= new HostStartError(
        error instanceof Error ? (error.stack ?? error.message) : String(error),
        "unknown",
      );
    });
    const watch = this.#watchHeartbeat(worker, heartbeat);
    worker.on("exit", (code) => {
      clearInterval(watch);
      const reason = failure ?? new HostStartError(`The host's worker ended with code ${code}.`, "unknown");
      if (!ready) started.reject(reason);
      else if (this.#stopping === undefined) void this.#restart(reason);
    });
    return started.promise;
  }

  async #restart(reason: Error): Promise<void> {
    const now = Date.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < 60_000), now];
    if (this.#restarts.length > RESTARTS_PER_MINUTE) {
      this.#resolveExited({ error: new Error(`The host was restarted too often. Last: ${reason.message}`) });
      return;
    }
    this.#options.log({ level: "error", text: `The host is started again: ${reason.message}` });
    try {
      await this.#spawn();
      this.#options.log({ level: "info", text: "The host answers again." });
    } catch (error) {
      if (this.#stopping !== undefined) return;
      // The port may still be held for a moment by what was terminated.
      await new Promise((resolve) => setTimeout(resolve, 250));
      if (this.#stopping === undefined) await this.#restart(error as Error);
    }
  }

  /** Counts what it sees itself, so that a machine that slept is not mistaken for a worker that hangs. */
  #watchHeartbeat(worker: Worker, heartbeat: SharedArrayBuffer): NodeJS.Timeout {
    const beats = new Int32Array(heartbeat);
    let seen = Atomics.load(beats, 0);
    let missedMs = 0;
    const timer = setInterval(() => {
      const now = Atomics.load(beats, 0);
      missedMs = now === seen ? missedMs + HEARTBEAT_MS : 0;
      seen = now;
      if (missedMs < this.#options.hangTimeoutMs) return;
      missedMs = 0;
      this.#options.log({
        level: "error",
        text: `The host did not answer for ${this.#options.hangTimeoutMs} ms: a function loops. Its work is rolled back.`,
      });
      void worker.terminate();
    }, HEARTBEAT_MS);
    timer.unref();
    return timer;
  }

  async #stop(timeoutMs: number): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined && worker.threadId !== -1) {
      const ended = new Promise((resolve) => worker.once("exit", resolve));
      worker.postMessage({ type: "stop", timeoutMs } satisfies ToWorker);
      const limit = setTimeout(() => void worker.terminate(), timeoutMs + STOP_GRACE_MS);
      await ended;
      clearTimeout(limit);
    }
    this.#resolveExited({});
  }
}
