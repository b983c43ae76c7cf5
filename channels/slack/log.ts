/** What the adapter has to say about itself. The libraries' own words go the same way, so that nothing is written to stdout. */

import type { LogLevel, Logger as SlackLogger } from "@slack/logger";

export type Level = "debug" | "info" | "warn" | "error";
export type Log = (level: Level, message: string, about?: Record<string, unknown>) => void;

/** The libraries warn about what this adapter handles itself, so their words are for debugging. */
export function slackLogger(log: Log): SlackLogger {
  const say =
    (level: Level) =>
    (...parts: unknown[]) =>
      log(level, parts.map((part) => (part instanceof Error ? part.message : String(part))).join(" "), {
        from: "slack",
      });
  return {
    debug: () => {},
    info: say("debug"),
    warn: say("debug"),
    error: say("debug"),
    getLevel: () => "info" as LogLevel,
    setLevel: () => {},
    setName: () => {},
  };
}
