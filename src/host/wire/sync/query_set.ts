import type { Credentials } from "../../auth/index.ts";
import type { AddQuery } from "./messages.ts";
import { type Outcome, queryRemoval, queryUpdate, sameOutcome, transition, type Version } from "./outcome.ts";
import type { Subscriber, Subscription, Subscriptions } from "./subscriptions.ts";

interface WatchedQuery {
  request: AddQuery;
  subscription: Subscription;
  /** What the client has now; null: nothing yet. */
  sent: Outcome | null;
}

/** Rounds a socket waits for results of one and the same time before it asks for all of them anew, and before it takes what there is. */
const roundsBeforeRefresh = 3;
const roundsBeforeGivingUp = 8;

/**
 * The queries of one socket and what its client has seen of them. A transition is made only when all results are good at one
 * common time, as a client of Convex may expect; it starts exactly where the last one ended.
 */
export class QuerySet {
  readonly #subscriptions: Subscriptions;
  readonly #subscriber: Subscriber;
  readonly #queries = new Map<number, WatchedQuery>();
  /** Sent once and then removed by the client. */
  readonly #removed = new Set<number>();
  #sent: Version = { querySet: 0, identity: 0, ts: 0n };
  #querySet = 0;
  #identity = 0;
  #leastTs = 0n;
  /** A mutation was answered and no transition has followed yet. */
  #ownWrites = false;
  #roundsHeld = 0;

  constructor(subscriptions: Subscriptions, subscriber: Subscriber) {
    this.#subscriptions = subscriptions;
    this.#subscriber = subscriber;
  }

  get size(): number {
    return this.#queries.size;
  }
  /** Version the client's next ModifyQuerySet must be based on. */
  get querySetVersion(): number {
    return this.#querySet;
  }
  /** Version the client's next Authenticate must be based on. */
  get identityVersion(): number {
    return this.#identity;
  }

  add(request: AddQuery, credentials: Credentials): void {
    this.#queries.set(request.queryId, { request, subscription: this.#acquire(request, credentials), sent: null });
  }

  has(queryId: number): boolean {
    return this.#queries.has(queryId);
  }

  remove(queryId: number): void {
    const query = this.#queries.get(queryId);
    if (query === undefined) return;
    this.#queries.delete(queryId);
    this.#releaseUnlessUsed(query.subscription);
    if (query.sent !== null) this.#removed.add(queryId);
  }

  modified(newVersion: number): void {
    this.#querySet = newVersion;
  }

  /** Everything is asked again as somebody else; only what differs will be sent. */
  authenticated(credentials: Credentials): void {
    this.#identity++;
    for (const query of this.#queries.values()) {
      const { request, subscription } = query;
      // Acquired before released: the same identity again keeps the subscription.
      query.subscription = this.#acquire({ ...request, journal: query.sent?.journal ?? request.journal }, credentials);
      if (query.subscription !== subscription) this.#releaseUnlessUsed(subscription);
    }
  }

  /** The next transition reaches at least this time: what a mutation wrote is seen when its promise resolves. */
  require(ts: bigint): void {
    if (ts > this.#leastTs) this.#leastTs = ts;
    this.#ownWrites = true;
  }

  /** The next transition's text, or null when there is nothing to say or it cannot be said yet. `roundEnded`: called after a round. */
  next(roundEnded: boolean): string | null {
    let earliest = later(this.#sent.ts, this.#leastTs);
    let invalidAt: bigint | null = null;
    for (const { subscription } of this.#queries.values()) {
      if (subscription.outcome === null) return null;
      if (subscription.validFrom > earliest) earliest = subscription.validFrom;
      const until = subscription.invalidAt;
      if (until !== null && (invalidAt === null || until < invalidAt)) invalidAt = until;
    }
    const latest = later(this.#subscriptions.processedTs, earliest);
    let ts = invalidAt === null || invalidAt > latest ? latest : invalidAt - 1n;
    if (ts < earliest) {
      if (!roundEnded) return null;
      this.#roundsHeld++;
      if (this.#roundsHeld < roundsBeforeGivingUp) {
        if (this.#roundsHeld >= roundsBeforeRefresh) this.#refresh();
        return null;
      }
      // Each result is right for itself; only their common time is not. Better than silence.
      ts = earliest;
    }
    this.#roundsHeld = 0;
    return this.#transitionTo({ querySet: this.#querySet, identity: this.#identity, ts });
  }

  close(): void {
    for (const { subscription } of this.#queries.values()) {
      this.#subscriptions.release(subscription, this.#subscriber);
    }
    this.#queries.clear();
  }

  #transitionTo(end: Version): string | null {
    const modifications: string[] = [];
    for (const queryId of this.#removed) if (!this.#queries.has(queryId)) modifications.push(queryRemoval(queryId));
    for (const [queryId, query] of this.#queries) {
      const outcome = query.subscription.outcome!;
      if (query.sent === null || !sameOutcome(query.sent, outcome)) modifications.push(queryUpdate(queryId, outcome));
      query.sent = outcome;
    }
    const start = this.#sent;
    const sameVersion = start.querySet === end.querySet && start.identity === end.identity;
    // After a mutation's response a transition must follow even when an earlier one has reached its time already.
    if (modifications.length === 0 && sameVersion && !this.#ownWrites) return null;
    this.#removed.clear();
    this.#ownWrites = false;
    this.#sent = end;
    return transition(start, end, modifications);
  }

  #acquire(request: AddQuery, credentials: Credentials): Subscription {
    const { udfPath, component, args, journal } = request;
    return this.#subscriptions.acquire({ udfPath, component, args, journal, credentials }, this.#subscriber);
  }

  #refresh(): void {
    this.#subscriptions.refresh([...this.#queries.values()].map((query) => query.subscription));
  }

  #releaseUnlessUsed(subscription: Subscription): void {
    for (const query of this.#queries.values()) if (query.subscription === subscription) return;
    this.#subscriptions.release(subscription, this.#subscriber);
  }
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
