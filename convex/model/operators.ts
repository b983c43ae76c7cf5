/** Word to whoever runs this installation: `FACTORY_OPERATORS`, else where its owner is asked. */
import type { MutationCtx } from "../_generated/server.js";
import { sayText } from "./outbox.ts";
import { placeOf, theOwner } from "./people.ts";
import { resolvePlaces } from "./places.ts";

/** Once for each `key`. `not`: a place that is known not to be read just now. */
export async function tellOperators(ctx: MutationCtx, key: string, text: string, not?: string): Promise<void> {
  const owner = await theOwner(ctx);
  const spec = process.env.FACTORY_OPERATORS ?? "";
  const named = spec === "" ? [] : await resolvePlaces(ctx, spec, owner === null ? [] : [owner]);
  const own = owner === null ? null : await placeOf(ctx, owner, not);
  const places = named.length > 0 ? named : own === null ? [] : [own];
  for (const { channel, place } of places) {
    if (place !== not) await sayText(ctx, { channel, place, key: `operators:${key}:${place}`, text });
  }
}
