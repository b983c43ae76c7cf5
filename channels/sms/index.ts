/** Text messages by Twilio as a channel. */
import type { ChannelAdapter, SendResult, WebhookReply, WebhookRequest } from "../../src/contract/adapter.ts";
import { type ErrorInfo, errorInfo } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { createClient } from "./client.ts";
import { type Connection, connect } from "./connect.ts";
import { ACCOUNT_SID, SERVICE_SID, toE164 } from "./ids.ts";
import { createPace, type Pace } from "./pace.ts";
import { createSender, type Sender } from "./send.ts";
import { namesSms, SMS_VARIABLES } from "./variables.ts";

export interface SmsAdapterConfig {
  accountSid: string;
  authToken: string;
  /** A number as E.164, or a messaging service (MG…). */
  from: string;
  /** The address that Twilio calls; null: it cannot, and everything is fetched every few seconds. */
  publicUrl: string | null;
  /** Null: Twilio itself. */
  apiUrl: string | null;
  /** Default 1, what carriers allow an ordinary number. A messaging service paces itself. */
  segmentsPerSecond?: number;
  /** How long questions are gathered for one message. */
  gatherMs?: number;
  fetchEveryMs?: number;
  now?: () => number;
  log?: Log;
}

/** Long enough for the branches of one run, too short for a person to notice. */
const GATHER_MS = 250;
/** Twilio's limit; replies are kept far shorter. */
const TEXT_LENGTH = 1_600;

export function createSmsAdapter(config: SmsAdapterConfig): ChannelAdapter {
  const { accountSid, authToken, from, publicUrl, now = Date.now } = config;
  let connection: Connection | null = null;
  let pace: Pace | null = null;
  let sender: Sender | null = null;

  const take =
    (what: "inbound" | "status") =>
    async (request: WebhookRequest): Promise<WebhookReply> =>
      connection === null ? STARTING : await connection[what](request);

  return {
    channel: "sms",
    capabilities: {
      textLength: TEXT_LENGTH,
      buttons: false,
      edits: false,
      threads: false,
      streamEveryMs: null,
      modals: false,
      privateNotices: true,
    },
    async start(inbox, lookups) {
      const client = createClient({ accountSid, authToken, apiUrl: config.apiUrl });
      pace = SERVICE_SID.test(from) ? null : createPace({ segmentsPerSecond: config.segmentsPerSecond ?? 1, now });
      const statusUrl = publicUrl === null ? null : `${publicUrl}/sms/status`;
      sender = createSender({ client, from, statusUrl, pace, now });
      const opened = connect({
        ...{ client, accountSid, authToken, from, publicUrl, inbox, history: lookups.history, now },
        log: config.log ?? (() => {}),
        ...(config.fetchEveryMs === undefined ? {} : { fetchEveryMs: config.fetchEveryMs }),
      });
      connection = opened;
      if (publicUrl === null) {
        config.log?.(
          "warn",
          "PUBLIC_URL is not set: texts are fetched every few seconds, and nothing is known of their delivery",
        );
      }
      try {
        await opened.open();
      } catch (thrown) {
        await opened.stop();
        connection = null;
        throw thrown;
      }
    },
    send: async (delivery) => (await sender?.send(delivery)) ?? CLOSED,
    edit: async (delivery, receipt) => (await sender?.edit(delivery, receipt)) ?? CLOSED,
    together: {
      gatherMs: config.gatherMs ?? GATHER_MS,
      send: async (deliveries) => (await sender?.together(deliveries)) ?? CLOSED,
    },
    webhooks: { "POST /sms/inbound": take("inbound"), "POST /sms/status": take("status") },
    async stop() {
      pace?.stop();
      await connection?.stop();
      connection = null;
    },
  };
}

export type SmsSettings =
  | { kind: "off" }
  | { kind: "refused"; error: ErrorInfo }
  | { kind: "ready"; config: SmsAdapterConfig };

/** What the environment says of Twilio; nothing is asked of anybody. */
export function readSmsSettings(env: Record<string, string | undefined>): SmsSettings {
  const said = (name: string) => env[name]?.trim() ?? "";
  if (!namesSms(env)) return { kind: "off" };
  const missing = SMS_VARIABLES.filter((name) => said(name) === "");
  const refuse = (field: string, message: string, remedy: string): SmsSettings => ({
    kind: "refused",
    error: errorInfo("invalid_input", message, { field, remedy }),
  });
  if (missing.length > 0) {
    return refuse(missing.join(", "), "text messages need all of Twilio's variables", `set ${missing.join(", ")} too`);
  }
  const accountSid = said("TWILIO_ACCOUNT_SID");
  if (!ACCOUNT_SID.test(accountSid)) {
    return refuse("TWILIO_ACCOUNT_SID", "is no account's id", "it begins with AC and has 34 characters");
  }
  const named = said("TWILIO_FROM");
  const from = SERVICE_SID.test(named) ? named : toE164(named);
  if (from === null) {
    return refuse(
      "TWILIO_FROM",
      "is no number and no messaging service",
      "write +15551234567, or the id that begins with MG",
    );
  }
  const perSecond = Number(said("TWILIO_SEGMENTS_PER_SECOND") || "1");
  if (!(perSecond > 0)) {
    return refuse(
      "TWILIO_SEGMENTS_PER_SECOND",
      "is no number above 0",
      "write 1 for an ordinary number, 3 for toll-free",
    );
  }
  const address = (name: string) => said(name).replace(/\/+$/, "") || null;
  return {
    kind: "ready",
    config: {
      accountSid,
      authToken: said("TWILIO_AUTH_TOKEN"),
      from,
      publicUrl: address("PUBLIC_URL"),
      apiUrl: address("TWILIO_API_URL"),
      segmentsPerSecond: perSecond,
    },
  };
}

const STARTING: WebhookReply = { status: 503, body: "starting" };
const CLOSED: SendResult = {
  ok: false,
  error: errorInfo("platform_unavailable", "text messages are not connected"),
  retryAfterMs: null,
};
