/** Which language model answers, by the environment. Without the models themselves, so that queries and mutations can ask too. */

const DEFAULT_MODEL = "anthropic/claude-sonnet-4-5-20250929";
const DEFAULT_GLOO_MODEL = "gloo/gloo-anthropic-claude-sonnet-4.5";
export const OFFLINE_MODEL = "offline";

type Environment = Record<string, string | undefined>;

export const set = (value: string | undefined): value is string => value !== undefined && value.trim() !== "";

/** FACTORY_MODEL; without it what the keys that are set can reach; without any key the offline model. */
export function defaultModelId(env: Environment = process.env): string {
  if (set(env.FACTORY_MODEL)) return env.FACTORY_MODEL;
  if (set(env.LLM_PROXY_BASE_URL) || set(env.ANTHROPIC_API_KEY)) return DEFAULT_MODEL;
  if (set(env.GLOO_API_KEY)) return DEFAULT_GLOO_MODEL;
  return OFFLINE_MODEL;
}
