/**
 * Starts workflows and waits for their results, over the same wire as everybody else. A client acts as the operator of this machine
 * (recorded as channel `sdk`), so it has to hold the gateway's key: by FACTORY_GATEWAY_KEY or the bot's data folder.
 */
import { attach } from "../bot/attach.ts";
import { type Backend, connectBackend, functions } from "../bot/backend.ts";
import { environment, readConfig } from "../bot/config.ts";
import type { WireRun } from "../bot/functions.ts";
import { osUser } from "../bot/os_user.ts";
import type { Actor } from "../contract/actor.ts";
import { FactoryError } from "../contract/errors.ts";
import type { RunStatus } from "../contract/run.ts";

export interface ClientOptions {
  /** The backend; with `token`. Absent: CONVEX_URL, else the bot that runs on FACTORY_DATA_DIR. */
  url?: string;
  /** A fresh token of the gateway for each connection. */
  token?: () => Promise<string>;
  /** For whom runs are started. Absent: the operator. */
  actor?: Actor;
}

export interface RunResult {
  status: "completed" | "failed" | "cancelled";
  /** Of the end node that was reached; null unless it declares one. */
  result: unknown;
  /** Why it failed; null unless it did. */
  error: string | null;
}

export interface RunHandle {
  readonly runId: string;
  status(): Promise<RunStatus>;
  /** Waits for the end, by subscription, through restarts of the bot. Resolves for every end. */
  result(): Promise<RunResult>;
  /** Throws `conflict` when the run is over already. */
  cancel(reason?: string): Promise<void>;
}

export interface StartOptions {
  /** A stored workflow's name, or a definition: of `defineWorkflow`, or any object in one of the notations. */
  definition: string | object;
  title?: string;
  input?: Record<string, unknown>;
  /** By role: the role file that does it in this run. */
  agents?: Record<string, string>;
  /** The same key again gives the same run. */
  requestKey?: string;
}

export interface FactoryClient {
  startWorkflow(options: StartOptions): Promise<RunHandle>;
  /** A run that was started elsewhere or before. */
  run(runId: string): RunHandle;
  close(): Promise<void>;
}

/** Connects when it is first used. */
export function createClient(options: ClientOptions = {}): FactoryClient {
  const actor: Actor = options.actor ?? { kind: "operator", osUser: osUser(), as: null, channel: "sdk" };
  let connecting: Promise<Backend> | null = null;
  const backend = () => {
    connecting ??= connectTo(options);
    return connecting;
  };
  const handle = (runId: string): RunHandle => ({
    runId,
    status: async () => (await runOf(await backend(), runId)).status,
    result: async () => await ending(await backend(), runId),
    async cancel(reason) {
      const why = reason === undefined ? {} : { reason };
      await (await backend()).mutation(functions.runs.cancel, { actor, runId, ...why });
    },
  });
  return {
    async startWorkflow({ definition, title, input = {}, agents, requestKey }) {
      const named = typeof definition === "string";
      const run = await (await backend()).mutation(functions.runs.start, {
        actor,
        workflow: named ? definition : null,
        definition: named ? null : { source: JSON.stringify(definition), file: "definition.json" },
        input: JSON.stringify(input),
        origin: null,
        // The client may have to send the call again; it is still one run.
        requestKey: requestKey ?? crypto.randomUUID(),
        ...(title === undefined ? {} : { title }),
        ...(agents === undefined ? {} : { agents }),
      });
      return handle(run.runId);
    },
    run: handle,
    async close() {
      // A connection that failed has nothing to close.
      await connecting?.then((open) => open.close()).catch(() => {});
    },
  };
}

async function connectTo({ url, token }: ClientOptions): Promise<Backend> {
  if (url !== undefined && token !== undefined) return connectBackend({ url, token, timeoutMs: null });
  return await attach(readConfig({ ...environment(), ...(url === undefined ? {} : { CONVEX_URL: url }) }));
}

async function runOf(backend: Backend, runId: string): Promise<WireRun> {
  return (await backend.query(functions.runs.get, { runId })) ?? gone(runId);
}

function ending(backend: Backend, runId: string): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const stop = backend.onUpdate(
    functions.runs.get,
    { runId },
    (run) => {
      if (run === null) return reject(unknown(runId));
      const { status, result, error } = run;
      if (status === "running" || status === "waiting") return;
      resolve({ status, result: JSON.parse(result) as unknown, error });
    },
    reject,
  );
  return promise.finally(() => stop());
}

const unknown = (runId: string) => new FactoryError("not_found", `there is no run ${runId}`, { field: "runId" });

function gone(runId: string): never {
  throw unknown(runId);
}
