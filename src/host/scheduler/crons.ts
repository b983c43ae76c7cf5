/**
 * Crons. When one is due, a scheduled function is inserted and the cron's next time is moved, in one transaction: so it runs exactly
 * once (a mutation) or at most once (an action). What was missed while the process was down runs once, soon after the start. A run is
 * left out while the one before is still going on.
 */
import type { EmbeddedEngine } from "../engine/engine.ts";
import { messageOf } from "../engine/errors.ts";
import type { Timers } from "../engine/options.ts";
import { MAX_DELAY_MS } from "../engine/timers.ts";
import type { CronSpec } from "../engine/types.ts";
import type { Writer } from "../store/types.ts";
import { intervalMs, nextRun } from "./cron_times.ts";
import { insertScheduled, type JobState } from "./documents.ts";

interface CronState {
  /** JSON of the schedule this was computed for. */
  schedule: string;
  /** ms; null: never again */
  next: number | null;
  /** The `_scheduled_functions` document of the last run. */
  job: string | null;
}

const META_KEY = "crons";
/** At a start somebody waits for the process, and nobody for its housekeeping, most of which is due after any pause. */
const CATCH_UP_AFTER_MS = 2_000;

export class Crons {
  readonly #engine: EmbeddedEngine;
  readonly #timers: Timers;
  #specs = new Map<string, CronSpec>();
  #states: Record<string, CronState> = {};
  #timer: unknown = null;
  #stopped = false;
  /** Nothing runs before; null: not started yet. */
  #notBefore: number | null = null;

  constructor({ engine, timers }: { engine: EmbeddedEngine; timers: Timers }) {
    this.#engine = engine;
    this.#timers = timers;
  }

  /** Throws when a schedule cannot be understood. */
  check(specs: CronSpec[]): void {
    for (const spec of specs) stateOf(spec, undefined, this.#engine.now());
  }

  /** Takes over the given crons; others are forgotten. A new interval is due at once, like on Convex. */
  async start(specs: CronSpec[]): Promise<void> {
    this.#stopped = false;
    this.#specs = new Map(specs.map((spec) => [`${spec.component};${spec.name}`, spec]));
    const stored = this.#engine.store.meta(META_KEY);
    if (stored === null && specs.length === 0) return;
    const known: Record<string, CronState> = stored === null ? {} : JSON.parse(stored);
    const now = this.#engine.now();
    this.#notBefore ??= now + CATCH_UP_AFTER_MS;
    this.#states = Object.fromEntries([...this.#specs].map(([key, spec]) => [key, stateOf(spec, known[key], now)]));
    const text = JSON.stringify(this.#states);
    if (text !== stored) await this.#engine.store.write(async (tx) => tx.setMeta(META_KEY, text));
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
  }

  async #fire(): Promise<void> {
    const now = this.#engine.now();
    const { value: states } = await this.#engine.store.write(async (tx) => {
      const next = { ...this.#states };
      for (const [key, state] of Object.entries(next)) {
        if (state.next !== null && state.next <= now) next[key] = this.#run(tx, this.#specs.get(key)!, state, now);
      }
      tx.setMeta(META_KEY, JSON.stringify(next));
      return next;
    });
    this.#states = states;
    this.#arm();
  }

  #run(tx: Writer, spec: CronSpec, state: CronState, now: number): CronState {
    const next = nextRun(JSON.parse(state.schedule), now, state.next);
    if (isUnfinished(tx, spec, state.job)) {
      this.#engine.log({ level: "warn", text: `cron "${spec.name}": left out, the run before has not ended` });
      return { ...state, next };
    }
    const { component, udfPath, args } = spec;
    const argsText = JSON.stringify(args);
    const job = insertScheduled(tx, { owner: component, component, udfPath, args, argsText, ts: state.next ?? now });
    return { ...state, next, job };
  }

  #arm(): void {
    if (this.#stopped) return;
    const next = Math.min(...Object.values(this.#states).map((state) => state.next ?? Number.POSITIVE_INFINITY));
    if (next === Number.POSITIVE_INFINITY) return;
    if (this.#timer !== null) this.#timers.clearTimeout(this.#timer);
    const due = Math.max(next, this.#notBefore ?? 0);
    const delay = Math.min(Math.max(0, due - this.#engine.now()), this.#timers.maxDelayMs ?? MAX_DELAY_MS);
    this.#timer = this.#timers.setTimeout(() => {
      this.#timer = null;
      // Long waits are cut into pieces.
      if (due > this.#engine.now()) return this.#arm();
      this.#fire().catch((thrown) => {
        this.#engine.log({ level: "error", text: `crons: ${messageOf(thrown)}` });
        // For example a full disk: the next times are unchanged, so it is tried again.
        this.#timer = this.#timers.setTimeout(() => this.#arm(), 60_000);
      });
    }, delay);
  }
}

function stateOf(spec: CronSpec, known: CronState | undefined, now: number): CronState {
  const schedule = JSON.stringify(spec.schedule);
  if (known?.schedule === schedule) return known;
  const next = intervalMs(spec.schedule) === null ? nextRun(spec.schedule, now, null) : now;
  return { schedule, next, job: known?.job ?? null };
}

function isUnfinished(tx: Writer, spec: CronSpec, job: string | null): boolean {
  const text = job === null ? null : tx.get(spec.component, job, "_scheduled_functions");
  if (text === null) return false;
  const { kind } = (JSON.parse(text) as { state: JobState }).state;
  return kind === "pending" || kind === "inProgress";
}
