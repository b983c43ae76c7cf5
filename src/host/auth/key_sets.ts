import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import { createLocalJWKSet } from "jose/jwks/local";
import { createRemoteJWKSet } from "jose/jwks/remote";
import { importJWK } from "jose/key/import";
import type { AuthProvider } from "../engine/types.ts";
import { AuthFailure } from "./failure.ts";

/** A token signed with a key we do not know makes us look for new keys, at most this often: strangers must not make us ask for ever. */
const COOLDOWN_MS = 5_000;
/** A key that its provider no longer publishes is believed no longer than this. */
const MAX_AGE_MS = 10 * 60_000;

/** Where a provider's public keys come from; resolved once and kept, asked again after a failure. */
export class KeySet {
  readonly #provider: AuthProvider;
  #keys: Promise<JWTVerifyGetKey> | null = null;

  constructor(provider: AuthProvider) {
    this.#provider = provider;
    // A data URI that cannot be read is a mistake in auth.config.ts: say so at the start, not at the first call.
    if (provider.type === "customJwt" && provider.jwks.startsWith("data:")) {
      this.#keys = Promise.resolve(fromDataUri(provider.jwks));
    }
  }

  get(): Promise<JWTVerifyGetKey> {
    if (this.#keys === null) {
      const keys = this.#load();
      keys.catch(() => {
        if (this.#keys === keys) this.#keys = null;
      });
      this.#keys = keys;
    }
    return this.#keys;
  }

  async #load(): Promise<JWTVerifyGetKey> {
    const provider = this.#provider;
    const url = provider.type === "customJwt" ? provider.jwks : await discover(provider.domain);
    return createRemoteJWKSet(new URL(url), { cooldownDuration: COOLDOWN_MS, cacheMaxAge: MAX_AGE_MS });
  }
}

/**
 * Throws, naming the provider, when its keys can never be had: an address that is none, a data URI without a key set, a key that is
 * none. An address that does not answer now is no such mistake; it is asked again at the next token.
 */
export async function checkProviders(providers: AuthProvider[]): Promise<void> {
  for (const provider of providers) {
    const name = provider.type === "customJwt" ? provider.issuer : provider.domain;
    try {
      if (provider.type === "oidc") new URL(withScheme(provider.domain));
      else if (provider.jwks.startsWith("data:")) {
        for (const key of readKeySet(provider.jwks).keys) await importJWK(key, key.alg ?? provider.algorithm);
      } else new URL(provider.jwks);
    } catch (error) {
      throw new Error(`the keys of provider ${name} cannot be used: ${error instanceof Error ? error.message : error}`);
    }
  }
}

/** `data:application/json;base64,…`, `data:application/json;charset=utf-8,…` or percent-encoded. */
export function fromDataUri(uri: string): JWTVerifyGetKey {
  return createLocalJWKSet(readKeySet(uri));
}

function readKeySet(uri: string): JSONWebKeySet {
  const comma = uri.indexOf(",");
  const problem = "The jwks of a customJwt provider in auth.config.ts is not a data URI with a JSON Web Key Set";
  if (comma < 0) throw new Error(problem);
  const payload = uri.slice(comma + 1);
  try {
    const text = uri.slice(0, comma).endsWith(";base64")
      ? Buffer.from(payload, "base64").toString("utf8")
      : decodeURIComponent(payload);
    const keySet = JSON.parse(text) as JSONWebKeySet;
    createLocalJWKSet(keySet);
    return keySet;
  } catch (error) {
    throw new Error(`${problem}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function discover(domain: string): Promise<string> {
  const url = `${withScheme(domain).replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    const body: unknown = await response.json();
    const uri = (body as { jwks_uri?: unknown } | null)?.jwks_uri;
    if (!response.ok || typeof uri !== "string") throw new Error(`status ${response.status}, no jwks_uri`);
    return uri;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AuthFailure("AuthProviderDiscoveryFailed", `Auth provider discovery of ${url} failed: ${reason}`);
  }
}

export function withScheme(domain: string): string {
  return /^https?:\/\//.test(domain) ? domain : `https://${domain}`;
}
