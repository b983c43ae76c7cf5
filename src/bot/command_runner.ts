/**
 * Runs the commands that the backend has for machines: what waits -> claim -> worktree, sandbox, command -> result. Held by a lease that
 * is extended; when the lease is lost, or nobody wants the work any more, the command is killed. What was under way when this process
 * died is interrupted, not begun again (`interruptedCommand` in convex/model/jobs.ts).
 */
import type { CommandResult } from "../contract/command.ts";
import { type ErrorInfo, errorInfo, toErrorInfo } from "../contract/errors.ts";
import { type Backend, functions } from "./backend.ts";
import { createCalls, createSteps, type Held, interrupted, type Source } from "./errands.ts";
import type { Workshop } from "./executor/workshop.ts";
import type { Logger } from "./logger.ts";

export interface CommandRunner {
  /** Kills what is under way and says so; resolves when that is stored. */
  stop(): Promise<void>;
}

export interface CommandRunnerOptions {
  backend: Pick<Backend, "mutation" | "onUpdate">;
  gatewayId: string;
  workshop: Workshop;
  log: Logger;
}

/** A third of a lease. */
const HEARTBEAT_MS = 3_000;
const SWEEP_EVERY_MS = 6 * 3600_000;
/** After an outcome that could not be stored. */
const REST_MS = 1_000;

export async function startCommandRunner(options: CommandRunnerOptions): Promise<CommandRunner> {
  const { backend, gatewayId, workshop, log } = options;
  const sandboxes = [...workshop.sandboxes];
  await backend.mutation(functions.machine_work.release, { gatewayId });
  const stopping = new AbortController();
  const running = new Map<string, Promise<void>>();
  const sources = [createSteps, createCalls].map((create) => create({ backend, gatewayId, sandboxes }));
  const waiting = new Map<Source, string[]>();
  const unwatch = sources.map((source) =>
    source.watch(
      (ids) => {
        waiting.set(source, ids);
        fill();
      },
      (error) => log.error({ error }, "the commands cannot be watched"),
    ),
  );
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS);
  sweeping.unref();
  sweep();

  function fill(): void {
    for (const source of sources) {
      for (const id of waiting.get(source) ?? []) {
        if (stopping.signal.aborted || running.size >= workshop.places) return;
        if (!running.has(id)) running.set(id, begin(source, id));
      }
    }
  }

  async function begin(source: Source, id: string): Promise<void> {
    try {
      const held = await source.claim(id);
      if (held !== null) await perform(held);
    } catch (thrown) {
      log.warn({ error: toErrorInfo(thrown), id }, "a command's outcome could not be stored; its lease will run out");
      await new Promise((rest) => setTimeout(rest, REST_MS).unref());
    }
    running.delete(id);
    // What waits still is said again by the subscription; until then it must not be claimed in a circle.
    waiting.set(source, waiting.get(source)?.filter((other) => other !== id) ?? []);
    fill();
  }

  async function perform(held: Held): Promise<void> {
    const lost = new AbortController();
    const beat = setInterval(() => {
      held.heartbeat().then(
        (answer) => answer.held || lost.abort(),
        (thrown: unknown) => log.warn({ error: toErrorInfo(thrown) }, "a command's heartbeat was not stored"),
      );
    }, HEARTBEAT_MS);
    const done = await run(held, AbortSignal.any([lost.signal, stopping.signal])).finally(() => clearInterval(beat));
    if (lost.signal.aborted) return;
    if ("error" in done) await held.failed(done.error);
    else await held.done(done.result);
  }

  async function run(held: Held, signal: AbortSignal): Promise<{ result: CommandResult } | { error: ErrorInfo }> {
    let what = "a command";
    try {
      const errand = held.errand();
      what = errand.what;
      log.info({ what, key: errand.key, program: errand.argv[0] }, "a command begins");
      const result = await workshop.run({ ...errand, signal });
      // Its branch is in the workspace now. That of a failed command stays to be looked at, until it is old.
      if (errand.fresh && result.exitCode === 0) discard(errand.key);
      log.info({ what, exitCode: result.exitCode }, "a command has ended");
      return { result };
    } catch (thrown) {
      const error: ErrorInfo = stopping.signal.aborted ? errorInfo(...interrupted(what)) : toErrorInfo(thrown);
      log.info({ what, error }, "a command could not be done");
      return { error };
    }
  }

  /** What a command left may not let itself be removed; that changes nothing about what it came to. */
  function discard(key: string): void {
    try {
      workshop.remove(key);
    } catch (thrown) {
      log.warn({ error: toErrorInfo(thrown), key }, "a worktree could not be removed");
    }
  }

  function sweep(): void {
    try {
      const { removed, left } = workshop.sweep();
      const worktrees = removed.length;
      if (worktrees > 0) log.info({ worktrees }, "worktrees that nobody used for a week were removed");
      const [first] = left;
      if (first !== undefined) {
        const keys = left.map(({ key }) => key);
        log.warn({ keys, error: toErrorInfo(first.error) }, "old worktrees could not be removed");
      }
    } catch (thrown) {
      log.warn({ error: toErrorInfo(thrown) }, "old worktrees could not be removed");
    }
  }

  return {
    async stop() {
      stopping.abort();
      for (const stop of unwatch) stop();
      clearInterval(sweeping);
      await Promise.all(running.values());
    },
  };
}
