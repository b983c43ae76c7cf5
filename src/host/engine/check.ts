/** Checks of arguments and results: compiled to a fast yes or no, explained only when the answer is no. */
import type { Json, JsonObject } from "../store/types.ts";
import { compileValidator, type TableOfId, validateJson } from "../values/index.ts";

/** null: the value fits; else what does not, in Convex's wording. Ids are looked up with `tables`. */
export type Check = (value: Json, tables: TableOfId) => string | null;

/** null for `v.any()` and absent validators: nothing to check. */
export function compileCheck(validator: Json): Check | null {
  if (validator === null || (validator as JsonObject).type === "any") return null;
  const fits = compileValidator(validator);
  return (value, tables) => {
    if (fits(value, tables)) return null;
    return validateJson(validator, value, tables) ?? "Value does not match validator.";
  };
}
