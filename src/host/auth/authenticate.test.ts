import { describe, expect, test } from "vitest";
import { Authenticator, anonymous } from "./authenticate.ts";
import { AuthFailure } from "./failure.ts";
import { identityFromOidc, identityKey } from "./identity.ts";

const adminKey = "host|0123:456";
const identity = { tokenIdentifier: "i|s", issuer: "i", subject: "s" };
const authenticator = new Authenticator(
  {
    async verify(token) {
      if (token !== "good") throw new AuthFailure("Unauthenticated", "no");
      return { identity, expiresAtMs: 5 };
    },
  },
  adminKey,
);

describe("the Authorization header", () => {
  test("absent -> anonymous", async () => {
    expect(await authenticator.fromHeader(undefined)).toBe(anonymous);
  });
  test("Bearer -> the token's identity, not an admin", async () => {
    const found = await authenticator.fromHeader("Bearer good");
    expect(found.caller).toEqual({ identity, isAdmin: false, authToken: "good" });
    expect(found.expiresAtMs).toBe(5);
  });
  test("Convex <key> -> admin without identity; the key may hold a colon", async () => {
    const { caller } = await authenticator.fromHeader(`Convex ${adminKey}`);
    expect(caller).toEqual({ identity: null, isAdmin: true });
  });
  test("Convex <key>:<identity> -> admin acting as that user, completed", async () => {
    const acting = Buffer.from(JSON.stringify({ subject: "ada", name: "Ada" })).toString("base64");
    const { caller } = await authenticator.fromHeader(`Convex ${adminKey}:${acting}`);
    expect(caller.isAdmin).toBe(true);
    expect(caller.identity).toMatchObject({ subject: "ada", name: "Ada", tokenIdentifier: "https://convex.test|ada" });
  });
  test.each([
    "Bearer bad",
    "Bearer",
    "Bearer ",
    "Basic abc",
    "good",
    "Convex wrong",
    `Convex ${adminKey}x`,
    `Convex ${adminKey}:%%%`,
    `Convex ${adminKey}:${Buffer.from("[1]").toString("base64")}`,
    "Convex wrong:e30=",
  ])("%j -> refused", async (header) => {
    await expect(authenticator.fromHeader(header)).rejects.toBeInstanceOf(AuthFailure);
  });
});

test("an empty admin key is refused: it would open everything", () => {
  expect(() => new Authenticator({ verify: async () => ({ identity, expiresAtMs: 0 }) }, "")).toThrow();
});

test("OIDC claims come under Convex's names", () => {
  const claims = { sub: "s", iss: "i", exp: 1, given_name: "Ada", email_verified: true, updated_at: 0, team: "x" };
  expect(identityFromOidc("i", "s", claims)).toEqual({
    ...identity,
    givenName: "Ada",
    emailVerified: true,
    updatedAt: "1970-01-01T00:00:00.000Z",
    team: "x",
  });
});

test("the key of an identity does not depend on the order of its claims", () => {
  expect(identityKey({ a: 1, b: 2 })).toBe(identityKey({ b: 2, a: 1 }));
  expect(identityKey({ a: 1 })).not.toBe(identityKey({ a: 2 }));
});
