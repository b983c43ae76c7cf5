/** From what a definition says (`slack:#eng`, `sms`, `sms:ana`, `terminal`) to places where something can be said. */
import { CHANNELS, channelOf } from "../../src/contract/handle.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { handleRow, handlesOf, personByName } from "./people.ts";

export interface Place {
  channel: string;
  place: string;
  /** The one person this place belongs to, when it does; null: shared. */
  person: Doc<"people"> | null;
}

/** A bare channel is every given person's own handle there. What cannot be resolved is left out: nobody is to be asked at random. */
export async function resolvePlaces(ctx: QueryCtx, spec: string, people: Doc<"people">[]): Promise<Place[]> {
  const channel = channelOf(spec);
  if (channel === null) {
    const known: readonly string[] = CHANNELS;
    if (!known.includes(spec)) return [];
    const found = await Promise.all(people.map((person) => handleOn(ctx, person, spec)));
    return found.filter((place) => place !== null);
  }
  const address = spec.slice(channel.length + 1);
  if (channel === "sms" && !address.startsWith("+")) {
    const person = await personByName(ctx, address);
    const place = person === null ? null : await handleOn(ctx, person, "sms");
    return place === null ? [] : [place];
  }
  if (channel !== "sms" && channel !== "terminal") return [{ channel, place: spec, person: null }];
  const holder = await handleRow(ctx, spec);
  if (holder?.suspended != null) return [];
  const owner = people.find((person) => person._id === holder?.personId) ?? (people.length === 1 ? people[0] : null);
  return [{ channel, place: spec, person: owner ?? null }];
}

async function handleOn(ctx: QueryCtx, person: Doc<"people">, channel: string): Promise<Place | null> {
  const handles = (await handlesOf(ctx, person._id)).filter((row) => row.channel === channel);
  const chosen = handles.find((row) => row.handle === person.preferredHandle) ?? handles[0];
  return chosen === undefined ? null : { channel, place: chosen.handle, person };
}
