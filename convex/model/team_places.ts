/** Where a team hears of work: `FACTORY_ENGINEERING` of progress, `FACTORY_SUPPORT` of calls for help; else where the owner is asked. */
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { noteChannel } from "./channels.ts";
import { sayText } from "./outbox.ts";
import { placeOf, theOwner } from "./people.ts";
import { type Place, resolvePlaces } from "./places.ts";

const VARIABLES = { engineering: "FACTORY_ENGINEERING", support: "FACTORY_SUPPORT" } as const;
export type TeamPlace = keyof typeof VARIABLES;

/** Several are separated by blanks or commas. Empty: nobody can be told. */
export async function teamPlaces(ctx: QueryCtx, which: TeamPlace): Promise<Place[]> {
  const owner = await theOwner(ctx);
  const found: Place[] = [];
  for (const spec of (process.env[VARIABLES[which]] ?? "").split(/[\s,]+/).filter(Boolean)) {
    found.push(...(await resolvePlaces(ctx, spec, owner === null ? [] : [owner])));
  }
  if (found.length > 0) return found;
  const own = owner === null ? null : await placeOf(ctx, owner);
  return own === null ? [] : [{ ...own, person: owner }];
}

/** Once for each `key`; resolves with where. */
export async function tellTeam(ctx: MutationCtx, which: TeamPlace, key: string, text: string): Promise<string[]> {
  const places = await teamPlaces(ctx, which);
  for (const { channel, place, person } of places) {
    if (person === null) await noteChannel(ctx, { channel, place });
    await sayText(ctx, { channel, place, key: `${key}:${place}`, text });
  }
  return places.map(({ place }) => place);
}
