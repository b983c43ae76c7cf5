/** The SDK, pointed where it is to speak to: its own settings for edge and region cannot leave twilio.com. */
import twilio from "twilio";

export interface ClientOptions {
  accountSid: string;
  authToken: string;
  /** Null: Twilio itself. */
  apiUrl: string | null;
}

export type TwilioClient = ReturnType<typeof twilio>;

/** Longer than Twilio takes, shorter than a delivery's lease. */
const TIMEOUT_MS = 12_000;

export function createClient({ accountSid, authToken, apiUrl }: ClientOptions): TwilioClient {
  // 429 only, so nothing is sent twice by it.
  const options = { autoRetry: true, timeout: TIMEOUT_MS };
  if (apiUrl === null) return twilio(accountSid, authToken, options);
  const base = new URL(apiUrl);
  const plain = new twilio.RequestClient(options);
  const httpClient = Object.create(plain) as twilio.RequestClient;
  httpClient.request = (request) => {
    const uri = new URL(request.uri);
    const moved = new URL(base);
    moved.pathname = `${base.pathname.replace(/\/$/, "")}${uri.pathname}`;
    moved.search = uri.search;
    return plain.request({ ...request, uri: moved.href });
  };
  return twilio(accountSid, authToken, { ...options, httpClient });
}
