/** X-Twilio-Signature: HMAC-SHA1, base64, over the exact URL and the sorted fields. Written anew from the documentation, so that the SDK's own reading of it is tested. */
import { createHmac } from "node:crypto";

export function signatureOf(authToken: string, url: string, fields: Record<string, string>): string {
  const text = Object.keys(fields)
    .sort()
    .reduce((before, name) => before + name + fields[name], url);
  return createHmac("sha1", authToken).update(text, "utf8").digest("base64");
}
