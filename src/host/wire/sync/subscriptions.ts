import type { Credentials } from "../../auth/index.ts";
import type { Engine } from "../../engine/types.ts";
import type { Commit, JsonObject, ReadSet, Store } from "../../store/types.ts";
import { newRequestId } from "../context.ts";
import { callFailureOf, describeFailure } from "../failure.ts";
import type { LogLevel } from "../options.ts";
import type { Outcome } from "./outcome.ts";
import { ReadIndex } from "./read_index.ts";

export interface QuerySpec {
  udfPath: string;
  component: string;
  args: JsonObject;
  journal: string | null;
  credentials: Credentials;
}

export interface Subscriber {
  /** A round of evaluations is over that concerned at least one of its subscriptions. */
  roundEnded(): void;
}

/** A query that somebody watches; shared by all who ask the same with the same identity. */
export class Subscription {
  readonly key: string;
  readonly spec: QuerySpec;
  readonly subscribers = new Set<Subscriber>();
  /** null until the first evaluation. */
  outcome: Outcome | null = null;
  /** The outcome is that of the state at this time … */
  validFrom = 0n;
  /** … until the commit of this time, which touched what was read; null: still good. */
  invalidAt: bigint | null = null;
  running = false;

  constructor(key: string, spec: QuerySpec) {
    this.key = key;
    this.spec = spec;
  }
}

interface Evaluation {
  outcome: Outcome;
  ts: bigint;
  reads: ReadSet | null;
}

/**
 * Keeps outcomes up to date. Work goes in rounds: everything found outdated is evaluated together (so usually on one snapshot);
 * commits during a round are collected and lead to one further round, however many they are.
 */
export class Subscriptions {
  readonly #engine: Engine;
  readonly #store: Store;
  readonly #log: (level: LogLevel, text: string) => void;
  readonly #all = new Map<string, Subscription>();
  readonly #index = new ReadIndex<Subscription>();
  readonly #outdated = new Set<Subscription>();
  /** Commits since the round began; null between rounds. */
  #sinceRound: Commit[] | null = null;
  #scheduled = false;
  #closed = false;
  readonly #unlisten: () => void;
  /** All commits up to here have been compared with what was read. */
  processedTs: bigint;

  constructor(engine: Engine, store: Store, log: (level: LogLevel, text: string) => void) {
    this.#engine = engine;
    this.#store = store;
    this.#log = log;
    this.processedTs = store.lastTs();
    this.#unlisten = store.onCommit((commit) => this.#committed(commit));
  }

  /** How many different queries are watched. */
  get size(): number {
    return this.#all.size;
  }

  acquire(spec: QuerySpec, subscriber: Subscriber): Subscription {
    const key = JSON.stringify([spec.udfPath, spec.component, spec.args, spec.journal, spec.credentials.key]);
    let subscription = this.#all.get(key);
    if (subscription === undefined) {
      subscription = new Subscription(key, spec);
      this.#all.set(key, subscription);
      this.refresh([subscription]);
    }
    subscription.subscribers.add(subscriber);
    return subscription;
  }

  release(subscription: Subscription, subscriber: Subscriber): void {
    subscription.subscribers.delete(subscriber);
    if (subscription.subscribers.size > 0) return;
    this.#all.delete(subscription.key);
    this.#outdated.delete(subscription);
    this.#index.delete(subscription);
  }

  /** Evaluates in the next round, whether outdated or not. */
  refresh(subscriptions: Iterable<Subscription>): void {
    for (const subscription of subscriptions) this.#outdated.add(subscription);
    this.#schedule();
  }

  /** After the code has changed: everything watched is evaluated anew. */
  refreshAll(): void {
    this.refresh(this.#all.values());
  }

  close(): void {
    this.#closed = true;
    this.#unlisten();
  }

  #committed(commit: Commit): void {
    this.#sinceRound?.push(commit);
    this.#compare(commit);
    if (commit.ts > this.processedTs) this.processedTs = commit.ts;
    this.#schedule();
  }

  #compare(commit: Commit): void {
    this.#index.touched(commit.writes, (subscription) => {
      // A running one is compared when it is back: only then is its snapshot known.
      if (subscription.running || commit.ts <= subscription.validFrom) return;
      subscription.invalidAt ??= commit.ts;
      this.#outdated.add(subscription);
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed || this.#outdated.size === 0) return;
    this.#scheduled = true;
    // Not at once: what else arrived in this turn of the event loop (commits, new queries) joins the round.
    setImmediate(() => void this.#round());
  }

  async #round(): Promise<void> {
    const batch = [...this.#outdated].filter((one) => one.subscribers.size > 0);
    this.#outdated.clear();
    this.#sinceRound = [];
    for (const subscription of batch) subscription.running = true;
    const evaluations = await Promise.all(batch.map((one) => this.#evaluate(one.spec, one.outcome?.journal)));

    const concerned = new Set<Subscriber>();
    batch.forEach((subscription, i) => {
      subscription.running = false;
      if (subscription.subscribers.size === 0) return;
      const { outcome, ts, reads } = evaluations[i]!;
      subscription.outcome = outcome;
      subscription.validFrom = ts;
      subscription.invalidAt = null;
      this.#index.set(subscription, reads);
      for (const subscriber of subscription.subscribers) concerned.add(subscriber);
    });
    const missed = this.#sinceRound;
    this.#sinceRound = null;
    for (const commit of missed) this.#compare(commit);
    this.#scheduled = false;
    // Scheduled first: a subscriber must find the next round on its way when it decides to wait for it.
    this.#schedule();
    if (!this.#closed) for (const subscriber of concerned) subscriber.roundEnded();
  }

  /** Never rejects. */
  async #evaluate(spec: QuerySpec, journal: string | null | undefined): Promise<Evaluation> {
    const before = this.#store.lastTs();
    try {
      const path = this.#engine.parsePath(spec.udfPath, spec.component);
      const caller = { ...spec.credentials.caller, requestId: newRequestId() };
      const result = await this.#engine.query(path, spec.args, caller, { journal: journal ?? spec.journal });
      return {
        outcome: { ok: true, value: result.value, logLines: result.logLines, journal: result.journal ?? null },
        ts: result.ts ?? before,
        reads: result.reads,
      };
    } catch (error) {
      const { message, data, logLines, reads, ts } = this.#closed
        ? { message: "The server is stopping.", logLines: [], ...callFailureOf(error) }
        : describeFailure(error, this.#log);
      return {
        outcome: { ok: false, message, data, logLines, journal: journal ?? spec.journal },
        ts: ts ?? before,
        reads: reads ?? null,
      };
    }
  }
}
