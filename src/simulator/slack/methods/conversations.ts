/** conversations.*: where one can talk, and what was said. */
import { compareTs } from "../ids.ts";
import { historyScope, readScope } from "../scopes.ts";
import { type ChannelKind, SlackError } from "../types.ts";
import { newestFirst, page, wireChannel, wireMessage } from "../wire.ts";
import type { Workspace } from "../workspace.ts";
import { between } from "./chat.ts";
import { demandReadScope, demandScope, type Methods, visibleChannel } from "./method.ts";

const KINDS: Record<string, ChannelKind> = {
  public_channel: "channel",
  private_channel: "private",
  im: "im",
  mpim: "mpim",
};
const MOST_PER_PAGE = 999;

export const conversations: Methods = {
  "conversations.list"(args, { workspace }) {
    const channels = listed(workspace, args.optionalText("types")).filter(
      (channel) => channel.kind === "channel" || channel.members.includes(workspace.app.botUser),
    );
    const shown = args.flag("exclude_archived") ? channels.filter((channel) => !channel.archived) : channels;
    const { items, next } = page(shown, limit(args.number("limit", 100)), args.optionalText("cursor") ?? "");
    return {
      channels: items.map((channel) => wireChannel(workspace, channel)),
      response_metadata: { next_cursor: next },
    };
  },

  "users.conversations"(args, { workspace }) {
    const user = args.optionalText("user") ?? workspace.app.botUser;
    const channels = listed(workspace, args.optionalText("types")).filter(
      (channel) => channel.members.includes(user) && !(args.flag("exclude_archived") && channel.archived),
    );
    const { items, next } = page(channels, limit(args.number("limit", 100)), args.optionalText("cursor") ?? "");
    return {
      channels: items.map((channel) => wireChannel(workspace, channel)),
      response_metadata: { next_cursor: next },
    };
  },

  "conversations.info"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    demandReadScope(workspace, channel);
    const count = args.flag("include_num_members") ? { num_members: channel.members.length } : {};
    return { channel: { ...wireChannel(workspace, channel), ...count } };
  },

  "conversations.members"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    demandReadScope(workspace, channel);
    const { items, next } = page(channel.members, limit(args.number("limit", 100)), args.optionalText("cursor") ?? "");
    return { members: items, response_metadata: { next_cursor: next } };
  },

  "conversations.history"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    demandScope(workspace, historyScope(channel.kind));
    if (!channel.members.includes(workspace.app.botUser)) throw new SlackError("not_in_channel");
    const [oldest, latest] = [args.optionalText("oldest"), args.optionalText("latest")];
    const found = newestFirst(workspace.history(channel.id)).filter((message) =>
      between(message.ts, oldest === "0" ? null : oldest, latest, args.flag("inclusive")),
    );
    const { items, next } = page(found, limit(args.number("limit", 100)), args.optionalText("cursor") ?? "");
    const metadata = args.flag("include_all_metadata");
    return {
      messages: items.map((message) => wireMessage(workspace, message, { metadata })),
      has_more: next !== "",
      pin_count: 0,
      ...(next === "" ? {} : { response_metadata: { next_cursor: next } }),
    };
  },

  "conversations.replies"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    demandScope(workspace, historyScope(channel.kind));
    if (!channel.members.includes(workspace.app.botUser)) throw new SlackError("not_in_channel");
    const asked = workspace.message(channel.id, args.text("ts"));
    if (asked === null || asked.onlyTo !== null) throw new SlackError("thread_not_found");
    const parent = workspace.message(channel.id, asked.threadTs ?? asked.ts) ?? asked;
    const [oldest, latest] = [args.optionalText("oldest"), args.optionalText("latest")];
    const replies = workspace
      .replies(channel.id, parent.ts)
      .filter((message) => between(message.ts, oldest === "0" ? null : oldest, latest, args.flag("inclusive")));
    // The parent always comes first, whatever the window.
    const all = [parent, ...replies.sort((a, b) => compareTs(a.ts, b.ts))];
    const { items, next } = page(all, limit(args.number("limit", 1000)), args.optionalText("cursor") ?? "");
    const metadata = args.flag("include_all_metadata");
    return {
      messages: items.map((message) => wireMessage(workspace, message, { metadata })),
      has_more: next !== "",
      ...(next === "" ? {} : { response_metadata: { next_cursor: next } }),
    };
  },

  "conversations.open"(args, { workspace }) {
    const users = args
      .optionalText("users")
      ?.split(",")
      .filter((user) => user !== "");
    if (users === undefined || users.length === 0) {
      const channel = visibleChannel(workspace, args.text("channel"));
      return { channel: opened(channel.id, args.flag("return_im"), workspace) };
    }
    for (const user of users) {
      if (workspace.users.get(user) === undefined) throw new SlackError("user_not_found");
      if (user === workspace.app.botUser) throw new SlackError("cannot_dm_bot");
    }
    demandScope(workspace, users.length === 1 ? "im:write" : "mpim:write");
    return { channel: opened(workspace.dmOf(users).id, args.flag("return_im"), workspace) };
  },

  "conversations.join"(args, { workspace, events }) {
    const channel = visibleChannel(workspace, args.text("channel"));
    if (channel.kind !== "channel") throw new SlackError("method_not_supported_for_channel_type");
    if (channel.archived) throw new SlackError("is_archived");
    const already = channel.members.includes(workspace.app.botUser);
    if (!already) {
      channel.members.push(workspace.app.botUser);
      workspace.channels.put(channel.id, channel);
      workspace.changed();
      events.joined(workspace.app.botUser, channel.id);
    }
    return {
      channel: wireChannel(workspace, channel),
      ...(already ? { warning: "already_in_channel", response_metadata: { warnings: ["already_in_channel"] } } : {}),
    };
  },
};

function listed(workspace: Workspace, types: string | null) {
  const kinds = (types ?? "public_channel").split(",").map((type) => {
    const kind = KINDS[type.trim()];
    if (kind === undefined) throw new SlackError("invalid_types");
    demandScope(workspace, readScope(kind));
    return kind;
  });
  return workspace.channels.values().filter((channel) => kinds.includes(channel.kind));
}

const limit = (asked: number): number => Math.max(1, Math.min(MOST_PER_PAGE, Math.floor(asked)));

function opened(id: string, whole: boolean, workspace: Workspace) {
  return whole ? { ...wireChannel(workspace, workspace.channels.get(id)!), is_open: true } : { id };
}
