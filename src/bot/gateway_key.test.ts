import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureGatewayKey, GATEWAY, gatewayKeyFile, readGatewayKey } from "./gateway_key.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "key-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const decode = (dataUri: string) =>
  JSON.parse(Buffer.from(dataUri.slice(dataUri.indexOf(",") + 1), "base64").toString()) as JSONWebKeySet;

test("a made key is kept for its owner only, and is the same next time", async () => {
  expect(await readGatewayKey(null, folder)).toBeNull();
  const first = await ensureGatewayKey(null, folder);
  expect(statSync(gatewayKeyFile(folder)).mode & 0o777).toBe(0o600);
  expect((await ensureGatewayKey(null, folder)).jwks).toBe(first.jwks);
});

test("a token verifies against the published half, for this issuer, subject and audience, and ends soon", async () => {
  const key = await ensureGatewayKey(null, folder);
  const { payload, protectedHeader } = await jwtVerify(await key.token(), createLocalJWKSet(decode(key.jwks)), {
    issuer: GATEWAY.issuer,
    subject: GATEWAY.subject,
    audience: GATEWAY.audience,
  });
  expect(protectedHeader.alg).toBe("ES256");
  expect(payload.exp! - payload.iat!).toBeLessThanOrEqual(3600);
});

test("the published half holds nothing private", async () => {
  const key = await ensureGatewayKey(null, folder);
  expect(decode(key.jwks).keys[0]).not.toHaveProperty("d");
  expect(key.jwks).not.toContain(key.secret);
});

test("a broken key file is one clear error, not a new key", async () => {
  writeFileSync(gatewayKeyFile(folder), "{");
  await expect(ensureGatewayKey(null, folder)).rejects.toMatchObject({ info: { code: "invalid_input" } });
});
