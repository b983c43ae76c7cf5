import type { Config } from "./config.ts";

/** Which model replies, in a word or two for people; the backend decides by the same variables. */
export function modelName({ values }: Pick<Config, "values">): string {
  const provider =
    values.LLM_PROXY_BASE_URL !== undefined
      ? "proxy"
      : values.ANTHROPIC_API_KEY !== undefined
        ? "anthropic"
        : values.GLOO_API_KEY !== undefined
          ? "gloo"
          : "offline";
  return provider === "offline" || values.FACTORY_MODEL === undefined
    ? provider
    : `${provider} (${values.FACTORY_MODEL})`;
}
