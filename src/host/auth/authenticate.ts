import type { Caller } from "../engine/types.ts";
import type { JsonObject } from "../store/types.ts";
import { completeIdentity, readAdminKey } from "./admin_key.ts";
import { AuthFailure } from "./failure.ts";
import { identityKey } from "./identity.ts";
import type { TokenVerifier, VerifiedToken } from "./token_verifier.ts";

/** Who is calling, and until when that is known. */
export interface Credentials {
  caller: Pick<Caller, "identity" | "isAdmin" | "authToken">;
  /** ms since 1970; null: does not run out. */
  expiresAtMs: number | null;
  /** Equal keys see equal results. */
  key: string;
}

export const anonymous: Credentials = { caller: { identity: null, isAdmin: false }, expiresAtMs: null, key: "" };

/** Headers and `Authenticate` messages to credentials. Every method throws AuthFailure; none falls back to anonymous. */
export class Authenticator {
  readonly #verifier: TokenVerifier;
  readonly #adminKey: string;
  /** The verifier returns the same object for the same token: its key is built once. */
  readonly #users = new WeakMap<VerifiedToken, Credentials>();

  constructor(verifier: TokenVerifier, adminKey: string) {
    if (adminKey === "") throw new Error("The admin key must not be empty");
    this.#verifier = verifier;
    this.#adminKey = adminKey;
  }

  async fromHeader(header: string | undefined): Promise<Credentials> {
    if (header === undefined || header === "") return anonymous;
    const space = header.indexOf(" ");
    const scheme = (space < 0 ? header : header.slice(0, space)).toLowerCase();
    const value = space < 0 ? "" : header.slice(space + 1).trim();
    if (value !== "" && scheme === "bearer") return this.user(value);
    if (value !== "" && scheme === "convex") return this.admin(value);
    throw new AuthFailure("InvalidAuthHeader", 'Authorization must be "Bearer <token>" or "Convex <admin key>".');
  }

  async user(token: string): Promise<Credentials> {
    const verified = await this.#verifier.verify(token);
    let credentials = this.#users.get(verified);
    if (credentials === undefined) {
      const { identity, expiresAtMs } = verified;
      const caller = { identity, isAdmin: false, authToken: token };
      credentials = { caller, expiresAtMs, key: `user:${identityKey(identity)}` };
      this.#users.set(verified, credentials);
    }
    return credentials;
  }

  admin(value: string, impersonating?: JsonObject): Credentials {
    const named = readAdminKey(value, this.#adminKey);
    const identity = impersonating === undefined ? named : completeIdentity(impersonating);
    return { caller: { identity, isAdmin: true }, expiresAtMs: null, key: `admin:${identityKey(identity)}` };
  }
}
