/**
 * What models cost: the one table. Pure. US dollars for a million tokens, from the price lists that Anthropic
 * (docs.claude.com, "Pricing") and OpenAI (platform.openai.com, "Pricing") publish, as of November 2025. Prices change: whoever pays
 * others names them with FACTORY_MODEL_PRICES.
 */
import type { LanguageModelUsage } from "ai";

interface Price {
  input: number;
  output: number;
}

/** By the id without its maker and its date. Reading from a prompt cache costs a tenth of input there, writing to it a quarter more. */
const PRICES: Record<string, Price> = {
  offline: { input: 0, output: 0 },
  "claude-opus-4-5": { input: 5, output: 25 },
  "claude-opus-4-1": { input: 15, output: 75 },
  "claude-opus-4": { input: 15, output: 75 },
  "claude-sonnet-4-5": { input: 3, output: 15 },
  "claude-sonnet-4": { input: 3, output: 15 },
  "claude-3-7-sonnet": { input: 3, output: 15 },
  "claude-haiku-4-5": { input: 1, output: 5 },
  "claude-3-5-haiku": { input: 0.8, output: 4 },
  "text-embedding-3-small": { input: 0.02, output: 0 },
  "text-embedding-3-large": { input: 0.13, output: 0 },
};
const CACHE_READ = 0.1;
const CACHE_WRITE = 1.25;

/**
 * Null: no price is known. FACTORY_MODEL_PRICES (JSON, `{"some/model": [3, 15]}`: dollars for a million tokens in and out, by the id in
 * full) goes before the table; what cannot be read in it counts as not there.
 */
export function priceOf(model: string, env: Record<string, string | undefined> = process.env): Price | null {
  const own = ownPrices(env.FACTORY_MODEL_PRICES);
  if (Object.hasOwn(own, model)) return own[model] ?? null;
  const id = model.replace(/^[a-z]+\//, "").replace(/-(?:\d{8}|latest)$/, "");
  return Object.hasOwn(PRICES, id) ? (PRICES[id] ?? null) : null;
}

type Usage = Pick<LanguageModelUsage, "inputTokens" | "outputTokens"> & Partial<LanguageModelUsage>;

/** One dollar for a million tokens is a millionth of a dollar for one. */
export function costMicroUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const input = usage.inputTokens ?? 0;
  const read = usage.inputTokenDetails?.cacheReadTokens ?? 0;
  const written = usage.inputTokenDetails?.cacheWriteTokens ?? 0;
  const plain = Math.max(0, input - read - written);
  const weighed = plain + read * CACHE_READ + written * CACHE_WRITE;
  return Math.round(weighed * price.input + (usage.outputTokens ?? 0) * price.output);
}

function ownPrices(text: string | undefined): Record<string, Price> {
  if (text === undefined || text.trim() === "") return {};
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>).flatMap(([model, price]) => {
      const [input, output] = Array.isArray(price) ? (price as unknown[]) : [];
      return typeof input === "number" && typeof output === "number" ? [[model, { input, output }] as const] : [];
    });
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}
