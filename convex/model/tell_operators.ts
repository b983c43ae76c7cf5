/** A word to the operators about something that happened once, and is over. What goes on being wrong is trouble: `troubles.ts`. */
import type { MutationCtx } from "../_generated/server.js";
import { operatorPlaces } from "./operators.ts";
import { sayText } from "./outbox.ts";

/** Once for each `key`. */
export async function tellOperators(ctx: MutationCtx, key: string, text: string): Promise<void> {
  for (const { channel, place } of await operatorPlaces(ctx, null)) {
    await sayText(ctx, { channel, place, key: `told:${key}:${place}`, text });
  }
}
