/** One request over Octokit: bounded in time and size; whatever goes wrong is a GitHubError. */
import type { Octokit } from "@octokit/core";
import type { z } from "zod";
import { cutOff, explainStatus, GitHubError, nonsense, throttled, tooLarge, tooSlow } from "./errors.ts";

export interface Ask<T> {
  /** `GET /repos/{owner}/{repo}`; what stands in braces is taken from `parameters` and escaped. */
  route: string;
  parameters?: Record<string, unknown>;
  /** In words for the error: `the branch main of acme/site`. */
  what: string;
  schema: z.ZodType<T>;
  maxBytes?: number;
}

/** The list of a repository's 50,000 files has some 10 MB; an action has 64 MB for all it holds. */
const MAX_ANSWER_BYTES = 12 * 1024 * 1024;
/** What is read here was written down for this version of the API. */
const HEADERS = { "x-github-api-version": "2022-11-28" };
const NO_BODY = new Set([204, 205, 304]);

export async function once<T>(octokit: Octokit, timeoutMs: number, ask: Ask<T>): Promise<T> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeoutMs);
  const maxBytes = ask.maxBytes ?? MAX_ANSWER_BYTES;
  const bounded: typeof fetch = async (url, init) => {
    const response = await fetch(url, { ...init, signal: controller.signal });
    const body = NO_BODY.has(response.status) ? null : await textWithin(response, maxBytes, ask.what);
    return new Response(body, { status: response.status, headers: response.headers });
  };
  let data: unknown;
  try {
    const request = { fetch: bounded, log: octokit.log };
    ({ data } = await octokit.request(ask.route, { ...ask.parameters, headers: HEADERS, request }));
  } catch (thrown) {
    throw explain(thrown, ask.what, controller.signal.aborted ? timeoutMs : null);
  } finally {
    clearTimeout(timer);
  }
  const read = ask.schema.safeParse(data);
  if (read.success) return read.data;
  throw new GitHubError(nonsense(ask.what), { status: 200, unsure: true });
}

/** Stops reading where it is too much, so that a large answer is never held. */
async function textWithin(response: Response, maxBytes: number, what: string): Promise<string> {
  const refuse = (): never => {
    throw new GitHubError(tooLarge(what, maxBytes), { status: response.status, unsure: true });
  };
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) refuse();
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.byteLength;
    if (bytes > maxBytes) {
      await reader.cancel().catch(() => {});
      refuse();
    }
    text += decoder.decode(value, { stream: true });
  }
}

interface Refusal {
  status: number;
  headers: Record<string, string | number | undefined>;
  data: unknown;
}

function explain(thrown: unknown, what: string, abortedAfterMs: number | null): GitHubError {
  const { response, cause } = thrown as { response?: Refusal; cause?: unknown };
  if (cause instanceof GitHubError) return cause;
  if (response === undefined) {
    const info = abortedAfterMs === null ? cutOff(what) : tooSlow(what, abortedAfterMs);
    return new GitHubError(info, { unsure: true });
  }
  const { status, headers } = response;
  const message = messageOf(response.data);
  const retryAfterMs = waitOf(headers);
  const limited =
    status === 429 ||
    (status === 403 &&
      (retryAfterMs !== null ||
        String(headers["x-ratelimit-remaining"]) === "0" ||
        /rate limit|abuse detection/i.test(message)));
  if (limited) {
    const info = throttled(retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1000));
    return new GitHubError(info, { status, retryAfterMs });
  }
  return new GitHubError(explainStatus(status, message, what), { status, retryAfterMs, unsure: status >= 500 });
}

/** `Retry-After` in seconds, or the time at which the hour's budget is filled up again. */
function waitOf(headers: Refusal["headers"]): number | null {
  const after = Number(headers["retry-after"] ?? Number.NaN);
  if (Number.isFinite(after) && after >= 0) return after * 1000;
  if (String(headers["x-ratelimit-remaining"]) !== "0") return null;
  const reset = Number(headers["x-ratelimit-reset"] ?? Number.NaN);
  return Number.isFinite(reset) ? Math.max(0, reset * 1000 - Date.now()) : null;
}

/** GitHub's own words, with those about single fields. */
function messageOf(data: unknown): string {
  if (data === null || typeof data !== "object") return "";
  const { message, errors } = data as { message?: unknown; errors?: unknown };
  const more = Array.isArray(errors)
    ? errors.map((one: unknown) => (typeof one === "string" ? one : wordOf((one ?? {}) as Record<string, unknown>)))
    : [];
  const words = [typeof message === "string" ? message : "", ...more].filter((word) => word !== "");
  return words.join("; ").replace(/\s+/g, " ").slice(0, 300);
}

/** `{"field": "head", "code": "invalid"}` → `head is invalid` */
const wordOf = ({ message, field, code }: Record<string, unknown>): string =>
  typeof message === "string" ? message : typeof field === "string" ? `${field} is ${String(code)}` : "";
