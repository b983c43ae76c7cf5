/**
 * Runs the commands that the backend has for machines: subscription -> claim -> worktree, sandbox, command -> result. Held by a lease
 * that it extends; when the lease is lost, or the work is wanted no more, the command is killed. What it was doing when this process
 * died is interrupted, not begun again: see `interruptedCommand` in convex/model/jobs.ts.
 */
import { z } from "zod";
import { type CommandResult, commandText, zArgv } from "../contract/command.ts";
import { type ErrorInfo, errorInfo, FactoryError, toErrorInfo } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import { tailOf, type Workshop } from "./executor/workshop.ts";
import type { MachineJob } from "./functions.ts";
import type { Logger } from "./logger.ts";

export interface CommandRunner {
  /** Commands under way. */
  running(): number;
  /** Kills what is under way and says so; resolves when that is stored. */
  stop(): Promise<void>;
}

export interface CommandRunnerOptions {
  backend: Pick<Backend, "mutation" | "onUpdate">;
  gatewayId: string;
  workshop: Workshop;
  log: Logger;
}

/** A third of a job's lease. */
const HEARTBEAT_MS = 3_000;
const SWEEP_EVERY_MS = 6 * 3600_000;
/** After a claim that could not be made. */
const REST_MS = 1_000;

const zArgs = z.object({ command: zArgv });

export async function startCommandRunner(options: CommandRunnerOptions): Promise<CommandRunner> {
  const { backend, gatewayId, workshop, log } = options;
  const { machine_work } = functions;
  const sandboxes = [...workshop.sandboxes];
  await backend.mutation(machine_work.release, { gatewayId });
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  let waiting: string[] = [];

  const unsubscribe = backend.onUpdate(
    machine_work.ready,
    { sandboxes },
    (rows) => {
      waiting = rows.map(({ jobId }) => jobId);
      fill();
    },
    (error) => log.error({ error: error.info }, "the commands cannot be watched"),
  );
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS);
  sweeping.unref();
  sweep();

  function fill(): void {
    for (const jobId of waiting) {
      if (stopping.signal.aborted || running.size >= workshop.places) return;
      if (running.has(jobId)) continue;
      const done = take(jobId)
        .catch(async (thrown: unknown) => {
          log.warn(
            { error: toErrorInfo(thrown), jobId },
            "a command's outcome could not be stored; its lease will run out",
          );
          await new Promise((rest) => setTimeout(rest, REST_MS).unref());
        })
        .finally(() => {
          running.delete(jobId);
          waiting = waiting.filter((id) => id !== jobId);
          fill();
        });
      running.set(jobId, done);
    }
  }

  async function take(jobId: string): Promise<void> {
    const job = await backend.mutation(machine_work.claim, {
      gatewayId,
      jobId: jobId as MachineJob["jobId"],
      sandboxes,
    });
    if (job === null) return;
    const lease = { jobId: job.jobId, leaseId: job.leaseId };
    const lost = new AbortController();
    const beat = setInterval(() => {
      backend.mutation(machine_work.heartbeat, lease).then(
        ({ held }) => held || lost.abort(),
        (thrown: unknown) => log.warn({ error: toErrorInfo(thrown) }, "a command's heartbeat was not stored"),
      );
    }, HEARTBEAT_MS);
    try {
      const done = await perform(job, AbortSignal.any([lost.signal, stopping.signal])).catch((thrown: unknown) => ({
        error: stopping.signal.aborted ? stopped(job) : toErrorInfo(thrown),
      }));
      clearInterval(beat);
      if (lost.signal.aborted) return;
      if ("error" in done) await backend.mutation(machine_work.fail, { ...lease, error: done.error });
      else await backend.mutation(machine_work.complete, { ...lease, output: JSON.stringify(done) });
    } finally {
      clearInterval(beat);
    }
  }

  /** Each attempt has a worktree of its own; what it changed stays as a branch. */
  async function perform(job: MachineJob, signal: AbortSignal): Promise<CommandResult> {
    const parsed = zArgs.safeParse(JSON.parse(job.args));
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new FactoryError("invalid_input", `${["config", ...issue.path].join(".")} ${issue.message}`, {
        field: job.nodeId,
        remedy: 'write the program and its arguments as a list: config: { command: ["npm", "test"] }',
      });
    }
    const argv = parsed.data.command;
    const key = `run-${job.key}`.replace(/[^A-Za-z0-9_-]+/g, "-").slice(0, 100);
    log.info({ jobId: job.jobId, runId: job.runId, nodeId: job.nodeId, program: argv[0] }, "a command begins");
    const result = await workshop.run({
      key,
      fresh: true,
      sandbox: job.sandbox,
      argv,
      timeoutMs: job.timeoutMs,
      message: `${job.nodeId} of run ${job.runId}: ${commandText(argv).slice(0, 200)}`,
      signal,
    });
    if (result.exitCode !== 0) throw endedWith(argv, result);
    // Its branch is in the workspace now. That of a failed command stays to be looked at, until it is old.
    workshop.remove(key);
    return result;
  }

  function sweep(): void {
    try {
      const swept = workshop.sweep();
      if (swept.length > 0) log.info({ worktrees: swept.length }, "worktrees that nobody used for a week were removed");
    } catch (thrown) {
      log.warn({ error: toErrorInfo(thrown) }, "old worktrees could not be removed");
    }
  }

  return {
    running: () => running.size,
    async stop() {
      stopping.abort();
      unsubscribe();
      clearInterval(sweeping);
      await Promise.all(running.values());
    },
  };
}

const endedWith = (argv: readonly string[], result: CommandResult): FactoryError =>
  new FactoryError(
    "conflict",
    `${commandText(argv).slice(0, 200)} ended with exit code ${result.exitCode}${tailOf(result)}`,
  );

const stopped = (job: MachineJob): ErrorInfo =>
  errorInfo(
    "interrupted",
    `the bot was stopped while it ran the command of ${job.nodeId}; how far it came is not known`,
    {
      remedy: "look at what it did, then let the step be done again (retries, or onFailure: ask)",
      field: job.nodeId,
    },
  );
