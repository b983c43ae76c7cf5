/** What one top-level transaction may read and write (Convex's published limits, https://docs.convex.dev/production/state/limits), and how much of it is used. */
import type { Reader } from "../store/types.ts";
import { EngineError } from "./errors.ts";

export interface TransactionLimits {
  bytesRead: number;
  bytesWritten: number;
  databaseQueries: number;
  documentsRead: number;
  documentsWritten: number;
  functionsScheduled: number;
  scheduledFunctionArgsBytes: number;
  filesWritten: number;
  fileWriteBytes: number;
  filesRead: number;
  fileReadBytes: number;
}

const MiB = 1 << 20;

export const defaultTransactionLimits: TransactionLimits = {
  bytesRead: 16 * MiB,
  bytesWritten: 16 * MiB,
  databaseQueries: 4096,
  documentsRead: 32_000,
  documentsWritten: 16_000,
  functionsScheduled: 1000,
  scheduledFunctionArgsBytes: 16 * MiB,
  filesWritten: 1000,
  fileWriteBytes: 16 * MiB,
  filesRead: 1000,
  fileReadBytes: 16 * MiB,
};

const READ_HELP =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed queries with a selective index range " +
  "expressions.";

/** In Convex's own words, so that who looks for them finds them. File storage has no such limit there; ours say so by themselves. */
const refusals: Record<keyof TransactionLimits, (limit: number) => string> = {
  bytesRead: (n) => `Too many bytes read in a single function execution (limit: ${n} bytes). ${READ_HELP}`,
  bytesWritten: (n) => `Too many bytes written in a single function execution (limit: ${n} bytes)`,
  databaseQueries: (n) => `Too many reads in a single function execution (limit: ${n}). ${READ_HELP}`,
  documentsRead: (n) => `Too many documents read in a single function execution (limit: ${n}). ${READ_HELP}`,
  documentsWritten: (n) => `Too many writes in a single function execution (limit: ${n})`,
  functionsScheduled: (n) => `Too many functions scheduled by this mutation (limit: ${n})`,
  scheduledFunctionArgsBytes: (n) =>
    `Too large total size of the arguments of scheduled functions from this mutation (limit: ${n} bytes)`,
  filesWritten: (n) => `Wrote too many files in a single function execution (limit: ${n}).`,
  fileWriteBytes: (n) => `Wrote too much file data in a single function execution (limit: ${n} bytes).`,
  filesRead: (n) => `Read too many files in a single function execution (limit: ${n}).`,
  fileReadBytes: (n) => `Read too much file data in a single function execution (limit: ${n} bytes).`,
};

/** The counters the store does not keep. */
export class Meter {
  databaseQueries = 0;
  functionsScheduled = 0;
  scheduledFunctionArgsBytes = 0;
  filesWritten = 0;
  fileWriteBytes = 0;
  filesRead = 0;
  fileReadBytes = 0;

  used(reader: Reader): TransactionLimits {
    return { ...reader.metrics(), ...this };
  }
}

const keys = Object.keys(defaultTransactionLimits) as (keyof TransactionLimits)[];

/** Throws Convex's wording for the first limit that is passed. */
export function enforce(limits: TransactionLimits, meter: Meter, reader: Reader): void {
  const stored = reader.metrics();
  if (stored.documentsRead > limits.documentsRead) refuse("documentsRead", limits);
  if (stored.bytesRead > limits.bytesRead) refuse("bytesRead", limits);
  if (stored.documentsWritten > limits.documentsWritten) refuse("documentsWritten", limits);
  if (stored.bytesWritten > limits.bytesWritten) refuse("bytesWritten", limits);
  if (meter.databaseQueries > limits.databaseQueries) refuse("databaseQueries", limits);
  if (meter.functionsScheduled > limits.functionsScheduled) refuse("functionsScheduled", limits);
  if (meter.scheduledFunctionArgsBytes > limits.scheduledFunctionArgsBytes) {
    refuse("scheduledFunctionArgsBytes", limits);
  }
}

function refuse(key: keyof TransactionLimits, limits: TransactionLimits): never {
  throw new EngineError(refusals[key](limits[key]));
}

/**
 * Limits of a nested call: what is already used counts, and a nested call can only lower the budget.
 * `requested` is the caller's `transactionLimits`.
 */
export function nestedLimits(
  parent: TransactionLimits | null,
  requested: Partial<TransactionLimits> | undefined,
  used: () => TransactionLimits,
): TransactionLimits | null {
  if (requested === undefined) return parent;
  const limits = { ...(parent ?? defaultTransactionLimits) };
  const now = used();
  for (const key of keys) {
    const budget = requested[key];
    if (budget !== undefined) limits[key] = Math.min(limits[key], now[key] + budget);
  }
  return limits;
}

/** The answer of `1.0/getTransactionMetrics`. */
export function transactionMetrics(limits: TransactionLimits | null, used: TransactionLimits) {
  const caps = limits ?? defaultTransactionLimits;
  return Object.fromEntries(keys.map((key) => [key, { used: used[key], remaining: caps[key] - used[key] }]));
}
