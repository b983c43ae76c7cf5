/** Contexts of one component. */
import type { Call } from "./call.ts";
import type { FunctionContext } from "./context.ts";

/** So that what slowly piles up in module state goes away. */
const CALLS_PER_CONTEXT = 10_000;
/** Depth of nested calls is what needs several; steady state is one to three. */
const IDLE_CONTEXTS = 8;

/**
 * Queries and mutations take a context each and give it back; so globals that a function replaces for a while, across awaits, are
 * seen by no other function. Actions share one, because there may be hundreds at once.
 */
export class ContextPool {
  readonly #create: () => FunctionContext;
  readonly #dropped: (reason: string) => void;
  readonly #idle: FunctionContext[] = [];
  #shared: FunctionContext | undefined;
  /** Contexts made so far; for tests and tuning. */
  created = 0;

  /** `dropped` hears why a context is thrown away; it costs milliseconds, so an application that causes it often should know. */
  constructor(create: () => FunctionContext, dropped: (reason: string) => void = () => {}) {
    this.#create = create;
    this.#dropped = dropped;
  }

  take(): FunctionContext {
    return this.#idle.pop() ?? this.#new();
  }

  /**
   * Takes it back, or drops it: after too many calls, with changed globals, or when the call left syscalls unanswered and so code
   * that may still run. A context whose function never ends is simply never given back.
   */
  give(context: FunctionContext, call?: Call): void {
    context.served++;
    const damage = call !== undefined && call.pending > 0 ? "a function did not await all it began" : context.damage();
    if (damage !== null) this.#dropped(damage);
    else if (context.served < CALLS_PER_CONTEXT && this.#idle.length < IDLE_CONTEXTS) this.#idle.push(context);
  }

  /** For actions, which count themselves as served. Running actions keep the one they began with when it is replaced. */
  shared(): FunctionContext {
    if (this.#shared === undefined || this.#shared.served >= CALLS_PER_CONTEXT) this.#shared = this.#new();
    return this.#shared;
  }

  clear(): void {
    this.#idle.length = 0;
    this.#shared = undefined;
  }

  #new(): FunctionContext {
    this.created++;
    return this.#create();
  }
}
