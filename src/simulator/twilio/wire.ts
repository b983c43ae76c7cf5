/** A message as the API shows it. */
import { DELIVERY_ERRORS } from "./errors.ts";
import type { TwilioMessage } from "./types.ts";

const rfc2822 = (at: number | null): string | null =>
  at === null ? null : new Date(at).toUTCString().replace("GMT", "+0000");

export function wireMessage(message: TwilioMessage): Record<string, unknown> {
  const { sid, accountSid, errorCode } = message;
  const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${sid}`;
  return {
    account_sid: accountSid,
    api_version: "2010-04-01",
    body: message.body,
    date_created: rfc2822(message.createdAt),
    date_sent: rfc2822(message.sentAt),
    date_updated: rfc2822(message.updatedAt),
    direction: message.direction,
    error_code: errorCode,
    error_message: errorCode === null ? null : (DELIVERY_ERRORS[errorCode] ?? null),
    from: message.from,
    messaging_service_sid: message.messagingServiceSid,
    num_media: String(message.media.length),
    num_segments: String(message.numSegments),
    price: null,
    price_unit: null,
    sid,
    status: message.status,
    subresource_uris: { media: `${uri}/Media.json` },
    to: message.to,
    uri: `${uri}.json`,
  };
}
