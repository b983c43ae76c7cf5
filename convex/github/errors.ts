/** What went wrong with GitHub, as one of the product's errors. Never shows a token or a response's body beyond GitHub's own message. */
import { type ErrorInfo, errorInfo, FactoryError } from "../../src/contract/errors.ts";
import { fail } from "../model/errors.ts";

interface More {
  /** null: no answer came. */
  status: number | null;
  /** The request may have been carried out. */
  unsure: boolean;
  /** When GitHub will take it; null: it does not say. */
  retryAfterMs: number | null;
}

/** Thrown by the client. */
export class GitHubError extends FactoryError {
  readonly more: More;
  constructor(info: ErrorInfo, more: Partial<More> = {}) {
    super(info.code, info.message, {
      retryable: info.retryable,
      ...(info.remedy === null ? {} : { remedy: info.remedy }),
      ...(info.field === null ? {} : { field: info.field }),
    });
    this.name = "GitHubError";
    this.more = { status: null, unsure: false, retryAfterMs: null, ...more };
  }
}

export const TOKEN_REMEDY = "set GITHUB_TOKEN to a valid token (docs/github.md names the permissions) and restart";

const NO_TOKEN = "GitHub cannot be reached, because GITHUB_TOKEN is not set";
const ABOUT_TOKEN = { field: "GITHUB_TOKEN", remedy: TOKEN_REMEDY };

export const missingToken = (): FactoryError => new FactoryError("unauthenticated", NO_TOKEN, ABOUT_TOKEN);

/** Nobody is asked about what could not be done. In a transaction. */
export function demandToken(env: Record<string, string | undefined> = process.env): void {
  if ((env.GITHUB_TOKEN?.trim() ?? "") === "") fail("unauthenticated", NO_TOKEN, ABOUT_TOKEN);
}

/** `what`: the thing asked for, for example `the branch main of acme/site`. */
export function explainStatus(status: number, message: string, what: string): ErrorInfo {
  const said = message === "" ? "" : `: ${message}`;
  if (status === 401) {
    return errorInfo("unauthenticated", "GitHub does not accept the token in GITHUB_TOKEN (401)", {
      field: "GITHUB_TOKEN",
      remedy: TOKEN_REMEDY,
    });
  }
  if (status === 403 && /protected|rule violation|ruleset/i.test(message)) {
    return errorInfo("platform_refused", `GitHub protects ${what}${said}`, {
      remedy: "choose another name, or have somebody who may change the rules of the repository do it",
    });
  }
  if (status === 403) {
    return errorInfo("forbidden", `the token in GITHUB_TOKEN may not reach ${what} (403)${said}`, {
      field: "GITHUB_TOKEN",
      remedy: "give the token access to the repository with the permissions that docs/github.md names",
    });
  }
  if (status === 404 || status === 410) {
    return errorInfo("not_found", `GitHub does not know ${what}, or the token in GITHUB_TOKEN may not see it`, {
      remedy: "check the name, and that the token has access to this repository",
    });
  }
  if (status === 451) return errorInfo("platform_refused", `GitHub blocks ${what} for legal reasons (451)`);
  if (status === 409) return errorInfo("conflict", `GitHub cannot do that with ${what} (409)${said}`);
  if (status === 422) {
    const shielded = /protected|rule violation|ruleset/i.test(message);
    return errorInfo("platform_refused", `GitHub refuses ${what}${said}`, {
      remedy: shielded
        ? "choose another name, or have somebody who may change the rules of the repository do it"
        : "change what the message names",
    });
  }
  if (status >= 500 || status === 408) return errorInfo("platform_unavailable", `GitHub failed (${status}) on ${what}`);
  return errorInfo("platform_refused", `GitHub refused ${what} (${status})${said}`);
}

export const tooSlow = (what: string, timeoutMs: number): ErrorInfo =>
  errorInfo("platform_unavailable", `GitHub did not answer within ${timeoutMs / 1000} s about ${what}`, {
    remedy: "try again in a moment",
  });

export const cutOff = (what: string): ErrorInfo =>
  errorInfo("platform_unavailable", `the connection to GitHub broke while asking about ${what}`, {
    remedy: "check that GITHUB_API_URL can be reached from here, or try again in a moment",
  });

export const nonsense = (what: string): ErrorInfo =>
  errorInfo("platform_unavailable", `GitHub answered something unreadable about ${what}`, {
    remedy: "check that GITHUB_API_URL points to GitHub's API, or try again in a moment",
  });

export const tooLarge = (what: string, bytes: number): ErrorInfo =>
  errorInfo("too_large", `${what} is larger than ${Math.round(bytes / 1024)} KiB`, {
    remedy: "ask for a smaller part of it",
  });

/** `seconds` from the answer; null: it does not say. */
export function throttled(seconds: number | null): ErrorInfo {
  const when =
    seconds === null ? "in a few minutes" : seconds < 90 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} min`;
  return errorInfo("rate_limited", "GitHub takes no more requests of this token for now", {
    remedy: `try again ${when}`,
  });
}
