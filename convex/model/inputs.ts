import type { Definition, Json } from "../../src/flow/definition.ts";
import { checkInput } from "../../src/flow/schema.ts";
import { toConvexError } from "./errors.ts";

/** The input as the run gets it, after the definition's JSON schema. Throws what does not fit, before anything runs. */
export function demandInput(definition: Definition, input: Json): Json {
  const checked = checkInput(definition.inputs, input);
  if (!checked.ok) throw toConvexError(checked.error);
  return checked.input;
}
