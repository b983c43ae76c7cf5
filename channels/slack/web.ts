/**
 * Slack's Web API, asked once. The client's own retries are off: it repeats chat.postMessage after a 500, and that post may stand
 * already. Who calls decides with `explain` whether to try again, and looks before it posts twice.
 */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from "@slack/web-api";
import { type ErrorInfo, errorInfo, FactoryError } from "../../src/contract/errors.ts";
import type { Log } from "../../src/contract/log.ts";
import { slackLogger } from "./log.ts";
import { pause } from "./pause.ts";

/** Shorter than a delivery's lease. */
const CALL_TIMEOUT_MS = 10_000;

export function createWeb(token: string, apiUrl: string, log: Log): WebClient {
  return new WebClient(token, {
    slackApiUrl: `${apiUrl.replace(/\/+$/, "")}/`,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_TIMEOUT_MS,
    logger: slackLogger(log),
  });
}

export interface Failure {
  error: ErrorInfo;
  retryAfterMs: number | null;
  /** Slack may have done what was asked; only a look can tell. */
  unknown: boolean;
  /** Slack's own word, for example `not_in_channel`; null: it gave none. */
  code: string | null;
}

export function explain(thrown: unknown): Failure {
  if (thrown instanceof WebAPIRateLimitedError) return rateLimited(thrown.retryAfter * 1000);
  if (thrown instanceof WebAPIPlatformError) return refused(thrown.data.error, thrown.data);
  if (thrown instanceof WebAPIHTTPError) {
    if (thrown.statusCode === 429) return rateLimited(Number(thrown.headers["retry-after"] ?? 1) * 1000);
    return unavailable(`Slack answered with HTTP ${thrown.statusCode}`, thrown.statusCode >= 500);
  }
  if (thrown instanceof WebAPIRequestError)
    return unavailable(`Slack cannot be reached: ${thrown.original.message}`, true);
  // Of the backend, for example while what was missed is looked up.
  if (thrown instanceof FactoryError) return { error: thrown.info, retryAfterMs: null, unknown: false, code: null };
  if (thrown instanceof TypeError || thrown instanceof RangeError) {
    // A mistake of ours stays one, however often it is tried.
    return { error: errorInfo("internal", thrown.message), retryAfterMs: null, unknown: false, code: null };
  }
  return unavailable(`Slack could not be asked: ${thrown instanceof Error ? thrown.message : String(thrown)}`, true);
}

function rateLimited(retryAfterMs: number): Failure {
  const error = errorInfo("rate_limited", "Slack asks to go slower");
  return { error, retryAfterMs: Math.max(1_000, retryAfterMs || 1_000), unknown: false, code: "ratelimited" };
}

const unavailable = (message: string, unknown: boolean): Failure => ({
  error: errorInfo("platform_unavailable", message, { remedy: "it is tried again; status.slack.com tells more" }),
  retryAfterMs: null,
  unknown,
  code: null,
});

const INVITE = "invite the bot there with /invite, or name another channel";
const TOKEN = "reinstall the app and set SLACK_BOT_TOKEN to its new token";

/** Slack's word -> what it means here, and what to do. */
const REFUSALS: Record<string, [message: string, remedy: string]> = {
  not_in_channel: ["the bot is not in this channel", INVITE],
  channel_not_found: ["there is no such channel that the bot can see", INVITE],
  is_archived: ["the channel is archived", "unarchive it, or name another channel"],
  user_not_in_channel: ["the person is not in this channel", "add them, or name another channel"],
  user_not_found: [
    "there is no such person in this workspace",
    "link the right handle: factory people link NAME HANDLE",
  ],
  users_not_found: [
    "there is no such person in this workspace",
    "link the right handle: factory people link NAME HANDLE",
  ],
  user_disabled: ["the person's account is deactivated", "link another handle: factory people link NAME HANDLE"],
  cannot_dm_bot: ["a bot cannot be written to", "link a person's handle"],
  restricted_action: ["the workspace does not let the bot write here", "ask a workspace admin"],
  restricted_action_read_only_channel: ["the channel is read-only", "name another channel"],
  restricted_action_thread_only_channel: ["only threads may be written in here", "name another channel"],
  message_not_found: ["the message is not there any more", "nothing; somebody deleted it"],
  cant_update_message: ["the message cannot be changed", "nothing; the question itself is safe"],
  edit_window_closed: ["the message is too old to be changed", "nothing; the question itself is safe"],
  invalid_auth: ["Slack does not accept the bot's token", TOKEN],
  not_authed: ["Slack was given no token", TOKEN],
  account_inactive: ["the app was removed from the workspace", TOKEN],
  token_revoked: ["the bot's token was revoked", TOKEN],
  token_expired: ["the bot's token has expired", TOKEN],
  msg_too_long: ["the message is too long for Slack", "shorten what is said"],
  msg_blocks_too_long: ["the message is too long for Slack", "shorten what is said"],
  expired_trigger_id: ["the press is too long ago to open a window", "press the button again"],
  exchanged_trigger_id: ["the window was opened already", "nothing"],
};

/** Slack's fault, and it may have done it all the same. */
const TROUBLE = new Set([
  "internal_error",
  "fatal_error",
  "service_unavailable",
  "request_timeout",
  "team_added_to_org",
]);

function refused(code: string, data: object): Failure {
  if (code === "ratelimited" || code === "rate_limited") return rateLimited(1_000);
  if (TROUBLE.has(code)) return { ...unavailable(`Slack answered with ${code}`, true), code };
  const needed = (data as { needed?: unknown }).needed;
  const [message, remedy] =
    code === "missing_scope"
      ? [
          `the bot lacks the scope ${String(needed ?? "?")}`,
          `add ${String(needed ?? "the scope")} to the app (factory slack manifest), and reinstall it`,
        ]
      : Object.hasOwn(REFUSALS, code)
        ? REFUSALS[code]!
        : ["Slack refused it", `look ${code} up at docs.slack.dev`];
  return {
    error: errorInfo("platform_refused", `${message} (${code})`, { remedy }),
    retryAfterMs: null,
    unknown: false,
    code,
  };
}

/** Repeats a call that only reads, as long as Slack asks to go slower. Throws what else it throws. */
export async function patiently<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      const { code, retryAfterMs } = explain(thrown);
      if (code !== "ratelimited" || signal.aborted) throw thrown;
      await pause(retryAfterMs ?? 1_000, signal);
    }
  }
}
