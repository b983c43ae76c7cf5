import { hash } from "node:crypto";
import { decodeProtectedHeader } from "jose/decode/protected_header";
import { decodeJwt } from "jose/jwt/decode";
import { jwtVerify } from "jose/jwt/verify";
import type { AuthProvider } from "../engine/types.ts";
import type { JsonObject } from "../store/types.ts";
import { AuthFailure } from "./failure.ts";
import { identityFromCustomJwt, identityFromOidc } from "./identity.ts";
import { KeySet, withScheme } from "./key_sets.ts";

export interface VerifiedToken {
  identity: JsonObject;
  /** When it stops being good, tolerance included; ms since 1970. */
  expiresAtMs: number;
}

export interface TokenVerifier {
  /** Throws AuthFailure for every token that is not good now. */
  verify(token: string): Promise<VerifiedToken>;
}

export interface TokenVerifierOptions {
  providers: AuthProvider[];
  /** Clocks may differ by this much. Default 5 s. */
  clockToleranceMs?: number;
  /** ms since 1970; injectable for tests. */
  now?: () => number;
}

/** Verified tokens kept, so that a call costs a hash and not a signature check. */
const cacheSize = 2000;

export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const now = options.now ?? Date.now;
  const toleranceMs = options.clockToleranceMs ?? 5_000;
  const providers = options.providers.map((provider) => ({ provider, keys: new KeySet(provider) }));
  const verified = new Map<string, VerifiedToken>();

  async function check(token: string): Promise<VerifiedToken> {
    const { issuer, audiences } = unverifiedClaims(token);
    const found = providers.filter(({ provider }) => fits(provider, issuer, audiences));
    if (found.length === 0) throw noProvider(options.providers, issuer, audiences);
    let failure: unknown;
    for (const { provider, keys } of found) {
      try {
        return await verifyWith(token, provider, keys, now(), toleranceMs);
      } catch (error) {
        failure = error;
      }
    }
    throw failure instanceof AuthFailure ? failure : refused(found[0]!.provider);
  }

  return {
    async verify(token) {
      const key = hash("sha256", token, "base64");
      const known = verified.get(key);
      if (known !== undefined) {
        if (known.expiresAtMs > now()) return known;
        verified.delete(key);
      }
      const result = await check(token);
      if (verified.size >= cacheSize) verified.delete(verified.keys().next().value!);
      verified.set(key, result);
      return result;
    },
  };
}

async function verifyWith(
  token: string,
  provider: AuthProvider,
  keys: KeySet,
  nowMs: number,
  toleranceMs: number,
): Promise<VerifiedToken> {
  const { payload } = await jwtVerify(token, await keys.get(), {
    // Exactly what the provider declares; "none" and HMAC are in no list.
    algorithms: provider.type === "customJwt" ? [provider.algorithm] : ["RS256", "ES256"],
    audience: provider.applicationID,
    requiredClaims: ["iss", "sub", "exp"],
    clockTolerance: toleranceMs / 1000,
    currentDate: new Date(nowMs),
  });
  const claims = payload as JsonObject & { iss: string; sub: string; exp: number };
  const identity =
    provider.type === "customJwt"
      ? identityFromCustomJwt(claims.iss, claims.sub, claims)
      : identityFromOidc(claims.iss, claims.sub, claims);
  return { identity, expiresAtMs: claims.exp * 1000 + toleranceMs };
}

/** Only to choose the provider; nothing here is believed until the signature is checked. */
function unverifiedClaims(token: string): { issuer: string; audiences: string[] } {
  try {
    decodeProtectedHeader(token);
    const { iss, aud } = decodeJwt(token);
    return {
      issuer: typeof iss === "string" ? iss : "",
      audiences: (Array.isArray(aud) ? aud : [aud]).filter((one): one is string => typeof one === "string"),
    };
  } catch {
    throw new AuthFailure("InvalidAuthHeader", "Could not parse as a JWT: three base64url parts joined by dots.");
  }
}

function fits(provider: AuthProvider, issuer: string, audiences: string[]): boolean {
  const known = provider.type === "customJwt" ? provider.issuer : withScheme(provider.domain);
  if (known.replace(/\/$/, "") !== issuer.replace(/\/$/, "")) return false;
  return provider.applicationID === undefined || audiences.includes(provider.applicationID);
}

function noProvider(providers: AuthProvider[], issuer: string, audiences: string[]): AuthFailure {
  const known =
    providers.length === 0
      ? "no providers configured"
      : providers
          .map((p) => `${p.type === "customJwt" ? p.issuer : p.domain} for ${p.applicationID ?? "any"}`)
          .join(", ");
  return new AuthFailure(
    "NoAuthProvider",
    `No auth provider found matching the given token (issuer ${JSON.stringify(issuer)}, audience ` +
      `${JSON.stringify(audiences)}; ${known}). Check convex/auth.config.ts.`,
  );
}

function refused(provider: AuthProvider): AuthFailure {
  const kind = provider.type === "customJwt" ? "token" : "OIDC token";
  return new AuthFailure(
    "Unauthenticated",
    `Could not verify ${kind} claim. Check that the token signature is valid and the token hasn't expired.`,
  );
}
