import type { Json, JsonObject } from "../store/types.ts";

/** `[{…}]` or `{…}`; no arguments at all mean `{}`. null when it is neither. */
export function argumentObject(args: Json | undefined): JsonObject | null {
  const value = Array.isArray(args) ? (args.length > 1 ? undefined : (args[0] ?? {})) : (args ?? {});
  return isObject(value) ? value : null;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
