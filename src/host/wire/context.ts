import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Authenticator, Credentials } from "../auth/index.ts";
import type { Caller } from "../engine/types.ts";
import type { LogLevel, WireLimits, WireOptions } from "./options.ts";

/** What every handler needs. */
export interface WireContext {
  options: WireOptions;
  limits: WireLimits;
  authenticator: Authenticator;
  log: (level: LogLevel, text: string) => void;
  /** Where HTTP actions are reached. Set once the port is known. */
  siteUrl: string;
}

export function callerOf(credentials: Credentials, request: IncomingMessage): Caller {
  return {
    ...credentials.caller,
    requestId: newRequestId(),
    ip: request.socket.remoteAddress ?? null,
    userAgent: request.headers["user-agent"] ?? null,
  };
}

export function newRequestId(): string {
  return randomUUID();
}
