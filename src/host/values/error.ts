/** Why the host refused, for callers that must react to the kind and not to the words. */
export type HostErrorReason =
  | "disk_full"
  | "io_failed"
  | "corrupt"
  | "newer_version"
  | "in_use"
  | "timeout"
  | "closed"
  | "invalid_schema";

/**
 * A refusal by the host itself, in Convex's wording where Convex has one. `reason` is set only for failures of the
 * storage as a whole; an ordinary refusal (wrong id, schema violation, unknown index) has none.
 */
export class HostError extends Error {
  override name = "HostError";
  readonly reason: HostErrorReason | null;
  constructor(message: string, reason: HostErrorReason | null = null, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * True when the storage failed and not the function: nothing of the transaction is kept, and the same call may succeed once the
 * disk has space or the process is back. A scheduler must try again instead of recording a failed run.
 */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof HostError && error.reason !== null && STORAGE_FAILURES.has(error.reason);
}

const STORAGE_FAILURES: ReadonlySet<HostErrorReason> = new Set([
  "disk_full",
  "io_failed",
  "corrupt",
  "in_use",
  "closed",
]);
