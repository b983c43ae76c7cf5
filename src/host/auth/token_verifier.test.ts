import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { AuthProvider } from "../engine/types.ts";
import { checkProviders } from "./key_sets.ts";
import { createTokenVerifier } from "./token_verifier.ts";

const issuer = "https://gateway.test";
const audience = "factory";
const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const nowSeconds = nowMs / 1000;

let provider: AuthProvider;
let sign: (claims?: JWTPayload, options?: { key?: CryptoKey; alg?: string; kid?: string }) => Promise<string>;
let stranger: CryptoKey;
let publicJwk: object;

beforeAll(async () => {
  const pair = await generateKeyPair("ES256");
  stranger = (await generateKeyPair("ES256")).privateKey;
  publicJwk = await exportJWK(pair.publicKey);
  const jwks = { keys: [{ ...publicJwk, kid: "one", alg: "ES256", use: "sig" }] };
  provider = {
    type: "customJwt",
    issuer,
    applicationID: audience,
    algorithm: "ES256",
    jwks: `data:application/json;base64,${Buffer.from(JSON.stringify(jwks)).toString("base64")}`,
  };
  sign = (claims = {}, options = {}) =>
    new SignJWT({ iss: issuer, aud: audience, sub: "gateway", iat: nowSeconds, exp: nowSeconds + 60, ...claims })
      .setProtectedHeader({ alg: options.alg ?? "ES256", kid: options.kid ?? "one" })
      .sign(options.key ?? pair.privateKey);
});

function verifier(providers: AuthProvider[] = [provider], now = () => nowMs) {
  return createTokenVerifier({ providers, now });
}

describe("a good token", () => {
  test("gives the identity as Convex does: issuer|subject, other claims by name, nested ones dotted, protocol claims left out", async () => {
    const token = await sign({ name: "Ada", roles: ["owner"], org: { id: 7, at: { city: "Paris" } }, jti: "x" });
    expect(await verifier().verify(token)).toEqual({
      identity: {
        tokenIdentifier: `${issuer}|gateway`,
        issuer,
        subject: "gateway",
        name: "Ada",
        roles: ["owner"],
        "org.id": 7,
        "org.at.city": "Paris",
      },
      expiresAtMs: nowMs + 65_000,
    });
  });

  test("a claim cannot overwrite who the user is", async () => {
    const token = await sign({ tokenIdentifier: "someone|else", subject: "else", issuer: "else" });
    const { identity } = await verifier().verify(token);
    expect(identity).toEqual({ tokenIdentifier: `${issuer}|gateway`, issuer, subject: "gateway" });
  });

  test("is good within the tolerance after its end, from the cache too, and refused after it", async () => {
    let now = nowMs;
    const one = verifier([provider], () => now);
    const token = await sign();
    const first = await one.verify(token);
    now = nowMs + 64_000;
    expect(await one.verify(token)).toBe(first);
    now = nowMs + 66_000;
    await expect(one.verify(token)).rejects.toThrow("hasn't expired");
  });

  test("several audiences, one of them ours -> accepted", async () => {
    await expect(verifier().verify(await sign({ aud: ["other", audience] }))).resolves.toBeDefined();
  });

  test("the provider names no applicationID -> any audience", async () => {
    const open: AuthProvider = { ...provider, applicationID: undefined } as AuthProvider;
    await expect(verifier([open]).verify(await sign({ aud: "whoever" }))).resolves.toBeDefined();
  });

  test("RS256, keys in a percent-encoded data URI", async () => {
    const pair = await generateKeyPair("RS256");
    const jwks = encodeURIComponent(JSON.stringify({ keys: [{ ...(await exportJWK(pair.publicKey)), kid: "r" }] }));
    const rsa: AuthProvider = {
      type: "customJwt",
      issuer,
      applicationID: audience,
      algorithm: "RS256",
      jwks: `data:application/json;charset=utf-8,${jwks}`,
    };
    const token = await sign({}, { key: pair.privateKey, alg: "RS256", kid: "r" });
    await expect(verifier([rsa]).verify(token)).resolves.toBeDefined();
    await expect(verifier([rsa]).verify(await sign())).rejects.toMatchObject({ code: "Unauthenticated" });
  });
});

describe("a token that is refused, never anonymous", () => {
  const refused: [string, string, () => Promise<string>][] = [
    ["expired", "Unauthenticated", () => sign({ exp: nowSeconds - 6 })],
    ["not yet valid", "Unauthenticated", () => sign({ nbf: nowSeconds + 60 })],
    ["without an end", "Unauthenticated", () => sign({ exp: undefined })],
    ["without a subject", "Unauthenticated", () => sign({ sub: undefined })],
    ["of another issuer", "NoAuthProvider", () => sign({ iss: "https://elsewhere.test" })],
    ["without an issuer", "NoAuthProvider", () => sign({ iss: undefined })],
    ["for another audience", "NoAuthProvider", () => sign({ aud: "another" })],
    ["without an audience", "NoAuthProvider", () => sign({ aud: undefined })],
    ["signed with another key", "Unauthenticated", () => sign({}, { key: stranger })],
    ["naming an unknown key", "Unauthenticated", () => sign({}, { kid: "two" })],
    ["alg none", "Unauthenticated", async () => `${encode({ alg: "none" })}.${(await sign()).split(".")[1]}.`],
    ["signed with the public key as an HMAC secret", "Unauthenticated", () => confused()],
    ["tampered payload", "Unauthenticated", async () => tampered(await sign())],
    ["signature cut off", "Unauthenticated", async () => `${(await sign()).split(".").slice(0, 2).join(".")}.`],
    ["empty", "InvalidAuthHeader", async () => ""],
    ["not a JWT", "InvalidAuthHeader", async () => "a.b"],
    ["not base64", "InvalidAuthHeader", async () => "***.***.***"],
  ];

  test.each(refused)("%s -> %s", async (_name, code, make) => {
    const one = verifier();
    const token = await make();
    await expect(one.verify(token)).rejects.toMatchObject({ name: "AuthFailure", code });
    // Not even the second time.
    await expect(one.verify(token)).rejects.toMatchObject({ name: "AuthFailure", code });
  });

  test("no providers are configured -> the message names the file to look at", async () => {
    await expect(verifier([]).verify(await sign())).rejects.toThrow("Check convex/auth.config.ts");
  });

  function encode(value: object): string {
    return Buffer.from(JSON.stringify(value)).toString("base64url");
  }
  function tampered(token: string): string {
    const [header, payload, signature] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload!, "base64url").toString());
    return `${header}.${encode({ ...claims, sub: "owner" })}.${signature}`;
  }
  async function confused(): Promise<string> {
    const [, payload] = (await sign()).split(".");
    const signed = `${encode({ alg: "HS256", kid: "one" })}.${payload}`;
    return `${signed}.${createHmac("sha256", JSON.stringify(publicJwk)).update(signed).digest("base64url")}`;
  }
});

test("a jwks that is no key set is refused at the start", () => {
  const broken = { ...provider, jwks: "data:application/json,{not json" } as AuthProvider;
  expect(() => createTokenVerifier({ providers: [broken] })).toThrow("auth.config.ts");
});

describe("keys from the network", () => {
  const served: Record<string, (base: string) => object> = {
    "/keys": () => ({ keys: [{ ...publicJwk, kid: "one", alg: "ES256", use: "sig" }] }),
    "/.well-known/openid-configuration": (base) => ({ issuer: base, jwks_uri: `${base}/keys` }),
  };
  let requests: string[];
  let server: Server;
  let base: string;

  beforeEach(async () => {
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.url!);
      const answer = served[request.url!];
      response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer?.(base) ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

  test("customJwt with a jwks URL: fetched once, used for every token", async () => {
    const one = verifier([{ ...provider, jwks: `${base}/keys` } as AuthProvider]);
    await one.verify(await sign());
    await one.verify(await sign({ sub: "other" }));
    expect(requests).toEqual(["/keys"]);
  });

  test("OIDC: keys found through discovery, claims under Convex's names", async () => {
    const one = verifier([{ type: "oidc", domain: base, applicationID: audience }]);
    const { identity } = await one.verify(await sign({ iss: base, email: "a@b.c", given_name: "Ada" }));
    expect(identity).toMatchObject({ tokenIdentifier: `${base}|gateway`, email: "a@b.c", givenName: "Ada" });
    expect(requests).toEqual(["/.well-known/openid-configuration", "/keys"]);
    await expect(one.verify(await sign({ iss: base }, { key: stranger }))).rejects.toThrow("OIDC token claim");
  });

  test("the provider changes its key -> tokens of the new one are good after one look, those of the old one soon no more", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const one = verifier([{ ...provider, jwks: `${base}/rotating` } as AuthProvider]);
      const next = await generateKeyPair("ES256");
      const nextJwk = { ...(await exportJWK(next.publicKey)), kid: "two", alg: "ES256", use: "sig" };
      let keys: object[] = [{ ...publicJwk, kid: "one", alg: "ES256", use: "sig" }];
      served["/rotating"] = () => ({ keys });
      await one.verify(await sign());
      keys = [nextJwk];
      vi.setSystemTime(Date.now() + 6_000);
      await one.verify(await sign({ sub: "new" }, { key: next.privateKey, kid: "two" }));
      await expect(one.verify(await sign({ sub: "old" }))).rejects.toThrow("Could not verify");
      expect(requests).toEqual(["/rotating", "/rotating"]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("a provider that does not answer -> refused with its address, and asked again the next time", async () => {
    const one = verifier([{ type: "oidc", domain: `${base}/wrong`, applicationID: audience }]);
    const token = await sign({ iss: `${base}/wrong` });
    await expect(one.verify(token)).rejects.toMatchObject({ code: "AuthProviderDiscoveryFailed" });
    await expect(one.verify(token)).rejects.toThrow(`${base}/wrong/.well-known/openid-configuration`);
    expect(requests).toHaveLength(2);
  });
});

describe("keys that can never be used are found at the start", () => {
  const provider = (jwks: string) =>
    ({ type: "customJwt", issuer: "https://known.test", jwks, algorithm: "ES256" }) as const;
  const json = (value: unknown) => `data:application/json,${encodeURIComponent(JSON.stringify(value))}`;

  test.each([
    ["no key set", json({}), /malformed|Key Set/i],
    ["not JSON", "data:,", /data URI/],
    ["no address", "no address", /Invalid URL/],
    ["a key that is none", json({ keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }] }), /./],
  ])("%s", async (_what, jwks, why) => {
    const failure = await checkProviders([provider(jwks)]).catch((error: unknown) => error as Error);
    expect((failure as Error).message).toMatch(/^the keys of provider https:\/\/known\.test cannot be used: /);
    expect((failure as Error).message).toMatch(why);
  });

  test("an empty key set, a real key and an address that may not answer now are fine", async () => {
    const { publicKey } = await generateKeyPair("ES256");
    const key = await exportJWK(publicKey);
    for (const jwks of [json({ keys: [] }), json({ keys: [key] }), "https://nobody.invalid/jwks.json"])
      await checkProviders([provider(jwks)]);
    await checkProviders([{ type: "oidc", domain: "login.invalid", applicationID: "x" }]);
  });
});
