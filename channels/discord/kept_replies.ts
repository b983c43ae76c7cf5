/**
 * Interactions that wait for their reply, kept over the end of the process: a line each in a file that only the bot's own user reads.
 * With its token a deferred reply can be filled in again after a crash, which leaves one reply however often it is done. The tokens
 * work for a quarter of an hour and for that one interaction; they are neither logged nor told to the backend.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import type { Ack, Origin } from "./parse.ts";

export interface KeptReply {
  inboundId: string;
  origin: Origin;
  ack: Ack;
  expiresAt: number;
}

export interface KeptReplies {
  /** What was kept before this process and still works, oldest first. */
  earlier(now: number): KeptReply[];
  /** Before Discord is answered, so that there is no answered interaction whose token is lost. */
  keep(reply: KeptReply): void;
}

/** Then what works no more is left out of the file. */
const COMPACT_AFTER = 500;

/** `file` null: nothing outlives the process. `failed`: kept or not, the bot goes on. */
export function createKeptReplies(file: string | null, failed: (error: Error) => void): KeptReplies {
  if (file === null) return { earlier: () => [], keep: () => {} };
  let lines = 0;
  const write = (deed: () => void): void => {
    try {
      deed();
    } catch (thrown) {
      failed(thrown as Error);
    }
  };

  function compact(now: number): KeptReply[] {
    const working = read(file!).filter(({ expiresAt }) => expiresAt > now);
    write(() => writeFileSync(file!, working.map((reply) => `${JSON.stringify(reply)}\n`).join(""), { mode: 0o600 }));
    lines = working.length;
    return working;
  }

  return {
    earlier: compact,
    keep(reply) {
      if (lines >= COMPACT_AFTER) compact(reply.expiresAt - KEPT_MS);
      lines += 1;
      write(() => appendFileSync(file, `${JSON.stringify(reply)}\n`, { mode: 0o600 }));
    },
  };
}

/** How long a token is of use: Discord gives 15 minutes from the press. */
export const KEPT_MS = 14.5 * 60_000;

function read(file: string): KeptReply[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line): KeptReply[] => {
    try {
      const reply = JSON.parse(line) as KeptReply;
      return typeof reply.expiresAt === "number" && typeof reply.origin?.token === "string" ? [reply] : [];
    } catch {
      // The line at which the process ended, or none.
      return [];
    }
  });
}
