/** Who a test pretends to be. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { UserIdentity } from "convex/server";
import { convexToJson, type Value } from "convex/values";
import type { Identity } from "../engine/types.ts";

/** What is missing of issuer, subject and tokenIdentifier is made up, always the same for the same attributes. */
export function fullIdentity(identity: Partial<UserIdentity>): Identity {
  const subject = identity.subject ?? createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  const issuer = identity.issuer ?? "https://convex.test";
  const tokenIdentifier = identity.tokenIdentifier ?? `${issuer}|${subject}`;
  return convexToJson({ ...identity, subject, issuer, tokenIdentifier } as Value) as Identity;
}

/** An unsigned token with the identity's attributes as claims. */
export function unsignedToken(identity: Identity): string | null {
  if (identity === null) return null;
  const { subject, issuer, tokenIdentifier: _, ...claims } = identity;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part({ ...claims, iss: issuer, sub: subject })}.`;
}
