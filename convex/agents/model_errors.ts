/** What went wrong with a language model, as one of the product's errors. Never shows a key, a prompt or a response body. */
import { APICallError, RetryError } from "ai";
import { type ErrorInfo, errorInfo, FactoryError } from "../../src/contract/errors.ts";

export function explainModelError(thrown: unknown): ErrorInfo {
  const cause = RetryError.isInstance(thrown) ? thrown.lastError : thrown;
  if (cause instanceof FactoryError) return cause.info;
  if (APICallError.isInstance(cause)) return explainStatus(cause);
  if (cause instanceof Error && /timeout|took too long|aborted/i.test(`${cause.name} ${cause.message}`)) {
    return errorInfo("model_unavailable", "the language model took too long to answer");
  }
  console.error("a language model failed", cause);
  return errorInfo("model_unavailable", "the language model could not be reached");
}

function explainStatus(error: APICallError): ErrorInfo {
  const status = error.statusCode;
  const host = hostOf(error.url);
  if (status === 401 || status === 403) {
    return errorInfo("model_unavailable", `${host} refused the API key (${status})`, {
      remedy: "Check the key of the language model (ANTHROPIC_API_KEY, LLM_PROXY_API_KEY or GLOO_API_KEY) and restart.",
      retryable: false,
    });
  }
  if (status === 429) return errorInfo("rate_limited", `${host} is answering too many requests (429)`);
  if (status !== undefined && status < 500 && status !== 408) {
    return errorInfo("model_unavailable", `${host} refused the request (${status})`, {
      remedy: "Check the name of the model in FACTORY_MODEL.",
      retryable: false,
    });
  }
  return errorInfo(
    "model_unavailable",
    status === undefined ? `${host} could not be reached` : `${host} failed (${status})`,
  );
}

function hostOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return "the language model";
  }
}
