import type { Json, JsonObject } from "../store/types.ts";

/** Claims of the token's own life: never part of who the user is, so a renewed token is the same identity. */
const protocolClaims = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

/** OpenID Connect claim → field of Convex's UserIdentity. */
const oidcFields: Record<string, string> = {
  name: "name",
  given_name: "givenName",
  family_name: "familyName",
  nickname: "nickname",
  preferred_username: "preferredUsername",
  profile: "profileUrl",
  picture: "pictureUrl",
  website: "websiteUrl",
  email: "email",
  email_verified: "emailVerified",
  gender: "gender",
  birthdate: "birthday",
  zoneinfo: "timezone",
  locale: "language",
  phone_number: "phoneNumber",
  phone_number_verified: "phoneNumberVerified",
};

/** Fields no claim may overwrite. */
const reserved = new Set(["tokenIdentifier", "issuer", "subject"]);

/** customJwt: every claim under its own name, nested objects flattened to `"outer.inner"`, as Convex does. */
export function identityFromCustomJwt(issuer: string, subject: string, claims: JsonObject): JsonObject {
  const identity: JsonObject = base(issuer, subject);
  for (const [name, value] of Object.entries(claims)) {
    if (!protocolClaims.has(name)) flatten(name, value, identity);
  }
  return identity;
}

/** OIDC: standard claims under Convex's names, the rest as they are. */
export function identityFromOidc(issuer: string, subject: string, claims: JsonObject): JsonObject {
  const identity: JsonObject = base(issuer, subject);
  for (const [name, value] of Object.entries(claims)) {
    if (protocolClaims.has(name)) continue;
    const field = oidcFields[name];
    if (field !== undefined) identity[field] = value;
    else if (name === "address") setAddress(identity, value);
    else if (name === "updated_at") identity.updatedAt = updatedAt(value);
    else if (!reserved.has(name)) identity[name] = value;
  }
  return identity;
}

/** One string per identity, for sharing results between sockets of the same user. */
export function identityKey(identity: JsonObject | null): string {
  if (identity === null) return "";
  return JSON.stringify(
    Object.keys(identity)
      .sort()
      .map((name) => [name, identity[name]]),
  );
}

function base(issuer: string, subject: string): JsonObject {
  return { tokenIdentifier: `${issuer}|${subject}`, issuer, subject };
}

function flatten(path: string, value: Json, into: JsonObject): void {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    for (const [name, inner] of Object.entries(value)) flatten(`${path}.${name}`, inner, into);
  } else if (!reserved.has(path)) {
    into[path] = value;
  }
}

function setAddress(identity: JsonObject, value: Json): void {
  if (typeof value === "string") identity.address = value;
  else if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    if (typeof value.formatted === "string") identity.address = value.formatted;
  }
}

function updatedAt(value: Json): Json {
  if (typeof value !== "number") return value;
  const date = new Date(value * 1000);
  return Number.isNaN(date.getTime()) ? value : date.toISOString();
}
