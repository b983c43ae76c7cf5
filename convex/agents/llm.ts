/**
 * Which language model answers. By the environment, in this order:
 *   LLM_PROXY_BASE_URL                  every model through an OpenAI-compatible proxy, by its full id
 *   `anthropic/…`, `claude…`            Anthropic directly, ANTHROPIC_API_KEY
 *   `gloo/…`                            Gloo's OpenAI-compatible endpoint, GLOO_API_KEY
 *   nothing set, or `offline`           the built-in offline model
 * Never throws: what is not configured is a model whose every call fails, naming the variable, so that the reply can say so.
 */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { FactoryError } from "../../src/contract/errors.ts";
import { OFFLINE_MODEL, set } from "./model_id.ts";
import { createOfflineModel } from "./offline_model.ts";

export { defaultModelId, OFFLINE_MODEL } from "./model_id.ts";

export const GLOO_BASE_URL = "https://platform.ai.gloo.com/ai/v2";

type Environment = Record<string, string | undefined>;

export function createLanguageModel(id: string, env: Environment = process.env): LanguageModelV4 {
  if (id === OFFLINE_MODEL) return createOfflineModel();
  if (set(env.LLM_PROXY_BASE_URL)) {
    const apiKey = set(env.LLM_PROXY_API_KEY) ? { apiKey: env.LLM_PROXY_API_KEY } : {};
    return createOpenAICompatible({
      name: "proxy",
      baseURL: env.LLM_PROXY_BASE_URL,
      includeUsage: true,
      ...apiKey,
    }).chatModel(id);
  }
  if (id.startsWith("gloo/")) {
    if (!set(env.GLOO_API_KEY)) return unavailable(id, "GLOO_API_KEY");
    const baseURL = set(env.GLOO_BASE_URL) ? env.GLOO_BASE_URL : GLOO_BASE_URL;
    return createOpenAICompatible({ name: "gloo", baseURL, apiKey: env.GLOO_API_KEY, includeUsage: true }).chatModel(
      id.slice("gloo/".length),
    );
  }
  if (id.startsWith("anthropic/") || id.startsWith("claude")) {
    if (!set(env.ANTHROPIC_API_KEY)) return unavailable(id, "ANTHROPIC_API_KEY");
    const baseURL = set(env.ANTHROPIC_BASE_URL) ? { baseURL: env.ANTHROPIC_BASE_URL } : {};
    return createAnthropic({ apiKey: env.ANTHROPIC_API_KEY, ...baseURL }).languageModel(id.replace(/^anthropic\//, ""));
  }
  return unavailable(id, "LLM_PROXY_BASE_URL");
}

function unavailable(id: string, variable: string): LanguageModelV4 {
  const refuse = async (): Promise<never> => {
    throw new FactoryError("model_unavailable", `the model ${id} cannot be reached, because ${variable} is not set`, {
      remedy: `Set ${variable} and restart, or unset FACTORY_MODEL to use the offline model.`,
      retryable: false,
    });
  };
  return {
    specificationVersion: "v4",
    provider: "unavailable",
    modelId: id,
    supportedUrls: {},
    doGenerate: refuse,
    doStream: refuse,
  };
}
