/**
 * Where commands for this machine come from: steps of workflows, and calls of the Factory Worker. Each source says what waits, claims it
 * under a lease, and takes its result; how a command is run, and how often, is `command_runner.ts`.
 */
import { z } from "zod";
import { type CommandResult, commandText, zArgv } from "../contract/command.ts";
import { type ErrorInfo, errorInfo, FactoryError } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import { tailOf } from "./executor/workshop.ts";

export interface Errand {
  /** For the log. */
  what: string;
  /** Of the worktree, and of its branch behind `factory/`. */
  key: string;
  /** A worktree of its own that is not kept; else the task's, which goes on from where it was. */
  fresh: boolean;
  sandbox: string | null;
  argv: readonly string[];
  timeoutMs: number;
  /** Of the commit that keeps what is not committed. */
  message: string;
}

export interface Held {
  /** Throws what is wrong with it before anything is done. */
  errand(): Errand;
  heartbeat(): Promise<{ held: boolean }>;
  done(result: CommandResult): Promise<unknown>;
  failed(error: ErrorInfo): Promise<unknown>;
}

export interface Source {
  /** Calls back with the ids of what waits, whenever that changes. */
  watch(onWaiting: (ids: string[]) => void, onError: (error: ErrorInfo) => void): () => void;
  /** null: somebody else has it, or it is over. */
  claim(id: string): Promise<Held | null>;
}

interface SourceOptions {
  backend: Pick<Backend, "mutation" | "onUpdate">;
  gatewayId: string;
  sandboxes: string[];
}

const STEP_INPUT = z.object({ command: zArgv });
const CALL_INPUT = z.object({
  command: zArgv,
  timeoutMs: z.number().int().positive().optional(),
  task: z.string().regex(/^T\d{1,9}$/),
});
/** Of a worker's command that names none. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;
/** Of a call's time, kept for its worktree and its branch. */
const AROUND_MS = 60_000;

/** Steps with `tool::shell_exec`. One that ended with an error has failed; what it said is the step's error. */
export function createSteps({ backend, gatewayId, sandboxes }: SourceOptions): Source {
  const { machine_work } = functions;
  return {
    watch: (onWaiting, onError) =>
      backend.onUpdate(
        machine_work.ready,
        { sandboxes },
        (rows) => onWaiting(rows.map(({ jobId }) => jobId)),
        (error) => onError(error.info),
      ),
    async claim(id) {
      const job = await backend.mutation(machine_work.claim, { gatewayId, jobId: id as never, sandboxes });
      if (job === null) return null;
      const { jobId, leaseId, runId, nodeId } = job;
      const lease = { jobId, leaseId };
      const failed = (error: ErrorInfo) => backend.mutation(machine_work.fail, { ...lease, error });
      let argv: readonly string[] = [];
      return {
        errand() {
          const example = 'config: { command: ["npm", "test"] }';
          argv = read(
            STEP_INPUT,
            job.args,
            "config",
            `write the program and its arguments as a list: ${example}`,
          ).command;
          return {
            what: `${nodeId} of run ${runId}`,
            // Each attempt has a key of its own.
            key: `run-${job.key}`.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 100),
            fresh: true,
            sandbox: job.sandbox,
            argv,
            timeoutMs: job.timeoutMs,
            message: `${nodeId} of run ${runId}: ${shortText(argv)}`,
          };
        },
        heartbeat: () => backend.mutation(machine_work.heartbeat, lease),
        failed,
        done: (result) =>
          result.exitCode === 0
            ? backend.mutation(machine_work.complete, { ...lease, output: JSON.stringify(result) })
            : failed(
                errorInfo("conflict", `${shortText(argv)} ended with exit code ${result.exitCode}${tailOf(result)}`),
              ),
      };
    },
  };
}

/**
 * `executeCommand` of the Factory Worker, in its task's worktree. An exit code that is not zero is a result as any other. A call that was
 * claimed before is not done again: how far it came is not known, and the worker is told so.
 */
export function createCalls({ backend, gatewayId }: SourceOptions): Source {
  const { outside_work, workers } = functions;
  return {
    watch: (onWaiting, onError) =>
      backend.onUpdate(
        outside_work.ready,
        {},
        (rows) => onWaiting(rows.flatMap(({ callId, toolName }) => (toolName === "executeCommand" ? [callId] : []))),
        (error) => onError(error.info),
      ),
    async claim(id) {
      const call = await backend.mutation(outside_work.claim, { callId: id as never, machine: gatewayId });
      if (call === null) return null;
      const { callId, leaseId, turnId } = call;
      const lease = { callId, leaseId };
      return {
        errand() {
          const { command: argv, task, timeoutMs = DEFAULT_TIMEOUT_MS } = read(CALL_INPUT, call.input, "input", null);
          if (call.attempt > 1) throw new FactoryError(...interrupted(`${shortText(argv)} of ${task}`));
          return {
            what: `executeCommand for ${task}`,
            key: task,
            fresh: false,
            sandbox: null,
            argv,
            timeoutMs: Math.max(1, Math.min(timeoutMs, call.timeoutMs - AROUND_MS)),
            message: `${task}: work in progress after ${shortText(argv)}`,
          };
        },
        heartbeat: () => backend.mutation(outside_work.heartbeat, lease),
        // Tried again, it would be done twice.
        failed: (error) => backend.mutation(outside_work.fail, { ...lease, error: { ...error, retryable: false } }),
        async done(result) {
          const { branch, diffstat } = result;
          await backend.mutation(workers.noteChanges, { turnId, branch, diffstat });
          return await backend.mutation(outside_work.complete, { ...lease, result: JSON.stringify(result) });
        },
      };
    },
  };
}

/** What is said of a command whose machine was lost, or stopped, in the middle. */
export const interrupted = (what: string) =>
  [
    "interrupted",
    `the bot was stopped while it ran ${what}; how far it came is not known`,
    { remedy: "look at what it did before it is done again (for a step: retries, or onFailure: ask)" },
  ] as const;

const shortText = (argv: readonly string[]): string => commandText(argv).slice(0, 200);

function read<T>(schema: z.ZodType<T>, text: string, name: string, remedy: string | null): T {
  const parsed = schema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const field = [name, ...issue.path].join(".");
  throw new FactoryError("invalid_input", `${field} ${issue.message}`, {
    field,
    ...(remedy === null ? {} : { remedy }),
  });
}
