/** Word to whoever runs this installation: `FACTORY_OPERATORS`, else where its owner is asked. */
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { sayText } from "./outbox.ts";
import { placeOf, theOwner } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";

/** Once for each `key`. `not`: a place that is known not to be read just now. */
export async function tellOperators(ctx: MutationCtx, key: string, text: string, not?: string): Promise<void> {
  for (const { channel, place } of await operatorPlaces(ctx, not ?? null)) {
    await sayText(ctx, { channel, place, key: `operators:${key}:${place}`, text });
  }
}

/** Empty: there is nobody to tell. */
export async function operatorPlaces(ctx: QueryCtx, not: string | null): Promise<Pick<Place, "channel" | "place">[]> {
  const owner = await theOwner(ctx);
  const persons = owner === null ? [] : [owner];
  const named: Place[] = [];
  // Several places are separated by blanks or commas.
  for (const spec of (process.env.FACTORY_OPERATORS ?? "").split(/[\s,]+/).filter(Boolean)) {
    named.push(...(await resolvePlaces(ctx, spec, persons)));
  }
  const own = owner === null ? null : await placeOf(ctx, owner, not ?? undefined);
  const places = named.length > 0 ? named : own === null ? [] : [own];
  return places.filter(({ place }) => place !== not);
}
