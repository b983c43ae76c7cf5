/** What one top-level transaction shares with every nested call in it. */
import { randomUUID } from "node:crypto";
import type { Reader, Writer } from "../store/types.ts";
import { Meter } from "./limits.ts";
import type { Caller, Identity } from "./types.ts";

export class Txn {
  readonly meter = new Meter();
  usedIdentity = false;
  /** Cursor at which an earlier run of this subscription ended its page, and where this run ended it. */
  readonly journalIn: string | null;
  /** Id of the outermost call: only it keeps the end of its page over re-runs. */
  rootId = "";
  journalOut: string | null = null;
  /** Ids whose bytes were put in place inside this transaction: removed again when it fails. */
  readonly filesAdopted: string[] = [];
  /** Ids whose documents a nested mutation inserted and lost again: their bytes go in any case. */
  readonly filesOrphaned: string[] = [];
  /** Ids whose documents were deleted: their bytes go after the commit. */
  readonly filesRemoved: string[] = [];
  readonly reader: Reader;
  /** null in a query. */
  readonly writer: Writer | null;
  /** Frozen `Date.now()`. */
  readonly now: number;

  constructor(reader: Reader, writer: Writer | null, now: number, journal: string | null = null) {
    this.reader = reader;
    this.writer = writer;
    this.now = now;
    this.journalIn = journal;
  }

  /** State to return to when a nested mutation is rolled back (reads stay counted, they happened). */
  mark(): () => void {
    const { functionsScheduled, scheduledFunctionArgsBytes, filesWritten, fileWriteBytes } = this.meter;
    const removed = this.filesRemoved.length;
    const adopted = this.filesAdopted.length;
    return () => {
      Object.assign(this.meter, { functionsScheduled, scheduledFunctionArgsBytes, filesWritten, fileWriteBytes });
      this.filesRemoved.length = removed;
      this.filesOrphaned.push(...this.filesAdopted.splice(adopted));
    };
  }
}

/** Who asked, for the whole tree of calls that one request makes. */
export interface RequestInfo {
  requestId: string;
  ip: string | null;
  userAgent: string | null;
  authToken: string | null;
  scheduledFunctionId: string | null;
  /** Only functions of the request's own component see it. */
  identity: Identity;
  /** Why there is no identity although a header was sent; asking for the identity throws it. */
  authError: string | null;
  logLines: string[];
  /** By which it is known when it ends the worker (suspects.ts); null: nobody would ask for the same again. */
  suspectKey: string | null;
}

export function requestOf(caller: Caller, suspectKey: string | null = null): RequestInfo {
  return {
    suspectKey,
    requestId: caller.requestId ?? randomUUID(),
    ip: caller.ip ?? null,
    userAgent: caller.userAgent ?? null,
    authToken: caller.authToken ?? null,
    scheduledFunctionId: null,
    identity: caller.identity,
    authError: caller.authError ?? null,
    logLines: [],
  };
}
