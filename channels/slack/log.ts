/** The libraries' own words go the way of the adapter's, so that nothing is written to stdout. */

import type { LogLevel, Logger as SlackLogger } from "@slack/logger";
import type { Level, Log } from "../../src/contract/log.ts";

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
