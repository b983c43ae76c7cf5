/** Slack's rate limits: one post a second per channel with a short burst, and tiers of calls a minute per method. */
import type { Clock } from "../clock.ts";

const TIERS = { 1: 1, 2: 20, 3: 50, 4: 100, high: 600 } as const;
type Tier = keyof typeof TIERS;

/** What is not named here is tier 3. */
const METHOD_TIERS: Record<string, Tier> = {
  "api.test": "high",
  "auth.test": "high",
  // Tier 1 in the documentation; a client that reconnects calls it more often than once a minute and is let.
  "apps.connections.open": 2,
  "assistant.threads.setStatus": "high",
  "bots.info": 3,
  "chat.appendStream": 4,
  "chat.postEphemeral": 4,
  "chat.startStream": 2,
  "chat.stopStream": 2,
  "conversations.list": 2,
  "conversations.members": 4,
  "files.completeUploadExternal": 4,
  "files.getUploadURLExternal": 4,
  "files.info": 4,
  "users.info": 4,
  "users.list": 2,
  "views.open": 4,
  "views.publish": 4,
  "views.push": 4,
  "views.update": 4,
};

/** "Short bursts are allowed", says Slack, and does not say how long. */
const POST_BURST = 5;

interface Bucket {
  left: number;
  at: number;
}

export interface RateLimits {
  /** null: go on. Otherwise the seconds to wait, at least one. */
  take(method: string, channel: string | null): number | null;
  reset(): void;
}

export function createRateLimits(clock: Clock): RateLimits {
  const buckets = new Map<string, Bucket>();

  function spend(key: string, burst: number, perSecond: number): number | null {
    const now = clock.now();
    const bucket = buckets.get(key) ?? { left: burst, at: now };
    bucket.left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    buckets.set(key, bucket);
    if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond));
    bucket.left -= 1;
    return null;
  }

  return {
    take(method, channel) {
      if (method === "chat.postMessage") return spend(`post:${channel ?? ""}`, POST_BURST, 1);
      const perMinute = TIERS[METHOD_TIERS[method] ?? 3];
      return spend(method, perMinute, perMinute / 60);
    },
    reset: () => buckets.clear(),
  };
}
