/** A reply that grows: chat.startStream, appendStream, stopStream. */
import { type Arguments, invalid } from "../arguments.ts";
import { checkMessageBlocks } from "../blocks.ts";
import { SlackError, type SlackMessage } from "../types.ts";
import { wireMessage } from "../wire.ts";
import { clearStatus, demandOpen, ownMessage, readMetadata, targetChannel, threadOf } from "./chat.ts";
import type { MethodContext, Methods } from "./method.ts";

const MOST_AT_ONCE = 12_000;
/** Slack ends a stream that does not grow; how soon is not documented, minutes were reported. */
const IDLE_MS = 5 * 60_000;

export const streams: Methods = {
  "chat.startStream"(args, { workspace, events }) {
    const channel = targetChannel(workspace, args.text("channel"));
    demandOpen(workspace, channel);
    const threadTs = threadOf(workspace, channel, args);
    if (threadTs === null) throw invalid("missing required field: thread_ts");
    if (channel.kind !== "im") {
      if (!args.has("recipient_team_id")) throw new SlackError("missing_recipient_team_id");
      if (!args.has("recipient_user_id")) throw new SlackError("missing_recipient_user_id");
    }
    const text = grown(args);
    const message = workspace.post({
      channel: channel.id,
      user: workspace.app.botUser,
      botId: workspace.app.botId,
      text,
      blocks: markdown(text),
      threadTs,
      streaming: true,
    });
    clearStatus(workspace, message);
    events.said(message);
    return { channel: channel.id, ts: message.ts };
  },

  "chat.appendStream"(args, context) {
    const { workspace } = context;
    const message = growing(args, context);
    const more = grown(args);
    if (more === "" && !args.has("chunks")) throw invalid("missing required field: markdown_text");
    message.text += more;
    message.blocks = markdown(message.text);
    message.streamingAt = workspace.clock.now();
    workspace.touch(message);
    return { channel: message.channel, ts: message.ts };
  },

  "chat.stopStream"(args, context) {
    const { workspace, events } = context;
    const message = growing(args, context);
    const previous = wireMessage(workspace, message);
    message.text += grown(args);
    const last = args.json("blocks");
    message.blocks = [...markdown(message.text), ...(last === undefined ? [] : checkMessageBlocks(last))];
    message.metadata = readMetadata(args) ?? message.metadata;
    message.streamingAt = null;
    workspace.touch(message);
    events.changed(message, previous);
    return {
      channel: message.channel,
      ts: message.ts,
      message: wireMessage(workspace, message, { metadata: true }),
    };
  },
};

function growing(args: Arguments, context: MethodContext): SlackMessage {
  const message = ownMessage(context, args, "message_not_owned_by_app");
  const { streamingAt } = message;
  if (streamingAt === null || context.workspace.clock.now() - streamingAt > IDLE_MS) {
    throw new SlackError("message_not_in_streaming_state");
  }
  return message;
}

const markdown = (text: string) => (text === "" ? [] : [{ type: "markdown", text }]);

/** What this call adds: `markdown_text`, or the text chunks of `chunks`. */
function grown(args: Arguments): string {
  const chunks = args.json("chunks");
  const fromChunks = Array.isArray(chunks)
    ? (chunks as { type?: unknown; text?: unknown }[])
        .filter((chunk) => chunk.type === "markdown_text")
        .map((chunk) => String(chunk.text ?? ""))
        .join("")
    : "";
  const text = (args.optionalText("markdown_text") ?? "") + fromChunks;
  if (text.length > MOST_AT_ONCE) throw new SlackError("msg_too_long");
  return text;
}
