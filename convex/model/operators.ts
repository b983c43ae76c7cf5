/** Word to whoever runs this installation: `FACTORY_OPERATORS`, else where its owner is asked. */
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { channelStates } from "./gateways.ts";
import { sayText } from "./outbox.ts";
import { handlesOf, placeOf, theOwner } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";

type Told = Pick<Place, "channel" | "place">;

/** Once for each `key`. `not`: a place that is known not to be read just now, or all of a channel (`discord:`). */
export async function tellOperators(ctx: MutationCtx, key: string, text: string, not?: string): Promise<void> {
  for (const { channel, place } of await operatorPlaces(ctx, not ?? null)) {
    await sayText(ctx, { channel, place, key: `operators:${key}:${place}`, text });
  }
}

/** Empty: there is nobody to tell. */
export async function operatorPlaces(ctx: QueryCtx, not: string | null): Promise<Told[]> {
  const owner = await theOwner(ctx);
  const persons = owner === null ? [] : [owner];
  const named: Place[] = [];
  // Several places are separated by blanks or commas.
  for (const spec of (process.env.FACTORY_OPERATORS ?? "").split(/[\s,]+/).filter(Boolean)) {
    named.push(...(await resolvePlaces(ctx, spec, persons)));
  }
  const read = named.filter(({ place }) => !isAt(place, not));
  if (read.length > 0 || owner === null) return read;
  const own = not === null ? await placeOf(ctx, owner) : await elsewhere(ctx, owner, not);
  return own === null ? [] : [own];
}

const isAt = (place: string, not: string | null): boolean =>
  not !== null && (place === not || (not.endsWith(":") && place.startsWith(not)));

/** The owner's other places: one that is read now before one that nobody looks at. */
async function elsewhere(ctx: QueryCtx, owner: Doc<"people">, not: string): Promise<Told | null> {
  const states = await channelStates(ctx, Date.now());
  const rank = ({ channel, handle }: Doc<"handles">): number =>
    (states.get(channel) === "on" ? 0 : 2) + (handle === owner.preferredHandle ? 0 : 1);
  const free = (await handlesOf(ctx, owner._id)).filter(({ handle }) => !isAt(handle, not));
  const best = free.sort((a, b) => rank(a) - rank(b))[0];
  return best === undefined ? null : { channel: best.channel, place: best.handle };
}
