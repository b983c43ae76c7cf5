/**
 * What the Factory Manager says in the team's channels, for somebody. Only places that many read: a person is spoken to in their own
 * conversation. Each says for whom, because the words may be a model's.
 */
import { CHANNELS, channelOf } from "../../src/contract/handle.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { noteChannel, noteSession } from "./channels.ts";
import { fail } from "./errors.ts";
import { sayText } from "./outbox.ts";
import type { Acting } from "./people.ts";
import { demand } from "./rights.ts";

export interface Saying {
  acting: Acting;
  turn: Doc<"turns">;
  /** The tool call: said once for each. */
  key: string;
  channel: string;
}

/** The delivery is under way when this returns; whether it arrived shows on the delivery. */
export async function sayInChannel(ctx: MutationCtx, saying: Saying & { text: string }) {
  const place = await demandChannel(ctx, saying);
  const text = `${saying.text.trim()}\n\n(for ${saying.acting.shown})`;
  await noteChannel(ctx, place);
  await sayText(ctx, { ...place, key: keyOf(saying), text });
  return { place: place.place, status: "underWay" };
}

/** A message to hang a thread on: whoever replies there has a conversation of that thread. */
export async function openSession(ctx: MutationCtx, saying: Saying & { topic: string; text: string | null }) {
  const place = await demandChannel(ctx, saying);
  const { topic, text, acting } = saying;
  const lines = [`**${topic.trim()}**`, ...(text === null || text.trim() === "" ? [] : [text.trim()])];
  const words = [...lines, "", `(opened for ${acting.shown}; reply in this thread to talk about it with me)`];
  await sayText(ctx, { ...place, key: keyOf(saying), text: words.join("\n") });
  await noteSession(ctx, { ...place, topic: topic.trim(), openedBy: acting.shown, deliveryKey: keyOf(saying) });
  return { place: place.place, topic: topic.trim(), status: "underWay" };
}

const keyOf = ({ turn, key }: Saying): string => `tool:${turn._id}:${key}`;

async function demandChannel(ctx: QueryCtx, { acting, turn, channel }: Saying) {
  demand(acting, "channels.post");
  const given = channel.trim();
  const kind = channelOf(given);
  const place = kind === null ? `${platformOf(turn)}:${given.startsWith("#") ? given : `#${given}`}` : given;
  const found = channelOf(place);
  const known: readonly string[] = CHANNELS;
  const shared = found === "slack" ? /^slack:(?:#[^\s/]+|[CG][A-Z0-9]+)$/.test(place) : /^discord:\S+$/.test(place);
  if (found === null || !known.includes(found) || !shared) {
    fail("invalid_input", `"${given.slice(0, 80)}" is not a channel where a team talks`, {
      field: "channel",
      remedy: "name one like #eng, slack:#eng or discord:CHANNEL",
    });
  }
  const handle = await ctx.db
    .query("handles")
    .withIndex("by_handle", (q) => q.eq("handle", place))
    .unique();
  if (handle !== null) fail("invalid_input", `${place} is a person's own place`, { field: "channel" });
  return { channel: found, place };
}

/** `#eng` means the platform one talks on; where that has no channels, Slack. */
const platformOf = (turn: Doc<"turns">): string => (turn.channel === "discord" ? "discord" : "slack");
