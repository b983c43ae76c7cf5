/**
 * What Slack sent, as the product's own events. Pure: who the bot is and what time it is are arguments. Strangers become `ignored`
 * with a reason, never an exception; what has a reason to be ignored starts nothing anywhere (C6).
 */
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { type Body, bodyAt, textAt } from "../../src/contract/untrusted.ts";
import { handleOf } from "./ids.ts";
import { parseBlockAction, parseSubmission } from "./parse_interaction.ts";
import { parseMessage } from "./parse_message.ts";
import type { ModalRequest } from "./render_modal.ts";

export interface Self {
  team: string;
  userId: string;
  botId: string | null;
}

export type Parsed =
  | { kind: "event"; event: InboundEvent }
  /** Opened with the trigger id, which lives for 3 s; nothing is stored before it. */
  | { kind: "modal"; modal: ModalRequest; triggerId: string; handle: string }
  /** A slash command that may want a modal for a workflow's inputs; without one it is this event. */
  | { kind: "runModal"; workflow: string; triggerId: string; event: InboundEvent }
  | { kind: "home"; handle: string }
  /** A person opened a new conversation with the app, where the workspace has a place for assistants. */
  | { kind: "assistantThread"; channel: string; threadTs: string }
  | { kind: "ignored"; reason: string };

export const ignored = (reason: string): Parsed => ({ kind: "ignored", reason });

export function parse(body: Body, self: Self, now: number): Parsed {
  if (typeof body.command === "string") return parseCommand(body, now);
  switch (body.type) {
    case "block_actions":
      return parseBlockAction(body, self, now);
    case "view_submission":
      return parseSubmission(body, self, now);
    case "event_callback":
      return parseEvent(body, self);
    default:
      // Socket Mode leaves the outer type out of some fixtures; an inner event is what counts.
      return body.event === undefined ? ignored(`type ${String(body.type)}`) : parseEvent(body, self);
  }
}

function parseEvent(body: Body, self: Self): Parsed {
  const event = bodyAt(body, "event");
  switch (event.type) {
    case "message":
    case "app_mention":
      return parseMessage(body, event, self);
    case "app_home_opened": {
      const user = textAt(event, "user");
      if (user === null || event.tab === "messages") return ignored("the home page is not shown");
      return { kind: "home", handle: handleOf(textAt(body, "team_id") ?? self.team, user) };
    }
    case "assistant_thread_started": {
      const thread = bodyAt(event, "assistant_thread");
      const [channel, threadTs] = [textAt(thread, "channel_id"), textAt(thread, "thread_ts")];
      if (channel === null || threadTs === null) return ignored("an assistant's thread without its place");
      return { kind: "assistantThread", channel, threadTs };
    }
    default:
      return ignored(`event ${String(event.type)}`);
  }
}

/**
 * In a channel the reply is for that channel's eyes only if the backend says so. A direct message may be one between two people, where
 * the bot can say nothing: there the person's own place is meant.
 */
function parseCommand(body: Body, now: number): Parsed {
  const command = textAt(body, "command")?.replace(/^\//, "").toLowerCase();
  const [team, user, channel] = [textAt(body, "team_id"), textAt(body, "user_id"), textAt(body, "channel_id")];
  const triggerId = textAt(body, "trigger_id");
  if (command === undefined || team === null || user === null || channel === null) return ignored("half a command");
  const handle = handleOf(team, user);
  const own = channel.startsWith("D");
  const text = (textAt(body, "text") ?? "").trim();
  const event: InboundEvent = {
    kind: "command",
    channel: "slack",
    // Unique for each use of the command, and the same when it is delivered again.
    eventId: `command:${triggerId ?? `${user}:${channel}:${now}`}`.slice(0, 200),
    place: own ? handle : `slack:${channel}`,
    threadKey: null,
    private: own,
    sender: { handle, displayName: textAt(body, "user_name") },
    sentAt: now,
    command,
    text,
  };
  const bare = command === "workflow" ? /^run\s+(\S+)$/i.exec(text) : null;
  if (bare === null || triggerId === null) return { kind: "event", event };
  return { kind: "runModal", workflow: bare[1]!, triggerId, event };
}
