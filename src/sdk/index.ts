/**
 * The start of the SDK: a client that starts workflows and waits for their results. A caller is a gateway of its own and brings the
 * gateway's token (FACTORY_GATEWAY_KEY); the typed `defineWorkflow` comes with the definitions written as code.
 */
import { ConvexClient } from "convex/browser";
import { api } from "../../convex/_generated/api.js";
import type { Actor } from "../contract/actor.ts";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import type { RunStatus } from "../contract/run.ts";

export interface ClientOptions {
  /** The backend: CONVEX_URL, or the url of the ready line. */
  url: string;
  /** A fresh token of the gateway for each call. */
  token: () => Promise<string>;
  actor: Actor;
}

export interface RunHandle {
  readonly runId: string;
  status(): Promise<RunStatus>;
  /** Waits for the end, by subscription. Resolves for every end: `error` is set unless it completed. */
  result(): Promise<{ status: "completed" | "failed" | "cancelled"; result: unknown; error: string | null }>;
  cancel(reason?: string): Promise<void>;
}

export interface FactoryClient {
  /** `definition`: a stored workflow's name, or a definition as an object. The same `requestKey` again gives the same run. */
  startWorkflow(options: {
    definition: string | object;
    title?: string;
    input?: Record<string, unknown>;
    requestKey?: string;
  }): Promise<RunHandle>;
  close(): Promise<void>;
}

export function createClient({ url, token, actor }: ClientOptions): FactoryClient {
  const client = new ConvexClient(url, {
    skipConvexDeploymentUrlCheck: true,
    unsavedChangesWarning: false,
    logger: false,
  });
  client.setAuth(token);
  const call = async <T>(promise: Promise<T>): Promise<T> => {
    try {
      return await promise;
    } catch (thrown) {
      throw asFactoryError(thrown);
    }
  };
  const handle = (runId: string): RunHandle => ({
    runId,
    status: async () => (await call(client.query(api.runs.get, { runId })))?.status ?? gone(runId),
    result: () =>
      new Promise((resolve, reject) => {
        const stop = client.onUpdate(
          api.runs.get,
          { runId },
          (run) => {
            if (run === null) return gone(runId);
            if (run.endedAt === null || run.status === "running" || run.status === "waiting") return;
            stop();
            resolve({ status: run.status, result: JSON.parse(run.result) as unknown, error: run.error });
          },
          (error) => {
            stop();
            reject(asFactoryError(error));
          },
        );
      }),
    async cancel(reason) {
      await call(client.mutation(api.runs.cancel, { actor, runId, reason: reason ?? null }));
    },
  });
  return {
    async startWorkflow({ definition, title, input = {}, requestKey }) {
      const run = await call(
        client.mutation(api.runs.start, {
          actor,
          workflow: typeof definition === "string" ? definition : null,
          definition:
            typeof definition === "string" ? null : { source: JSON.stringify(definition), file: "definition.json" },
          input: JSON.stringify(input),
          title: title ?? null,
          origin: null,
          requestKey: requestKey ?? crypto.randomUUID(),
        }),
      );
      return handle(run.runId);
    },
    close: () => client.close(),
  };
}

function gone(runId: string): never {
  throw new FactoryError("not_found", `there is no run ${runId}`, { field: "runId" });
}

function asFactoryError(thrown: unknown): FactoryError {
  const { code, message, remedy, field, retryable } = toErrorInfo(thrown);
  return new FactoryError(code, message, {
    retryable,
    cause: thrown,
    ...(remedy === null ? {} : { remedy }),
    ...(field === null ? {} : { field }),
  });
}
