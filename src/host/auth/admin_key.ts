import { createHash, timingSafeEqual } from "node:crypto";
import type { JsonObject } from "../store/types.ts";
import { AuthFailure } from "./failure.ts";

/**
 * Reads what follows `Convex ` in an Authorization header: the admin key, or `<key>:<base64 of an identity's JSON>` to act as a user.
 * Returns that identity, null for the bare key. Throws AuthFailure for anything else.
 */
export function readAdminKey(value: string, adminKey: string): JsonObject | null {
  // The key itself may hold colons, so the whole value is tried first and then the last colon splits.
  if (same(value, adminKey)) return null;
  const colon = value.lastIndexOf(":");
  if (colon > 0 && same(value.slice(0, colon), adminKey)) return actingAs(value.slice(colon + 1));
  throw badKey();
}

/** Fills in what `ctx.auth.getUserIdentity()` promises. */
export function completeIdentity(attributes: JsonObject): JsonObject {
  const issuer = typeof attributes.issuer === "string" ? attributes.issuer : "https://convex.test";
  const subject = typeof attributes.subject === "string" ? attributes.subject : "admin";
  const tokenIdentifier =
    typeof attributes.tokenIdentifier === "string" ? attributes.tokenIdentifier : `${issuer}|${subject}`;
  return { ...attributes, issuer, subject, tokenIdentifier };
}

function actingAs(encoded: string): JsonObject {
  try {
    const value: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return completeIdentity(value as JsonObject);
    }
  } catch {
    // told below
  }
  throw new AuthFailure(
    "BadDeployKey",
    "The identity to act as, after the deploy key, is not base64 of a JSON object.",
  );
}

function badKey(): AuthFailure {
  return new AuthFailure(
    "BadDeployKey",
    "The provided deploy key was invalid for deployment. Double check that the environment this key was generated for " +
      "matches the desired deployment.",
  );
}

function same(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
