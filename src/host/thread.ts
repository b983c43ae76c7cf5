/** The worker thread from its birth. It loads the host and reads the bundle at once; data and ports wait for its input. */
import { resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { functionsDir } from "./bundle/functions_dir.ts";
import type { ThreadSetup, ToWorker, WorkerInput } from "./messages.ts";
import { type HostOptions, HostStartError } from "./options.ts";
import { Board } from "./suspects.ts";

export interface ThreadOptions extends Omit<ThreadSetup, "board"> {
  memoryMb: number;
}

/** V8 ends the whole process when a single operation passes its limit, so the watchdog's limit must come long before. */
const HEAP_LIMIT_FACTOR = 4;
/**
 * Twice V8's own. A call's objects die young if they are given the time: with 48 a thousand calls under load left twice as much memory
 * behind, for the slow collector, and took a tenth longer.
 */
const YOUNG_GENERATION_MB = 96;

export class HostThread {
  readonly worker: Worker;
  readonly board: Board;
  /** How it ended, whatever the reason. Never rejects. */
  readonly ended: Promise<{ failure: HostStartError; isMemory: boolean }>;
  #error: { failure: HostStartError; isMemory: boolean } | undefined;

  /** Holds no process open until it is started. */
  constructor({ functionsDir, cacheDir, memoryMb }: ThreadOptions) {
    this.board = new Board();
    this.worker = new Worker(new URL("./worker.mjs", import.meta.url), {
      workerData: { functionsDir, cacheDir, board: this.board.buffer } satisfies ThreadSetup,
      // The functions get what the options say; nothing of this process's environment is their business.
      env: {},
      name: "convex-host",
      resourceLimits: {
        maxOldGenerationSizeMb: memoryMb * HEAP_LIMIT_FACTOR,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      },
    });
    this.worker.unref();
    this.worker.on("error", (error) => {
      const isMemory = (error as { code?: string }).code === "ERR_WORKER_OUT_OF_MEMORY";
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#error ??= {
        failure: new HostStartError(isMemory ? "A function filled the memory." : text, "unknown"),
        isMemory,
      };
    });
    this.ended = new Promise((resolve) => {
      this.worker.on("exit", (code) => {
        const failure = new HostStartError(`The host's worker ended with code ${code}.`, "unknown");
        resolve(this.#error ?? { failure, isMemory: false });
      });
    });
  }

  /** Ends it, when it is not to be started after all. */
  discard(): void {
    void this.worker.terminate();
  }

  /** Once. */
  start(input: WorkerInput): void {
    this.worker.ref();
    this.worker.postMessage({ type: "start", input } satisfies ToWorker);
  }
}

/** What a host can begin with before its data folder, ports and environment are known. */
export type HostPreparation = Pick<HostOptions, "appDir" | "memoryMb"> & { cacheDir: string };

/** Begins to load the host's thread and the bundle, beside whatever the caller does meanwhile. For one `startHost` with the same options. */
export const prepareHost = (options: HostPreparation): HostThread => new HostThread(threadOptions(options));

export function threadOptions({ appDir, cacheDir, memoryMb = 1_024 }: HostPreparation): ThreadOptions {
  return { functionsDir: functionsDir(resolve(appDir)), cacheDir: resolve(cacheDir), memoryMb };
}
