/**
 * What models cost: the one table. Pure. US dollars for a million tokens, from the makers' own pages (platform.claude.com/docs
 * "Pricing" and the models' overviews; developers.openai.com "Pricing"), looked up in November 2026. Prices change and models come: what is not
 * here has no price, and uses up no budget. FACTORY_MODEL_PRICES names others.
 */
import type { LanguageModelUsage } from "ai";

interface Price {
  input: number;
  output: number;
  /** Other prices for a whole call whose input is longer than so many tokens. */
  long?: { over: number; input: number; output: number };
}

/**
 * By the id without its maker and its date, dashes for dots. Reading from a prompt cache is reckoned at a tenth of input, writing to it
 * at a quarter more; some newer models read for less, so this errs towards too much.
 */
const PRICES: Record<string, Price> = {
  offline: { input: 0, output: 0 },
  "claude-fable-5-1": { input: 10, output: 50 },
  "claude-fable-5": { input: 10, output: 50 },
  "claude-opus-5-5": { input: 4, output: 20 },
  "claude-opus-5": { input: 5, output: 25 },
  "claude-opus-4-8": { input: 5, output: 25 },
  "claude-opus-4-7": { input: 5, output: 25 },
  "claude-opus-4-6": { input: 5, output: 25 },
  "claude-opus-4-5": { input: 5, output: 25 },
  "claude-opus-4-1": { input: 15, output: 75 },
  "claude-opus-4": { input: 15, output: 75 },
  "claude-sonnet-5-5": { input: 2, output: 10 },
  "claude-sonnet-5": { input: 2, output: 10 },
  "claude-sonnet-4-6": { input: 3, output: 15 },
  "claude-sonnet-4-5": { input: 3, output: 15 },
  "claude-sonnet-4": { input: 3, output: 15 },
  "claude-3-7-sonnet": { input: 3, output: 15 },
  "claude-haiku-5-5": { input: 0.1, output: 0.5, long: { over: 100_000, input: 0.5, output: 2.5 } },
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
  const id = model
    .replace(/^[a-z]+\//, "")
    .replace(/-(?:\d{8}|latest)$/, "")
    .replaceAll(".", "-");
  return Object.hasOwn(PRICES, id) ? (PRICES[id] ?? null) : null;
}

/** Known to cost nothing. A model without a price may cost anything. */
export function isFree(model: string): boolean {
  const price = priceOf(model);
  return price !== null && price.input === 0 && price.output === 0;
}

type Usage = Pick<LanguageModelUsage, "inputTokens" | "outputTokens"> & Partial<LanguageModelUsage>;

/** One dollar for a million tokens is a millionth of a dollar for one. */
export function costMicroUsd(price: Price | null, usage: Usage): number | null {
  if (price === null) return null;
  const input = usage.inputTokens ?? 0;
  const read = usage.inputTokenDetails?.cacheReadTokens ?? 0;
  const written = usage.inputTokenDetails?.cacheWriteTokens ?? 0;
  const plain = Math.max(0, input - read - written);
  const { long } = price;
  const paid = long !== undefined && input > long.over ? long : price;
  const weighed = plain + read * CACHE_READ + written * CACHE_WRITE;
  return Math.round(weighed * paid.input + (usage.outputTokens ?? 0) * paid.output);
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
