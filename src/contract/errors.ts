/**
 * The closed list of errors. Everything that crosses a room's wall (CLI, chat, wire, adapters) fails with one of these,
 * so that a caller can decide by `code` and knows from `retryable` whether the same call may succeed later.
 */
import { z } from "zod";

/** `exit` is the exit code of `factory`: 1 failed, 2 wrong usage or invalid input, 3 refused by policy, 4 not found, 5 no backend. */
export const ERROR_CODES = {
  invalid_input: { exit: 2, retryable: false },
  invalid_definition: { exit: 2, retryable: false },
  invalid_option: { exit: 2, retryable: false },
  ambiguous: { exit: 2, retryable: false },
  too_large: { exit: 2, retryable: false },
  not_found: { exit: 4, retryable: false },
  forbidden: { exit: 3, retryable: false },
  unauthenticated: { exit: 3, retryable: false },
  not_approver: { exit: 3, retryable: false },
  conflict: { exit: 1, retryable: false },
  already_answered: { exit: 1, retryable: false },
  expired: { exit: 1, retryable: false },
  limit_reached: { exit: 3, retryable: true },
  backend_unavailable: { exit: 5, retryable: true },
  bot_running: { exit: 1, retryable: false },
  port_in_use: { exit: 1, retryable: true },
  disk_full: { exit: 1, retryable: true },
  data_corrupt: { exit: 1, retryable: false },
  model_unavailable: { exit: 1, retryable: true },
  platform_refused: { exit: 1, retryable: false },
  platform_unavailable: { exit: 1, retryable: true },
  rate_limited: { exit: 1, retryable: true },
  lease_lost: { exit: 1, retryable: false },
  interrupted: { exit: 1, retryable: true },
  internal: { exit: 1, retryable: false },
} as const satisfies Record<string, { exit: 1 | 2 | 3 | 4 | 5; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What travels: inside a ConvexError's data, in `{"error": …}` of the CLI, on a delivery. */
export interface ErrorInfo {
  code: ErrorCode;
  message: string;
  /** What the reader can do about it; null when there is nothing to do. */
  remedy: string | null;
  retryable: boolean;
  /** The input field at fault, for example `input.version` or `workflow.yaml:12:3`. */
  field: string | null;
}

export const zErrorInfo = z.object({
  code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  remedy: z.string().nullable(),
  retryable: z.boolean(),
  field: z.string().nullable(),
});

export function errorInfo(
  code: ErrorCode,
  message: string,
  more: { remedy?: string; field?: string; retryable?: boolean } = {},
): ErrorInfo {
  return {
    code,
    message,
    remedy: more.remedy ?? null,
    retryable: more.retryable ?? ERROR_CODES[code].retryable,
    field: more.field ?? null,
  };
}

export class FactoryError extends Error {
  readonly info: ErrorInfo;
  constructor(
    code: ErrorCode,
    message: string,
    more: { remedy?: string; field?: string; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = "FactoryError";
    this.info = errorInfo(code, message, more);
  }
}

/** Turns anything thrown into an ErrorInfo. A ConvexError of ours carries one in `data`; what is not known is `internal`. */
export function toErrorInfo(thrown: unknown): ErrorInfo {
  if (thrown instanceof FactoryError) return thrown.info;
  const data = (thrown as { data?: unknown } | null)?.data;
  const parsed = zErrorInfo.safeParse(typeof data === "string" ? tryJson(data) : data);
  if (parsed.success) return parsed.data;
  return errorInfo("internal", thrown instanceof Error ? thrown.message : String(thrown));
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
