/**
 * Discord's REST API through discord.js's own client, which waits out short rate limits and repeats after a 5xx. A repeated post does not
 * double: its nonce is enforced. Every request that shows text says that nobody is to be pinged.
 */
import { DiscordAPIError, HTTPError, RateLimitError, type RawFile, REST } from "discord.js";
import { type ErrorInfo, errorInfo, FactoryError } from "../../src/contract/errors.ts";
import { type Content, type File, NO_PINGS } from "./wire.ts";

/** Shorter than a delivery's lease, tries included. */
const CALL_TIMEOUT_MS = 5_000;
const RETRIES = 2;
/** A longer wait is the outbox's affair: it holds no lease meanwhile. */
const LONGEST_WAIT_MS = 5_000;

export function createRest(token: string, apiUrl: string): REST {
  return new REST({
    api: apiUrl.replace(/\/+$/, ""),
    timeout: CALL_TIMEOUT_MS,
    retries: RETRIES,
    rejectOnRateLimit: ({ retryAfter }) => retryAfter > LONGEST_WAIT_MS,
  }).setToken(token);
}

export interface Sent {
  id: string;
  channel_id: string;
}

/** `path` begins with `/`. Throws what `explain` explains. */
export interface Api {
  get(path: string, query?: Record<string, string>): Promise<unknown>;
  post(path: string, body: unknown, options?: { auth?: boolean; files?: File[] }): Promise<unknown>;
  patch(path: string, body: unknown, options?: { auth?: boolean; files?: File[] }): Promise<unknown>;
  put(path: string, body: unknown): Promise<unknown>;
  delete(path: string, options?: { auth?: boolean }): Promise<unknown>;
}

export function createApi(rest: REST): Api {
  const raw = (files: File[] = []): { files?: RawFile[] } =>
    files.length === 0 ? {} : { files: files.map(({ name, text }) => ({ name, data: Buffer.from(text) })) };
  return {
    get: (path, query) => rest.get(asRoute(path), query === undefined ? {} : { query: new URLSearchParams(query) }),
    post: (path, body, { auth = true, files } = {}) => rest.post(asRoute(path), { body, auth, ...raw(files) }),
    patch: (path, body, { auth = true, files } = {}) => rest.patch(asRoute(path), { body, auth, ...raw(files) }),
    put: (path, body) => rest.put(asRoute(path), { body }),
    delete: (path, { auth = true } = {}) => rest.delete(asRoute(path), { auth }),
  };
}

const asRoute = (path: string): `/${string}` => path as `/${string}`;

/** A message's body. With files their names are told, so that an edit can say which stay. */
export const bodyOf = (content: Content, files: File[] = []): Record<string, unknown> => ({
  ...content,
  allowed_mentions: NO_PINGS,
  ...(files.length === 0 ? {} : { attachments: files.map(({ name }, id) => ({ id: String(id), filename: name })) }),
});

export interface Failure {
  error: ErrorInfo;
  retryAfterMs: number | null;
  /** Discord may have done what was asked; only a look can tell. */
  unknown: boolean;
  /** Discord's own number, for example 10003; null: it gave none. */
  code: number | null;
}

export function explain(thrown: unknown): Failure {
  if (thrown instanceof FactoryError) return { error: thrown.info, retryAfterMs: null, unknown: false, code: null };
  if (thrown instanceof RateLimitError) return rateLimited(thrown.retryAfter);
  if (thrown instanceof DiscordAPIError) return refused(Number(thrown.code), thrown.status, thrown.message);
  if (thrown instanceof HTTPError) return unavailable(`Discord answered with HTTP ${thrown.status}`);
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  // What the library says when a 401 made it forget the token.
  if (/token to be set/i.test(why)) return refused(0, 401, why);
  return unavailable(`Discord cannot be reached: ${why}`);
}

export const codeOf = (thrown: unknown): number | null => explain(thrown).code;

function rateLimited(retryAfterMs: number): Failure {
  const error = errorInfo("rate_limited", "Discord asks to go slower");
  return { error, retryAfterMs: Math.max(1_000, Math.ceil(retryAfterMs)), unknown: false, code: null };
}

const unavailable = (message: string): Failure => ({
  error: errorInfo("platform_unavailable", message, { remedy: "it is tried again; discordstatus.com tells more" }),
  retryAfterMs: null,
  unknown: true,
  code: null,
});

const INVITE = "invite the bot again with what `factory discord invite` prints, or name another channel";

export const CODES = {
  unknownChannel: 10003,
  unknownMessage: 10008,
  unknownWebhook: 10015,
  unknownInteraction: 10062,
  missingAccess: 50001,
  notInDirect: 50003,
  cannotWriteTo: 50007,
  missingPermissions: 50013,
  wrongChannelType: 50024,
  expiredToken: 50027,
  threadArchived: 50083,
  threadExists: 160004,
} as const;

/** Discord's number -> what it means here, and what to do. */
const REFUSALS: Record<number, [message: string, remedy: string]> = {
  10003: ["there is no such channel or person that the bot can see", INVITE],
  10004: ["there is no such server that the bot is in", INVITE],
  10008: ["the message is not there any more", "nothing; somebody deleted it"],
  10013: ["there is no such person", "link the right handle: factory people link NAME discord:USER"],
  30007: ["the channel has too many webhooks", "remove some"],
  40001: ["the bot may not do this", INVITE],
  40005: ["the message is too large for Discord", "shorten what is said"],
  50001: ["the bot cannot see this channel", INVITE],
  50007: [
    "this person takes no direct messages from the bot",
    "they allow direct messages in a server they share with the bot, or write to it first",
  ],
  50013: ["the bot lacks a permission in this channel", INVITE],
  50035: ["Discord found something wrong with the message", "report it with the text of this error"],
  50278: ["this person shares no server with the bot", "they join a server that the bot is in"],
};

function refused(code: number, status: number, said: string): Failure {
  if (status === 401) {
    const error = errorInfo("unauthenticated", "Discord does not accept the bot's token", {
      field: "DISCORD_TOKEN",
      remedy: "reset the token on the application's Bot page and set DISCORD_TOKEN to the new one",
    });
    return { error, retryAfterMs: null, unknown: false, code };
  }
  if (status >= 500) return { ...unavailable(`Discord answered with HTTP ${status}`), code };
  const [message, remedy] = REFUSALS[code] ?? [
    `Discord refused it: ${said.slice(0, 300)}`,
    "discord.com/developers/docs/topics/opcodes-and-status-codes explains the number",
  ];
  const detail = code === 50035 ? `: ${said.slice(0, 500)}` : "";
  const error = errorInfo("platform_refused", `${message} (${code})${detail}`, { remedy });
  return { error, retryAfterMs: null, unknown: false, code };
}
