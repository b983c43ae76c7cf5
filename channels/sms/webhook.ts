/** Twilio's requests: who sent them, and what is in them. Only a request with a right signature is looked into. */
import twilio from "twilio";
import type { WebhookRequest } from "../../src/contract/adapter.ts";

export type Verified =
  | { ok: true; fields: Record<string, string> }
  /** The status Twilio's own middleware answers, and why. */
  | { ok: false; status: 400 | 403; why: string };

/** What a caller without a signature is told; a set-up check knows by it that it has found this program. */
export const UNSIGNED = "the request has no signature of Twilio's";
const LARGEST_BODY = 64 * 1024;

/**
 * `publicUrl`: the address that platforms call; the one in the request is whatever a proxy made of it. Validates over all fields that
 * came, known or not.
 */
export async function verify(request: WebhookRequest, publicUrl: string, authToken: string): Promise<Verified> {
  const signature = request.headers["x-twilio-signature"];
  if (typeof signature !== "string" || signature === "") {
    return { ok: false, status: 400, why: UNSIGNED };
  }
  const body = await request.body();
  const fields = body.length > LARGEST_BODY ? null : readForm(Buffer.from(body).toString("utf8"));
  if (fields === null) return { ok: false, status: 400, why: "the body is no form of Twilio's" };
  const url = `${publicUrl}${request.path}${request.search}`;
  if (!twilio.validateRequest(authToken, signature, url, fields)) {
    return {
      ok: false,
      status: 403,
      why: "the signature does not fit; is PUBLIC_URL what stands in Twilio's console?",
    };
  }
  return { ok: true, fields };
}

/** Null when a field comes twice: Twilio sends none twice, and the signature would not tell which counts. */
function readForm(text: string): Record<string, string> | null {
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(fields, name)) return null;
    fields[name] = value;
  }
  return fields;
}
