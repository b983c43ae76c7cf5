/** What an app may answer to an inbound message: `<Response><Message>…</Message></Response>`. */

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const plainText = (text: string): string =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name.toLowerCase()] ?? whole;
  });

/** Null: no TwiML; Twilio logs 12100 and sends nothing. */
export function twimlMessages(body: string): string[] | null {
  const text = body.trim().replace(/^<\?xml[^>]*\?>\s*/, "");
  if (/^<Response\s*\/>$/.test(text)) return [];
  const inner = /^<Response>([\s\S]*)<\/Response>$/.exec(text)?.[1];
  if (inner === undefined) return null;
  return [...inner.matchAll(/<Message[^>]*>([\s\S]*?)<\/Message>/g)].map(([, message]) => {
    const parts = [...message!.matchAll(/<Body>([\s\S]*?)<\/Body>/g)].map(([, part]) => part!);
    return plainText((parts.length > 0 ? parts.join("") : message!).trim());
  });
}
