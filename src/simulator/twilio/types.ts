/** What the simulated Twilio remembers. Times are ms since 1970. */

export type MessageStatus =
  | "accepted"
  | "queued"
  | "sending"
  | "sent"
  | "delivered"
  | "undelivered"
  | "failed"
  | "received";

export interface TwilioMessage {
  sid: string;
  accountSid: string;
  from: string | null;
  to: string;
  body: string;
  direction: "inbound" | "outbound-api" | "outbound-reply";
  status: MessageStatus;
  errorCode: number | null;
  numSegments: number;
  /** Addresses of pictures and the like. */
  media: string[];
  messagingServiceSid: string | null;
  statusCallback: string | null;
  validityPeriodS: number;
  createdAt: number;
  sentAt: number | null;
  updatedAt: number;
  /** Set when it was shown on the phone. */
  arrivedAt: number | null;
}

export interface TwilioAccount {
  sid: string;
  authToken: string;
  /** Bought numbers, with where Twilio calls. */
  numbers: { sid: string; phoneNumber: string; smsUrl: string | null; statusCallback: string | null }[];
  /** Messaging services: their numbers, their webhook. */
  services: {
    sid: string;
    numbers: string[];
    inboundUrl: string | null;
    statusCallback: string | null;
    /** With it the inbound webhook carries OptOutType. */
    advancedOptOut: boolean;
  }[];
}

/** A person's phone, as the network knows it. */
export interface Phone {
  number: string;
  name: string;
  /** `mobile`: can be texted; `landline`: cannot; `off`: takes nothing now (30003); `unknown`: nobody has it (30005). */
  kind: "mobile" | "landline" | "off" | "unknown";
  /** Senders (numbers or services) it has opted out of. */
  optedOut: string[];
}
