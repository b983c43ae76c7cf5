/** Keeps one worker running: starts it, looks whether it still turns, starts it again, stops it. */
import type { Worker } from "node:worker_threads";
import type { FromWorker, ToWorker, WorkerInput } from "./messages.ts";
import { type HostLogEntry, HostStartError } from "./options.ts";
import { type Suspect, withSuspect } from "./suspects.ts";
import { HostThread, type ThreadOptions } from "./thread.ts";
import { Watchdog } from "./watchdog.ts";

export interface SupervisorOptions {
  thread: ThreadOptions;
  /** The first one, when it has been begun already. */
  begun: HostThread | null;
  input: Omit<WorkerInput, "suspects">;
  hangTimeoutMs: number;
  progress(text: string): void;
  log(entry: HostLogEntry): void;
}

/** More restarts than this within a minute: something is broken for good. Restarts because of what a function did do not count. */
const RESTARTS_PER_MINUTE = 5;
/** What a stop may take beyond the limit it was given: closing files, a last checkpoint. */
const STOP_GRACE_MS = 2_000;

/**
 * A worker that ends or hangs is replaced on the same port: SQLite rolls back what was open, and what may run once or must run is
 * decided by the database. Clients reconnect by themselves. The call whose code was running is refused from then on (suspects.ts).
 */
export class Supervisor {
  readonly exited: Promise<{ error?: Error }>;
  readonly #options: SupervisorOptions;
  #resolveExited!: (result: { error?: Error }) => void;
  #worker: Worker | undefined;
  #begun: HostThread | null;
  #stopping: Promise<void> | undefined;
  #restarts: number[] = [];
  #suspects: Suspect[] = [];

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#begun = options.begun;
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
    const { input, thread: setup, hangTimeoutMs, log, progress } = this.#options;
    const thread = this.#begun ?? new HostThread(setup);
    this.#begun = null;
    const { worker, board } = thread;
    this.#worker = worker;
    let ready = false;
    let failure: HostStartError | undefined;
    /** The host itself is sound; it was ended because of what a function did. */
    let isFunctionsDoing = false;
    const started = Promise.withResolvers<{ url: string; siteUrl: string }>();
    const watchdog = new Watchdog({
      beats: () => board.beats,
      hangTimeoutMs,
      memoryBytes: setup.memoryMb * 1024 * 1024,
      onTrouble: (reason) => {
        failure ??= new HostStartError(`A function ${reason}.`, "unknown");
        isFunctionsDoing = true;
        void worker.terminate();
      },
    });
    worker.on("message", (message: FromWorker) => {
      if (message.type === "log") log(message.entry);
      else if (message.type === "progress") progress(message.text);
      else if (message.type === "failed") failure = new HostStartError(message.message, message.code, message.port);
      else if (message.type === "ready") {
        ready = true;
        watchdog.ready();
        started.resolve(message);
      }
    });
    void thread.ended.then((end) => {
      watchdog.stop();
      isFunctionsDoing ||= end.isMemory;
      const reason = failure ?? end.failure;
      if (!ready) started.reject(reason);
      else if (this.#stopping === undefined) {
        if (!isFunctionsDoing) this.#restarts.push(Date.now());
        void this.#restart(reason, isFunctionsDoing ? board.noted : null);
      }
    });
    thread.start({ ...input, suspects: this.#suspects });
    return started.promise;
  }

  async #restart(reason: Error, suspect: string | null): Promise<void> {
    const now = Date.now();
    if (suspect !== null) {
      const told = `This call was ended together with the host's worker and is not tried again. ${reason.message}`;
      this.#suspects = withSuspect(this.#suspects, suspect, told, now);
    }
    this.#restarts = this.#restarts.filter((at) => now - at < 60_000);
    if (this.#restarts.length > RESTARTS_PER_MINUTE) {
      this.#resolveExited({ error: new Error(`The host was restarted too often. Last: ${reason.message}`) });
      return;
    }
    const who = suspect === null ? "" : ` It is refused from now on: ${suspect.slice(0, 200)}`;
    this.#options.log({
      level: "error",
      text: `The host is started again, its unfinished work is undone: ${reason.message}${who}`,
    });
    try {
      await this.#spawn();
      this.#options.log({ level: "info", text: "The host answers again." });
    } catch (error) {
      if (this.#stopping !== undefined) return;
      // The port may still be held for a moment by what was terminated.
      await new Promise((resolve) => setTimeout(resolve, 250));
      this.#restarts.push(Date.now());
      if (this.#stopping === undefined) await this.#restart(error as Error, null);
    }
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
