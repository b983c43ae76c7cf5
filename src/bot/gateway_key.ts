/**
 * The gateway's identity: an ES256 key of its own and the short-lived tokens signed with it. The backend knows the public half
 * (`FACTORY_GATEWAY_JWKS`), and nothing else may call it (I9).
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { SignJWT } from "jose/jwt/sign";
import { exportJWK } from "jose/key/export";
import { generateKeyPair } from "jose/key/generate/keypair";
import { importJWK } from "jose/key/import";
import { FactoryError } from "../contract/errors.ts";

export const GATEWAY = { issuer: "https://factory.invalid/gateway", subject: "gateway", audience: "factory" } as const;

/** Short, because a token cannot be called back; the client asks for the next one before it ends. */
const TOKEN_LIFE_S = 600;

export interface GatewayKey {
  /** `data:` address of the public half, the value of FACTORY_GATEWAY_JWKS; in the one form that Convex documents. */
  jwks: string;
  /** The private half as text, for `hide` of the logger. */
  secret: string;
  token(): Promise<string>;
}

export const gatewayKeyFile = (dataDir: string): string => join(dataDir, "gateway_key.json");

/** From FACTORY_GATEWAY_KEY, else from the data folder; null when there is none. */
export async function readGatewayKey(fromEnv: string | null, dataDir: string): Promise<GatewayKey | null> {
  if (fromEnv !== null) return gatewayKey(JSON.parse(fromEnv) as JWK, "FACTORY_GATEWAY_KEY");
  const file = gatewayKeyFile(dataDir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unusable(file, thrown);
  }
  try {
    return await gatewayKey(JSON.parse(text) as JWK, file);
  } catch (thrown) {
    throw unusable(file, thrown);
  }
}

/** Like `readGatewayKey`, and makes one in the data folder when there is none. The caller holds the folder. */
export async function ensureGatewayKey(fromEnv: string | null, dataDir: string): Promise<GatewayKey> {
  const known = await readGatewayKey(fromEnv, dataDir);
  if (known !== null) return known;
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk = await exportJWK(privateKey);
  writeFileSync(gatewayKeyFile(dataDir), `${JSON.stringify({ ...jwk, alg: "ES256" })}\n`, { mode: 0o600 });
  return gatewayKey(jwk, gatewayKeyFile(dataDir));
}

async function gatewayKey(jwk: JWK, source: string): Promise<GatewayKey> {
  const { kty, crv, x, y } = jwk;
  const kid = await calculateJwkThumbprint({ kty, crv, x, y } as JWK);
  const key = await importJWK(jwk, "ES256").catch((thrown: unknown) => {
    throw unusable(source, thrown);
  });
  const jwks = { keys: [{ kty, crv, x, y, kid, alg: "ES256", use: "sig" }] };
  return {
    jwks: `data:text/plain;charset=utf-8;base64,${Buffer.from(JSON.stringify(jwks)).toString("base64")}`,
    secret: String(jwk.d),
    token: () =>
      new SignJWT({})
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid })
        .setIssuer(GATEWAY.issuer)
        .setSubject(GATEWAY.subject)
        .setAudience(GATEWAY.audience)
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_LIFE_S}s`)
        .sign(key),
  };
}

function unusable(source: string, thrown: unknown): FactoryError {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new FactoryError("invalid_input", `the gateway's key in ${source} cannot be used: ${reason}`, {
    field: source,
    remedy: "restore it from a copy; or remove it, and with CONVEX_URL set FACTORY_GATEWAY_JWKS of the backend anew",
    cause: thrown,
  });
}
