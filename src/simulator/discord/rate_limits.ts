/** Buckets as Discord counts them: one for each route and channel, told in headers; above it 429, and 429 for all on order. */
import type { Clock } from "../clock.ts";
import type { SimReply } from "../http.ts";

export interface Limit {
  limit: number;
  perMs: number;
}

export interface RateLimits {
  /** Counts one request. `refusal` not null: it is over the limit. */
  count(route: string, major: string): { headers: Record<string, string>; refusal: SimReply | null };
}

/** A message route allows five in five seconds; the rest is not what a bot meets first. */
export const LIMITS: Record<string, Limit> = {
  "messages.create": { limit: 5, perMs: 5_000 },
  "messages.edit": { limit: 5, perMs: 5_000 },
  "threads.create": { limit: 50, perMs: 300_000 },
  default: { limit: 50, perMs: 1_000 },
};

export function createRateLimits(clock: Clock, limits: Record<string, Limit>): RateLimits {
  const buckets = new Map<string, { left: number; resetAt: number }>();
  return {
    count(route, major) {
      const known = limits[route] ?? limits.default ?? { limit: 50, perMs: 1_000 };
      const key = `${route}:${major}`;
      const now = clock.now();
      let bucket = buckets.get(key);
      if (bucket === undefined || bucket.resetAt <= now) {
        bucket = { left: known.limit, resetAt: now + known.perMs };
        buckets.set(key, bucket);
      }
      const over = bucket.left <= 0;
      if (!over) bucket.left--;
      const afterS = (bucket.resetAt - now) / 1000;
      const headers = {
        "x-ratelimit-limit": String(known.limit),
        "x-ratelimit-remaining": String(bucket.left),
        "x-ratelimit-reset": (bucket.resetAt / 1000).toFixed(3),
        "x-ratelimit-reset-after": afterS.toFixed(3),
        "x-ratelimit-bucket": Buffer.from(route).toString("hex").slice(0, 32),
      };
      return { headers, refusal: over ? tooMany(afterS, "user", headers) : null };
    },
  };
}

export function tooMany(
  retryAfterS: number,
  scope: "user" | "global" | "shared",
  headers: Record<string, string> = {},
): SimReply {
  return {
    status: 429,
    headers: {
      ...headers,
      "retry-after": String(retryAfterS),
      "x-ratelimit-scope": scope,
      ...(scope === "global" ? { "x-ratelimit-global": "true" } : {}),
    },
    body: { message: "You are being rate limited.", retry_after: retryAfterS, global: scope === "global" },
  };
}
