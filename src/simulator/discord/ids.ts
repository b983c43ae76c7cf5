/** Snowflakes: time in the upper bits, so they sort like time. Kept over restarts, never the same twice. */
import { createHash } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { Collection } from "../store.ts";

const EPOCH_MS = 1_420_070_400_000;

export interface DiscordIds {
  next(): string;
  /** Unguessable to a caller, the same for the same seed. */
  secret(purpose: string): string;
}

export function createDiscordIds(clock: Clock, last: Collection<{ id: string }>, seed: string): DiscordIds {
  let latest = BigInt(last.get("last")?.id ?? "0");
  return {
    next() {
      const now = snowflakeAt(clock.now());
      latest = now > latest ? now : latest + 1n;
      last.put("last", { id: String(latest) });
      return String(latest);
    },
    secret: (purpose) => createHash("sha256").update(`${seed}:${purpose}`).digest("base64url"),
  };
}

export const snowflakeAt = (ms: number): bigint => BigInt(Math.max(0, Math.floor(ms) - EPOCH_MS)) << 22n;
export const timeOf = (id: string): number => Number(BigInt(id) >> 22n) + EPOCH_MS;
/** Like time. */
export const compareIds = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
