/** Twilio's errors as its API answers them: `{code, message, more_info, status}`. */
import type { SimReply } from "../http.ts";

export const TWILIO_ERRORS = {
  20001: { status: 400, message: "Unknown parameters" },
  20003: { status: 401, message: "Authenticate" },
  20404: { status: 404, message: "The requested resource was not found" },
  20429: { status: 429, message: "Too Many Requests" },
  20500: { status: 500, message: "Internal Server Error" },
  21211: { status: 400, message: "Invalid 'To' Phone Number" },
  21408: {
    status: 400,
    message: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number",
  },
  21602: { status: 400, message: "Message body is required." },
  21603: { status: 400, message: "A 'From' phone number is required." },
  21604: { status: 400, message: "A 'To' phone number is required." },
  21606: {
    status: 400,
    message: "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination",
  },
  21609: { status: 400, message: "The 'StatusCallback' URL is not a valid URL" },
  21610: { status: 400, message: "Attempt to send to unsubscribed recipient" },
  21611: { status: 429, message: "This 'From' number has exceeded the maximum number of queued messages" },
  21614: { status: 400, message: "'To' number is not a valid mobile number" },
  21617: { status: 400, message: "The concatenated message body exceeds the 1600 character limit" },
  21635: { status: 400, message: "'To' number cannot be a landline" },
  21703: { status: 400, message: "The Messaging Service does not have any phone numbers" },
} as const;

export type TwilioErrorCode = keyof typeof TWILIO_ERRORS;

export function twilioError(code: number, detail?: string, headers: Record<string, string> = {}): SimReply {
  const known = Object.hasOwn(TWILIO_ERRORS, code) ? TWILIO_ERRORS[code as TwilioErrorCode] : null;
  const status = known?.status ?? 400;
  const message = detail ?? known?.message ?? `Error ${code}`;
  return {
    status,
    headers,
    body: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status },
  };
}

/** What went wrong on the air, as a message and its status callbacks carry it. */
export const DELIVERY_ERRORS: Record<number, string> = {
  30001: "Queue overflow",
  30003: "Unreachable destination handset",
  30004: "Message blocked",
  30005: "Unknown destination handset",
  30006: "Landline or unreachable carrier",
  30007: "Message filtered",
  30008: "Unknown error",
  30036: "Validity Period Expired",
};
