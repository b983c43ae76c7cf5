/**
 * The worker thread: everything of the host, so that a function that loops or breaks a shared class of Node does not touch the
 * main thread. Loaded by worker.mjs.
 */
import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { type Backend, startBackend } from "./backend.ts";
import { bundleApp } from "./bundle/app.ts";
import { calls } from "./executor/call.ts";
import { compileAhead } from "./executor/compiled.ts";
import { type FromWorker, HEARTBEAT_MS, type ThreadSetup, type ToWorker, type WorkerInput } from "./messages.ts";
import type { HostLogEntry } from "./options.ts";
import { startFailure } from "./start_failure.ts";
import { Board, refusalBy } from "./suspects.ts";
import { watchSources } from "./watch.ts";

const port = parentPort!;
const setup = workerData as ThreadSetup;
const send = (message: FromWorker) => port.postMessage(message);
const log = (entry: HostLogEntry) => send({ type: "log", entry });

// A promise that application code forgot must not end the process.
process.on("unhandledRejection", (reason) => {
  const text = `Unhandled rejection: ${describe(reason)}`;
  const call = calls.getStore();
  if (call === undefined) log({ level: "error", text });
  else call.execution.log("error", text);
});
process.on("uncaughtException", (error) => log({ level: "error", text: `Uncaught exception: ${describe(error)}` }));

const board = new Board(setup.board);
setInterval(() => board.beat(), HEARTBEAT_MS);

// Begun before the input is there: it needs neither data nor ports. What is wrong with it is told when the start needs it.
const app = bundleApp(setup.functionsDir, setup.cacheDir).then((bundled) => {
  compileAhead(bundled);
  return bundled;
});
app.catch(() => {});

let backend: Backend | undefined;
let stopWatching = () => {};
port.on(
  "message",
  (message: ToWorker) => void (message.type === "start" ? start(message.input) : stop(message.timeoutMs)),
);

async function start(input: WorkerInput): Promise<void> {
  try {
    backend = await startBackend({
      ...input,
      ...setup,
      app,
      log,
      running: (key) => board.note(key),
      refusal: refusalBy(input.suspects),
      progress(text) {
        // A long start is no hang.
        board.beat();
        if (text !== null) send({ type: "progress", text });
      },
    });
    if (input.watch) stopWatching = watchSources(backend, log);
    send({ type: "ready", url: backend.url, siteUrl: backend.siteUrl });
    // Node would write it at the exit, which a killed process never reaches.
    setTimeout(flushCompileCache, 3_000).unref();
  } catch (error) {
    send({ type: "failed", ...startFailure(error, input.host, input.port) });
    process.exit(1);
  }
}

async function stop(timeoutMs: number): Promise<void> {
  stopWatching();
  try {
    await backend?.stop(timeoutMs);
  } catch (error) {
    log({ level: "error", text: `Stopping failed: ${describe(error)}` });
  }
  send({ type: "stopped" });
  process.exit(0);
}

function describe(error: unknown): string {
  const { stack, message } = (typeof error === "object" && error !== null ? error : {}) as Partial<Error>;
  return stack ?? message ?? String(error);
}
