import type { Json } from "../../store/types.ts";
import { encodeTs } from "../timestamp.ts";

/** What a subscribed query gave: its value (JSON text, never parsed here) or its error. */
export type Outcome = { logLines: string[]; journal: string | null } & (
  | { ok: true; value: string }
  | { ok: false; message: string; data: Json | undefined }
);

/** Log lines alone are no reason to send a result again. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a === b) return true;
  if (a.journal !== b.journal) return false;
  if (a.ok) return b.ok && a.value === b.value;
  return !b.ok && a.message === b.message && JSON.stringify(a.data) === JSON.stringify(b.data);
}

export interface Version {
  querySet: number;
  identity: number;
  ts: bigint;
}

export function queryUpdate(queryId: number, outcome: Outcome): string {
  const tail = `"logLines":${JSON.stringify(outcome.logLines)},"journal":${JSON.stringify(outcome.journal)}}`;
  if (outcome.ok) return `{"type":"QueryUpdated","queryId":${queryId},"value":${outcome.value},${tail}`;
  const data = outcome.data === undefined ? "" : `"errorData":${JSON.stringify(outcome.data)},`;
  return `{"type":"QueryFailed","queryId":${queryId},"errorMessage":${JSON.stringify(outcome.message)},${data}${tail}`;
}

export function queryRemoval(queryId: number): string {
  return `{"type":"QueryRemoved","queryId":${queryId}}`;
}

export function transition(start: Version, end: Version, modifications: string[]): string {
  const versions = `"startVersion":${version(start)},"endVersion":${version(end)}`;
  return `{"type":"Transition",${versions},"modifications":[${modifications.join(",")}]}`;
}

function version({ querySet, identity, ts }: Version): string {
  return `{"querySet":${querySet},"identity":${identity},"ts":"${encodeTs(ts)}"}`;
}
