/** Whether something serves the embedding model that is named. The rule is the backend's (convex/agents/embedding.ts). */
import type { Env } from "../bot/config.ts";

/** What is wrong; null: nothing, or no model is named and memories are found by their words. */
export function unservedEmbedding(env: Env): string | null {
  const set = (name: string): boolean => (env[name] ?? "").trim() !== "";
  const model = env.FACTORY_EMBEDDING_MODEL?.trim() ?? "";
  if (model === "" || set("LLM_PROXY_BASE_URL") || (model.startsWith("gloo/") && set("GLOO_API_KEY"))) return null;
  return `nothing serves FACTORY_EMBEDDING_MODEL=${model}: memories are found by their words only`;
}
