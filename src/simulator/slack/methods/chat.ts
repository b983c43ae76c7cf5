/** chat.*: post, edit, delete. Streams are in streams.ts. */
import type { Arguments } from "../arguments.ts";
import { checkMessageBlocks } from "../blocks.ts";
import { compareTs } from "../ids.ts";
import { type Block, type SlackChannel, SlackError, type SlackMessage } from "../types.ts";
import { wireMessage } from "../wire.ts";
import type { Workspace } from "../workspace.ts";
import { type MethodContext, type Methods, visibleChannel } from "./method.ts";

export const MOST_TEXT = 40_000;
/** chat.update takes less than chat.postMessage did; counted in bytes after escaping. */
export const MOST_UPDATE_TEXT_BYTES = 4_000;
const MOST_METADATA = 16_000;

export const chat: Methods = {
  "chat.postMessage"(args, context) {
    const { workspace, events } = context;
    const channel = targetChannel(workspace, args.text("channel"));
    demandOpen(workspace, channel);
    const content = readContent(args);
    const message = workspace.post({
      channel: channel.id,
      user: workspace.app.botUser,
      botId: workspace.app.botId,
      ...content,
      threadTs: threadOf(workspace, channel, args),
      broadcast: args.flag("reply_broadcast"),
      metadata: readMetadata(args) ?? null,
    });
    clearStatus(workspace, message);
    events.said(message);
    return {
      channel: channel.id,
      ts: message.ts,
      message: wireMessage(workspace, message, { metadata: true }),
    };
  },

  "chat.postEphemeral"(args, { workspace }) {
    const channel = targetChannel(workspace, args.text("channel"));
    demandOpen(workspace, channel);
    const user = args.text("user");
    if (workspace.users.get(user) === undefined) throw new SlackError("user_not_found");
    if (!channel.members.includes(user)) throw new SlackError("user_not_in_channel");
    const message = workspace.post({
      channel: channel.id,
      user: workspace.app.botUser,
      botId: workspace.app.botId,
      ...readContent(args),
      threadTs: threadOf(workspace, channel, args),
      onlyTo: user,
    });
    return { message_ts: message.ts };
  },

  "chat.update"(args, context) {
    const { workspace, events } = context;
    const message = ownMessage(context, args, "cant_update_message");
    if (message.streamingAt !== null) throw new SlackError("streaming_state_conflict");
    const previous = wireMessage(workspace, message);
    const content = readContent(args, MOST_UPDATE_TEXT_BYTES);
    message.text = args.has("text") || args.has("markdown_text") ? content.text : message.text;
    // What is not given stays; an empty list removes.
    if (args.json("blocks") !== undefined || args.has("markdown_text")) message.blocks = content.blocks;
    if (args.json("attachments") !== undefined) message.attachments = content.attachments;
    const metadata = readMetadata(args);
    if (metadata !== undefined) message.metadata = metadata;
    message.edited = { user: workspace.app.botUser, ts: workspace.ids.ts() };
    workspace.touch(message);
    events.changed(message, previous);
    return {
      channel: message.channel,
      ts: message.ts,
      text: message.text,
      message: wireMessage(workspace, message, { metadata: true }),
    };
  },

  "chat.delete"(args, context) {
    const { workspace, events } = context;
    const message = ownMessage(context, args, "cant_delete_message");
    const previous = wireMessage(workspace, message);
    removeMessage(workspace, message);
    events.deleted(previous, message.channel);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.getPermalink"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    const ts = args.text("message_ts");
    if (workspace.message(channel.id, ts) === null) throw new SlackError("message_not_found");
    const path = `archives/${channel.id}/p${ts.replace(".", "")}`;
    return { channel: channel.id, permalink: `https://${workspace.team.domain}.slack.com/${path}` };
  },
};

/** An id, `#name`, `name`, or a person's id, which means their DM with the app. */
export function targetChannel(workspace: Workspace, target: string): SlackChannel {
  if (workspace.users.get(target)?.isBot === false) return workspace.dmOf([target]);
  const named = workspace.channelNamed(target);
  return named ?? visibleChannel(workspace, target);
}

export function demandOpen(workspace: Workspace, channel: SlackChannel): void {
  if (channel.archived) throw new SlackError("is_archived");
  if (channel.members.includes(workspace.app.botUser)) return;
  const anywhere = workspace.installation.botScopes.includes("chat:write.public");
  if (channel.kind !== "channel" || !anywhere) throw new SlackError("not_in_channel");
}

export interface Content {
  text: string;
  blocks: Block[];
  attachments: Record<string, unknown>[];
}

export function readContent(args: Arguments, mostBytes?: number): Content {
  const text = args.optionalText("text") ?? "";
  const markdown = args.optionalText("markdown_text");
  if (markdown !== null && (text !== "" || args.has("blocks"))) throw new SlackError("markdown_text_conflict");
  if (text.length > MOST_TEXT) throw new SlackError("msg_too_long");
  if (mostBytes !== undefined && Buffer.byteLength(text) > mostBytes) throw new SlackError("msg_too_long");
  if (markdown !== null && markdown.length > 12_000) throw new SlackError("msg_too_long");
  const given = args.json("blocks");
  const attachments = args.json("attachments");
  const blocks =
    markdown !== null ? [{ type: "markdown", text: markdown }] : given === undefined ? [] : checkMessageBlocks(given);
  const attached = Array.isArray(attachments) ? (attachments as Record<string, unknown>[]) : [];
  if (text === "" && markdown === null && blocks.length === 0 && attached.length === 0) throw new SlackError("no_text");
  return { text: markdown ?? text, blocks, attachments: attached };
}

/** undefined: not given. */
export function readMetadata(args: Arguments): SlackMessage["metadata"] | undefined {
  const value = args.json("metadata") as { event_type?: unknown; event_payload?: unknown } | undefined;
  if (value === undefined) return undefined;
  const payload = value.event_payload;
  if (typeof value.event_type !== "string" || typeof payload !== "object" || payload === null) {
    throw new SlackError("invalid_metadata_format");
  }
  if (JSON.stringify(payload).length > MOST_METADATA) throw new SlackError("metadata_too_large");
  return { event_type: value.event_type, event_payload: payload as Record<string, unknown> };
}

export function threadOf(workspace: Workspace, channel: SlackChannel, args: Arguments): string | null {
  const ts = args.optionalText("thread_ts");
  if (ts === null) return null;
  const parent = workspace.message(channel.id, ts);
  if (parent === null || parent.onlyTo !== null) throw new SlackError("thread_not_found");
  // A reply to a reply goes to the thread it is in.
  return parent.threadTs ?? parent.ts;
}

export function ownMessage(
  { workspace }: MethodContext,
  args: Arguments,
  notOwn: "cant_update_message" | "cant_delete_message" | "message_not_owned_by_app",
): SlackMessage {
  const channel = visibleChannel(workspace, args.text("channel"));
  const message = workspace.message(channel.id, args.text("ts"));
  if (message === null || message.onlyTo !== null) throw new SlackError("message_not_found");
  if (message.botId !== workspace.app.botId) throw new SlackError(notOwn);
  return message;
}

/** A parent whose replies stand leaves a tombstone. */
export function removeMessage(workspace: Workspace, message: SlackMessage): void {
  if (workspace.replies(message.channel, message.ts).length === 0) {
    workspace.remove(message);
    return;
  }
  Object.assign(message, {
    subtype: "tombstone",
    user: "USLACKBOT",
    botId: null,
    text: "This message was deleted.",
    blocks: [],
    attachments: [],
    metadata: null,
    files: [],
  });
  workspace.touch(message);
}

/** What the app says ends "is thinking …" in that thread. */
export function clearStatus(workspace: Workspace, message: SlackMessage): void {
  if (message.threadTs !== null) workspace.statuses.delete(`${message.channel}/${message.threadTs}`);
}

export const between = (ts: string, oldest: string | null, latest: string | null, inclusive: boolean): boolean => {
  if (oldest !== null && (inclusive ? compareTs(ts, oldest) < 0 : compareTs(ts, oldest) <= 0)) return false;
  return latest === null || (inclusive ? compareTs(ts, latest) <= 0 : compareTs(ts, latest) < 0);
};
