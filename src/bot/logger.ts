/**
 * Logs: one JSON object a line on stderr, readable lines on a terminal. While a chat runs on the same terminal the lines go
 * through `redirect`, so that they appear above the prompt. Secrets are replaced by value, wherever in a line they stand.
 */
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { type Logger, pino, stdTimeFunctions } from "pino";
import type { LogLevel } from "./config.ts";

export type { Logger } from "pino";

export interface LoggerOptions {
  level: LogLevel;
  pretty: boolean;
  secrets: string[];
  write?: (text: string) => void;
}

export interface BotLogger {
  log: Logger;
  /** Sends further lines elsewhere; null: back to stderr. */
  redirect(write: ((text: string) => void) | null): void;
  /** Adds a secret that was not known at the start, for example a generated key. */
  hide(secret: string): void;
}

/** On a terminal only: a service writes plain lines, and need not load what makes them readable. */
const loadPretty = () => createRequire(import.meta.url)("pino-pretty") as typeof import("pino-pretty");

/** Shorter values would blank out ordinary words; no real credential is that short. */
const SHORTEST_SECRET = 8;

export function createLogger(options: LoggerOptions): BotLogger {
  const standard = options.write ?? ((text: string) => void process.stderr.write(text));
  let write = standard;
  const secrets = new Set<string>();
  const hide = (secret: string) => {
    if (secret.length < SHORTEST_SECRET) return;
    secrets.add(secret);
    secrets.add(JSON.stringify(secret).slice(1, -1));
  };
  options.secrets.forEach(hide);
  const redacted = (text: string) => {
    for (const secret of secrets) if (text.includes(secret)) text = text.replaceAll(secret, "[redacted]");
    return text;
  };
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      write(redacted(String(chunk)));
      done();
    },
  });
  const stream = options.pretty
    ? loadPretty()({
        destination: sink,
        sync: true,
        translateTime: "SYS:HH:MM:ss",
        ignore: "pid,hostname",
        colorize: !process.env.NO_COLOR,
      })
    : sink;
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.epochTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["token", "*.token", "authorization", "*.authorization"], censor: "[redacted]" },
    },
    stream,
  );
  const redirect = (to: ((text: string) => void) | null) => {
    write = to ?? standard;
  };
  return { log, redirect, hide };
}

/** For commands that speak for themselves. */
export const silentLogger = (): Logger => pino({ level: "silent" });
