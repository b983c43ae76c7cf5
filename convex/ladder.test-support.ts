/** What was sent about a question and what the record says, for the tests of what becomes of one over time. */
import { OWNER, type startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

export const NOON = Date.parse("2026-11-20T12:00:00Z");
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export type Harness = Awaited<ReturnType<typeof startBackend>>;

export const said = async (rows: Harness["rows"]) =>
  (await rows("deliveries")).map((row) => ({ place: row.place, message: JSON.parse(row.message), row }));
export const cardPlaces = async (rows: Harness["rows"]) =>
  (await said(rows)).filter(({ message }) => message.kind === "card").map(({ place }) => place);
export const bumps = async (rows: Harness["rows"]) =>
  (await said(rows)).filter(({ message }) => message.kind === "text");
export const kinds = async (t: Harness["t"], runId: string) =>
  (await t.query(api.audit.list, { runId })).map((row) => row.kind).reverse();
export const link = (t: Harness["t"], name: string, handle: string) =>
  t.mutation(api.people.link, { actor: OWNER, name, handle });
