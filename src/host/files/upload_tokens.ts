import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** As Convex: an upload URL is good for one hour, as often as wanted. */
const lifetimeMs = 60 * 60 * 1000;

/** Signed, not stored: generating an upload URL writes nothing and the token outlives a restart. */
export class UploadTokens {
  readonly #secret: Buffer;
  readonly #now: () => number;

  constructor(secret: Buffer, now: () => number) {
    this.#secret = secret;
    this.#now = now;
  }

  create(component: string): string {
    // The random part makes every URL differ, so that one in a log cannot be mistaken for another.
    const claims = [component, this.#now() + lifetimeMs, randomBytes(6).toString("base64url")];
    const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
    return `${payload}.${this.#sign(payload)}`;
  }

  read(token: string): string | null {
    const dot = token.indexOf(".");
    if (dot < 0) return null;
    const payload = token.slice(0, dot);
    const expected = Buffer.from(this.#sign(payload));
    const given = Buffer.from(token.slice(dot + 1));
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) return null;
    const [component, expiresMs] = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as [string, number];
    return expiresMs > this.#now() ? component : null;
  }

  #sign(payload: string): string {
    return createHmac("sha256", this.#secret).update(payload).digest("base64url");
  }
}
