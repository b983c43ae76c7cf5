/**
 * The gateway's sessions: what each shard of the bot has been sent, numbered, so that a connection which breaks can go on where it was.
 * Without sockets: `gateway.ts` carries what is said here.
 */
import type { Wire } from "./types.ts";

export interface Event {
  t: string;
  d: Wire;
}

/** Takes one payload; false: it is gone. */
export type Carrier = (payload: Wire) => boolean;

export interface Session {
  id: string;
  shard: readonly [number, number];
  intents: number;
  sequence: number;
  log: { s: number; t: string; d: Wire }[];
  carrier: Carrier | null;
}

export interface Sessions {
  open(shard: readonly [number, number], intents: number, carrier: Carrier): Session;
  /** null: there is none of this id, or what is missing is no longer known. */
  resume(id: string, sequence: number, carrier: Carrier): Session | null;
  /** The connection broke; what comes now waits for the resume. */
  detach(carrier: Carrier): void;
  /** Kept in the log; sent when somebody is connected. `deliver` false: logged only, as if the network had lost it. */
  dispatch(session: Session, event: Event, deliver?: boolean): void;
  of(shardOf: (shards: number) => number): Session[];
  all(): Session[];
  forget(session: Session): void;
}

/** More than a bot can miss in the minutes for which Discord keeps a session. */
const LONGEST_LOG = 2_000;

export function createSessions(nextId: () => string): Sessions {
  const sessions = new Map<string, Session>();
  return {
    open(shard, intents, carrier) {
      // A new identify of the same shard ends what it left behind.
      for (const old of sessions.values())
        if (old.shard[0] === shard[0] && old.carrier === null) sessions.delete(old.id);
      const session: Session = { id: nextId(), shard, intents, sequence: 0, log: [], carrier };
      sessions.set(session.id, session);
      return session;
    },
    resume(id, sequence, carrier) {
      const session = sessions.get(id);
      if (session === undefined || sequence > session.sequence) return null;
      const missed = session.log.filter((event) => event.s > sequence);
      if (missed.length < session.sequence - sequence) return null;
      session.carrier = carrier;
      for (const { s, t, d } of missed) carrier({ op: 0, s, t, d });
      return session;
    },
    detach(carrier) {
      for (const session of sessions.values()) if (session.carrier === carrier) session.carrier = null;
    },
    dispatch(session, { t, d }, deliver = true) {
      session.sequence++;
      const s = session.sequence;
      session.log.push({ s, t, d });
      if (session.log.length > LONGEST_LOG) session.log.shift();
      if (deliver) session.carrier?.({ op: 0, s, t, d });
    },
    of: (shardOf) => [...sessions.values()].filter(({ shard }) => shardOf(shard[1]) === shard[0]),
    all: () => [...sessions.values()],
    forget: (session) => void sessions.delete(session.id),
  };
}
