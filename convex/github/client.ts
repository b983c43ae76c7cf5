/**
 * GitHub's REST API over Octokit, as it runs in Convex: fetch and nothing of Node. Every answer is bounded and read by a schema, so that
 * what is not GitHub's is refused. A request that only asks is tried again; one that changes something only when GitHub says that it
 * did not take it. Otherwise its error is `unsure`, and whoever asked has to look before asking again. Octokit's own plugins for that
 * repeat a POST after a 502, and queue in the memory of a process: neither fits here.
 */
import { Octokit } from "@octokit/core";
import { FactoryError } from "../../src/contract/errors.ts";
import { GitHubError, missingToken, TOKEN_REMEDY } from "./errors.ts";
import { type Ask, once } from "./transport.ts";

export interface GitHubSettings {
  token: string;
  baseUrl: string;
  /** Of one try. */
  timeoutMs: number;
  /** How long a limit may hold a request up; when the hour's budget is used up GitHub names longer ones. */
  maxPauseMs: number;
  /** Between the first try and the second; then twice as long. */
  firstPauseMs: number;
}

export interface GitHub {
  ask<T>(ask: Ask<T>): Promise<T>;
}

type Environment = Record<string, string | undefined>;

const BASE_URL = "https://api.github.com";
const TIMEOUT_MS = 15_000;
const MAX_PAUSE_MS = 15_000;
const MAX_TRIES = 3;
const FIRST_PAUSE_MS = 300;

/** Throws what is missing, naming the variable. */
export function settingsFrom(env: Environment = process.env): GitHubSettings {
  const token = env.GITHUB_TOKEN?.trim() ?? "";
  if (token === "") throw missingToken();
  // Anything else cannot be sent in a header, and the refusal of it would repeat the token.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new FactoryError("unauthenticated", "GITHUB_TOKEN has characters that no token has", {
      field: "GITHUB_TOKEN",
      remedy: TOKEN_REMEDY,
    });
  }
  const baseUrl = (env.GITHUB_API_URL?.trim() || BASE_URL).replace(/\/+$/, "");
  return { token, baseUrl, timeoutMs: TIMEOUT_MS, maxPauseMs: MAX_PAUSE_MS, firstPauseMs: FIRST_PAUSE_MS };
}

/** `lost`: somebody else does the work now; nothing more is asked. */
export function createGitHub(settings: GitHubSettings = settingsFrom(), lost?: AbortSignal): GitHub {
  const { baseUrl, token } = settings;
  const octokit = new Octokit({ baseUrl, auth: token, userAgent: "factory-manager", log: SILENT });
  return { ask: (ask) => askUntilSaid(octokit, settings, ask, lost) };
}

// What is wrong is said in errors; Octokit would print addresses.
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

async function askUntilSaid<T>(
  octokit: Octokit,
  settings: GitHubSettings,
  ask: Ask<T>,
  lost: AbortSignal | undefined,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    if (lost?.aborted === true) throw new FactoryError("lease_lost", `somebody else asks about ${ask.what} by now`);
    try {
      return await once(octokit, settings.timeoutMs, ask);
    } catch (thrown) {
      if (!(thrown instanceof GitHubError) || tries >= MAX_TRIES || !mayAskAgain(thrown, ask)) throw thrown;
      const pauseMs = thrown.more.retryAfterMs ?? pauseBefore(thrown, settings.firstPauseMs, tries);
      if (pauseMs > settings.maxPauseMs) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}

function mayAskAgain({ info }: GitHubError, { route }: Ask<unknown>): boolean {
  if (info.code === "rate_limited") return true;
  return route.startsWith("GET ") && info.code === "platform_unavailable";
}

/** GitHub wants a minute after a limit that names no time. */
const pauseBefore = ({ info }: GitHubError, firstPauseMs: number, tries: number): number =>
  info.code === "rate_limited" ? 60_000 : firstPauseMs * 2 ** (tries - 1);
