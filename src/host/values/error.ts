/** Why the host refused, for callers that must react to the kind and not to the words. */
export type HostErrorReason =
  | "disk_full"
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
