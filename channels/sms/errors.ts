/** Twilio's errors in our words: whether another try can help, and whether the person has refused messages. */
import { OPTED_OUT, type SendResult } from "../../src/contract/adapter.ts";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";

interface Known {
  message: string;
  remedy?: string;
  retryable?: boolean;
  field?: string;
}

const CONSOLE = "see the number in Twilio's console";
/** Codes of refused requests and of messages that did not arrive. What is not here is refused for good on 4xx. */
const KNOWN: Record<number, Known> = {
  20003: {
    message: "Twilio does not accept the credentials",
    remedy: "check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
  },
  21211: { message: "this is no phone number", remedy: "link the right number" },
  21408: {
    message: "the account may not text to this country",
    remedy: "allow it in Twilio's console (Messaging, Geo permissions)",
  },
  21606: {
    message: "TWILIO_FROM is no number of this account that can text",
    remedy: `set TWILIO_FROM; ${CONSOLE}`,
    field: "TWILIO_FROM",
  },
  21610: {
    message: "the person has opted out (STOP)",
    remedy: "they text START to get messages again",
    field: OPTED_OUT,
  },
  21611: { message: "the number's queue is full", retryable: true },
  21612: { message: "there is no way from TWILIO_FROM to this number", remedy: "link another number" },
  21614: { message: "this is not a mobile number", remedy: "link a mobile number" },
  21635: { message: "this is a landline", remedy: "link a mobile number" },
  21703: { message: "the messaging service has no number", remedy: "add one in Twilio's console" },
  30001: { message: "the number's queue was full" },
  30003: { message: "the phone cannot be reached", remedy: "it may be off; RESEND sends the question again" },
  30004: { message: "the phone blocks these messages" },
  30005: { message: "nobody has this number", remedy: "link the right number" },
  30006: { message: "this is a landline, or its carrier cannot be reached", remedy: "link a mobile number" },
  30007: { message: "the carrier filtered the message", remedy: "register the number (A2P 10DLC) in Twilio's console" },
  30008: { message: "the carrier did not say why" },
  30036: { message: "it waited too long in the queue" },
};

export function failureOf(code: number | null, what: string): ErrorInfo {
  const known = code === null ? undefined : KNOWN[code];
  const message = `${known?.message ?? what}${code === null ? "" : ` (Twilio ${code})`}`;
  return errorInfo("platform_refused", message, {
    ...(known?.remedy === undefined ? {} : { remedy: known.remedy }),
    ...(known?.field === undefined ? {} : { field: known.field }),
    retryable: known?.retryable ?? false,
  });
}

/** What a call of the SDK threw. A request that got no answer, or a 5xx, may have been done: the next try looks for it. */
export function sendFailure(thrown: unknown): Extract<SendResult, { ok: false }> {
  const { status, code, message } = thrown as { status?: number; code?: number | string; message?: string };
  if (status === 429 || code === 20429) {
    const error = errorInfo("rate_limited", "Twilio asks to slow down (429)");
    return { ok: false, error, retryAfterMs: 2_000 };
  }
  if (typeof code === "number" && status !== undefined && status < 500) {
    return { ok: false, error: failureOf(code, message ?? "Twilio refused it"), retryAfterMs: null };
  }
  if (status !== undefined && status < 500) {
    return { ok: false, error: failureOf(null, message ?? `Twilio answered ${status}`), retryAfterMs: null };
  }
  const why =
    status === undefined ? `Twilio gave no answer (${code ?? message ?? "unknown"})` : `Twilio answered ${status}`;
  return { ok: false, error: errorInfo("platform_unavailable", why), retryAfterMs: null };
}
