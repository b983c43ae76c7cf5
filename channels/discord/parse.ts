/**
 * Interactions as the product's own events. Pure. Strangers become `ignored` with a reason, never an exception. What opens a window or
 * suggests something stores nothing; everything else is an event.
 */
import { createHash } from "node:crypto";
import type { InboundAction, InboundEvent } from "../../src/contract/inbound.ts";
import { type Body, bodiesAt, bodyAt, textAt } from "../../src/contract/untrusted.ts";
import { commandText, type Given, isOfChannel, readCommand } from "./commands.ts";
import { readFields, submitted } from "./form.ts";
import { channelPlace, handleOf, parseCustomId, threadPlace, timeOf } from "./ids.ts";
import { INPUTS } from "./render_modal.ts";
import { CHANNEL_TYPE, INTERACTION } from "./wire.ts";

/** How Discord is told that it was taken: a reply that follows, or nothing that shows. */
export type Ack = { kind: "reply"; ephemeral: boolean } | { kind: "update" };

export interface Origin {
  id: string;
  token: string;
  handle: string;
  place: string;
  private: boolean;
}

export type Parsed =
  | { kind: "event"; event: InboundEvent; ack: Ack; origin: Origin }
  /** May want a modal for the workflow's inputs; without one it is this event. */
  | { kind: "run"; workflow: string; event: InboundEvent; ack: Ack; origin: Origin }
  | { kind: "reason"; approvalId: string; option: string; required: boolean; question: string | null; origin: Origin }
  | { kind: "write"; approvalId: string; question: string | null; origin: Origin }
  /** These two need the question as it stands now. */
  | { kind: "edit"; approvalId: string; origin: Origin }
  | { kind: "view"; approvalId: string; origin: Origin }
  | { kind: "complete"; given: Given; origin: Origin }
  | { kind: "ignored"; reason: string };

const ignored = (reason: string): Parsed => ({ kind: "ignored", reason });

export function parseInteraction(body: Body): Parsed {
  const [id, token] = [textAt(body, "id"), textAt(body, "token")];
  const user = bodyAt(body, "user").id === undefined ? bodyAt(body, "member", "user") : bodyAt(body, "user");
  const userId = textAt(user, "id");
  const channel = textAt(body, "channel_id") ?? textAt(body, "channel", "id");
  if (id === null || token === null || userId === null || channel === null) return ignored("half an interaction");
  const handle = handleOf(userId);
  const direct = textAt(body, "guild_id") === null;
  const parent = textAt(body, "channel", "parent_id");
  const inThread = CHANNEL_TYPE.threads.some((type) => type === bodyAt(body, "channel").type) && parent !== null;
  const shared = inThread ? threadPlace(parent, channel) : channelPlace(channel);
  const origin: Origin = { id, token, handle, place: direct ? handle : shared, private: direct };
  const base = {
    channel: "discord",
    eventId: `interaction:${id}`,
    place: origin.place,
    threadKey: null,
    private: direct,
    sender: {
      handle,
      displayName: textAt(body, "member", "nick") ?? textAt(user, "global_name") ?? textAt(user, "username"),
    },
    sentAt: timeOf(id),
  };
  const data = bodyAt(body, "data");
  switch (body.type) {
    case INTERACTION.command:
      return parseCommand(data, base, origin);
    case INTERACTION.autocomplete: {
      const given = readCommand(data);
      return given === null ? ignored("a command without a name") : { kind: "complete", given, origin };
    }
    case INTERACTION.component:
      return parsePress(body, data, base, origin);
    case INTERACTION.modal:
      return parseSubmission(data, base, origin);
    default:
      return ignored(`interaction type ${String(body.type)}`);
  }
}

type Base = Omit<InboundAction, "kind" | "approvalId" | "option" | "reason" | "fields">;

/** In a server the answer is shown to the person alone. What starts or ends a run happens in the channel; the rest is between the two. */
function parseCommand(data: Body, base: Base, origin: Origin): Parsed {
  const given = readCommand(data);
  if (given === null) return ignored("a command without a name");
  const own = !isOfChannel(given) || origin.private;
  const where = own ? { place: origin.handle, private: true } : {};
  const event: InboundEvent = {
    kind: "command",
    ...base,
    ...where,
    command: given.command.toLowerCase().slice(0, 50),
    text: commandText(given),
  };
  const ack: Ack = { kind: "reply", ephemeral: !origin.private };
  const workflow = given.options.get("name") ?? "";
  const bare = given.sub === "run" && workflow !== "" && (given.options.get("inputs") ?? "") === "";
  return bare ? { kind: "run", workflow, event, ack, origin } : { kind: "event", event, ack, origin };
}

function parsePress(body: Body, data: Body, base: Base, origin: Origin): Parsed {
  const values = Array.isArray(data.values) ? data.values : [];
  const first = parseCustomId(textAt(data, "custom_id") ?? "");
  const ids = first?.kind === "choose" ? parseCustomId(String(values[0] ?? "")) : first;
  if (ids === null) return ignored("a button of something else");
  const { id: approvalId, option } = ids;
  const question = questionOf(body);
  switch (ids.kind) {
    case "answer": {
      if (option === "") return ignored("an answer without an option");
      const event: InboundEvent = { kind: "action", ...base, approvalId, option, reason: null, fields: null };
      return { kind: "event", event, ack: { kind: "update" }, origin };
    }
    case "reason":
    case "demand":
      return { kind: "reason", approvalId, option, required: ids.kind === "demand", question, origin };
    case "write":
      return { kind: "write", approvalId, question, origin };
    case "edit":
      return { kind: "edit", approvalId, origin };
    case "view":
      return { kind: "view", approvalId, origin };
    default:
      return ignored("a button of something else");
  }
}

function parseSubmission(data: Body, base: Base, origin: Origin): Parsed {
  const ids = parseCustomId(textAt(data, "custom_id") ?? "");
  if (ids === null) return ignored("a modal of something else");
  const values = submitted(data);
  // A modal stays open when nobody answers, and is submitted again: with the same words that is the same event.
  const typed = createHash("sha256")
    .update(JSON.stringify([...values]))
    .digest("hex")
    .slice(0, 16);
  const eventId = ids.opener === "" ? base.eventId : `modal:${ids.opener}:${typed}`;
  if (ids.kind === "run") {
    const pairs = Object.entries(readFields(values)).map(
      ([name, value]) => `${name}=${quoted(typeof value === "string" ? value : JSON.stringify(value))}`,
    );
    const text = ["run", ids.id, ...pairs].join(" ");
    const event: InboundEvent = { kind: "command", ...base, eventId, command: "workflow", text };
    return { kind: "event", event, ack: { kind: "reply", ephemeral: !origin.private }, origin };
  }
  const option = values.get(INPUTS.text) ?? values.get(INPUTS.option) ?? ids.option;
  if (option === "") return ignored("a modal without an answer");
  const reason = values.get(INPUTS.reason) ?? "";
  const event: InboundEvent = {
    kind: "action",
    ...base,
    eventId,
    approvalId: ids.id,
    option,
    reason: reason === "" ? null : reason,
    fields: ids.kind === "edit" ? readFields(values) : null,
  };
  return { kind: "event", event, ack: { kind: "update" }, origin };
}

/** As the command grammar reads it back. */
const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** The question as it stands on the card, without its marks. */
function questionOf(body: Body): string | null {
  const description = textAt(bodiesAt(body, "message", "embeds")[0] ?? {}, "description");
  const [, bold] = /^\*\*([\s\S]*?)\*\*(?:\n\n|$)/.exec(description ?? "") ?? [];
  return bold === undefined ? null : bold.replaceAll(/\\(.)/g, "$1").replaceAll("\u200b", "");
}
