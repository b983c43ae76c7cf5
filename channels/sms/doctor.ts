/** Whether text messages can work as they are configured: credentials, number, where Twilio calls, and whether it can. Changes nothing. */
import type { TwilioClient } from "./client.ts";
import { createClient } from "./client.ts";
import { SERVICE_SID } from "./ids.ts";
import { readSmsSettings, type SmsAdapterConfig } from "./index.ts";
import { UNSIGNED } from "./webhook.ts";

export interface Finding {
  name: string;
  ok: boolean;
  detail: string;
  /** null when there is nothing to do. */
  remedy: string | null;
}

const good = (name: string, detail: string): Finding => ({ name: `sms ${name}`, ok: true, detail, remedy: null });
const bad = (name: string, detail: string, remedy: string): Finding => ({
  name: `sms ${name}`,
  ok: false,
  detail,
  remedy,
});

const REACH_MS = 5_000;

/** Empty when text messages are not configured. */
export async function checkSms(env: Record<string, string | undefined>): Promise<Finding[]> {
  const settings = readSmsSettings(env);
  if (settings.kind === "off") return [];
  if (settings.kind === "ready") return await examineSms(settings.config);
  const { field, message, remedy } = settings.error;
  return [{ name: "sms", ok: false, detail: `${field} ${message}`, remedy }];
}

export async function examineSms(config: SmsAdapterConfig): Promise<Finding[]> {
  const client = createClient(config);
  const credentials = await examineCredentials(client, config);
  const address = await examineAddress(config);
  if (!credentials.ok) return [credentials, address];
  const number = SERVICE_SID.test(config.from) ? examineService : examineNumber;
  return [credentials, ...(await number(client, config)), address];
}

async function examineCredentials(client: TwilioClient, { accountSid }: SmsAdapterConfig): Promise<Finding> {
  try {
    const { status, type } = await client.api.v2010.accounts(accountSid).fetch();
    if (status !== "active") {
      return bad(
        "credentials",
        `the account is ${status}: no text is sent or received`,
        "see the account's page in Twilio's console",
      );
    }
    return good(
      "credentials",
      type === "Trial" ? "accepted; a trial account texts only to verified numbers" : "accepted",
    );
  } catch (thrown) {
    const { status, code, message } = thrown as { status?: number; code?: number; message: string };
    if (status === 401 || status === 403 || code === 20003) {
      return bad(
        "credentials",
        "Twilio does not accept them: no text is sent or received",
        "copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the front page of Twilio's console",
      );
    }
    return bad("credentials", `Twilio could not be asked: ${message}`, "check the network and TWILIO_API_URL");
  }
}

async function examineNumber(client: TwilioClient, config: SmsAdapterConfig): Promise<Finding[]> {
  try {
    const [number] = await client.incomingPhoneNumbers.list({ phoneNumber: config.from, limit: 1 });
    if (number === undefined) {
      return [
        bad(
          "number",
          `${config.from} is no number of this account: no text is sent`,
          "set TWILIO_FROM to one of the account's numbers, or to a messaging service",
        ),
      ];
    }
    // The SDK types this as fields of its own; Twilio sends `sms`.
    const capabilities = number.capabilities as unknown as { sms?: boolean };
    if (capabilities.sms !== true) {
      return [bad("number", `${config.from} cannot text`, "buy a number with the SMS capability in Twilio's console")];
    }
    return [
      good("number", config.from),
      examineWebhook(config, number.smsUrl, number.smsMethod, `Phone Numbers, ${config.from}, Messaging`),
    ];
  } catch (thrown) {
    return [bad("number", `could not be looked up: ${(thrown as Error).message}`, "try again")];
  }
}

async function examineService(client: TwilioClient, config: SmsAdapterConfig): Promise<Finding[]> {
  try {
    const service = await client.messaging.v1.services(config.from).fetch();
    const found = good("service", service.friendlyName);
    if (service.useInboundWebhookOnNumber) {
      return [found, good("webhook", "each number's own; see the numbers in Twilio's console")];
    }
    const where = `Messaging, Services, ${service.friendlyName}, Integration`;
    return [found, examineWebhook(config, service.inboundRequestUrl, service.inboundMethod, where)];
  } catch (thrown) {
    const { status, message } = thrown as { status?: number; message: string };
    if (status !== 404) return [bad("service", `could not be looked up: ${message}`, "try again")];
    return [
      bad(
        "service",
        `${config.from} is no messaging service of this account: no text is sent`,
        "set TWILIO_FROM to one that begins with MG, or to a number",
      ),
    ];
  }
}

function examineWebhook(config: SmsAdapterConfig, url: string | null, method: string | null, where: string): Finding {
  if (config.publicUrl === null)
    return good("webhook", "none without PUBLIC_URL; the list of messages is fetched every 10 s");
  const wanted = `${config.publicUrl}/sms/inbound`;
  const remedy = `Twilio's console, ${where}: "A message comes in", Webhook, ${wanted}, HTTP POST`;
  if (url !== wanted)
    return bad("webhook", `Twilio calls ${url || "nobody"} when a text comes: it is heard minutes later`, remedy);
  if (method !== null && method.toUpperCase() !== "POST")
    return bad("webhook", `Twilio calls it with ${method}`, remedy);
  return good("webhook", wanted);
}

/** Asks as a stranger would: the right program refuses what is not signed, in its own words. */
async function examineAddress({ publicUrl }: SmsAdapterConfig): Promise<Finding> {
  if (publicUrl === null) {
    return bad(
      "address",
      "PUBLIC_URL is not set: texts are heard up to 10 s late, and nothing is known of their delivery",
      "set PUBLIC_URL to the https address under which Twilio reaches this bot",
    );
  }
  const remedy =
    "PUBLIC_URL is the address as Twilio calls it: scheme, host and path of the proxy or tunnel, which leads to PORT";
  try {
    const response = await fetch(`${publicUrl}/sms/inbound`, { method: "POST", signal: AbortSignal.timeout(REACH_MS) });
    if (response.status === 400 && (await response.text()) === UNSIGNED) {
      const plain = publicUrl.startsWith("http:") ? "; without https anybody on the way reads the texts" : "";
      return good("address", `${publicUrl} leads here${plain}`);
    }
    return bad("address", `${publicUrl} leads to something else (${response.status}): Twilio's calls are lost`, remedy);
  } catch (thrown) {
    return bad("address", `${publicUrl} cannot be reached from here (${(thrown as Error).message})`, remedy);
  }
}
