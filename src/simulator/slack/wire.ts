/** The workspace's rows as Slack's API and events write them. */
import { compareTs } from "./ids.ts";
import type { SlackChannel, SlackFile, SlackMessage, SlackUser, SlackView } from "./types.ts";
import type { Workspace } from "./workspace.ts";

export type Wire = Record<string, unknown>;

export function wireMessage(workspace: Workspace, message: SlackMessage, options: { metadata?: boolean } = {}): Wire {
  const replies = workspace.replies(message.channel, message.ts);
  const last = replies.at(-1);
  const parent =
    message.threadTs !== null && message.threadTs !== message.ts
      ? workspace.message(message.channel, message.threadTs)
      : null;
  const inThread = last !== undefined || message.threadTs !== null;
  return {
    type: "message",
    ...(message.subtype === null ? {} : { subtype: message.subtype }),
    user: message.user,
    ...(message.botId === null ? {} : botFields(workspace, message.botId)),
    text: message.text,
    ts: message.ts,
    team: workspace.team.id,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(inThread ? { thread_ts: message.threadTs ?? message.ts } : {}),
    ...(parent === null ? {} : { parent_user_id: parent.user }),
    ...(last === undefined
      ? {}
      : {
          reply_count: replies.length,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          reply_users_count: new Set(replies.map((reply) => reply.user)).size,
          latest_reply: last.ts,
          is_locked: false,
          subscribed: true,
        }),
    ...(message.edited === null ? {} : { edited: message.edited }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map((reaction) => ({ ...reaction, count: reaction.users.length })) }),
    ...(message.files.length === 0
      ? {}
      : { upload: false, files: message.files.map((id) => wireFile(workspace, workspace.files.get(id)!)) }),
    ...(options.metadata === true && message.metadata !== null ? { metadata: message.metadata } : {}),
    ...(message.streamingAt === null ? {} : { streaming_state: "in_progress" }),
    ...(message.botId === null && message.subtype === null ? { client_msg_id: `cmid-${message.ts}` } : {}),
  };
}

const botFields = (workspace: Workspace, botId: string): Wire => ({
  bot_id: botId,
  app_id: workspace.app.id,
  bot_profile: {
    id: botId,
    app_id: workspace.app.id,
    name: workspace.app.name,
    team_id: workspace.team.id,
    deleted: false,
  },
});

export function wireUser(workspace: Workspace, user: SlackUser, email: boolean): Wire {
  return {
    id: user.id,
    team_id: workspace.team.id,
    name: user.name,
    deleted: user.deleted,
    color: user.color,
    real_name: user.realName,
    tz: "Etc/UTC",
    tz_label: "Coordinated Universal Time",
    tz_offset: 0,
    is_bot: user.isBot,
    is_admin: false,
    is_owner: false,
    is_app_user: false,
    updated: 1_760_000_000,
    profile: {
      real_name: user.realName,
      display_name: user.isBot ? "" : user.name,
      team: workspace.team.id,
      ...(email && !user.isBot ? { email: user.email } : {}),
      ...(user.isBot ? { bot_id: workspace.app.botId, api_app_id: workspace.app.id } : {}),
    },
  };
}

export function wireChannel(workspace: Workspace, channel: SlackChannel): Wire {
  const base = {
    id: channel.id,
    created: channel.created,
    is_archived: channel.archived,
    is_im: channel.kind === "im",
    is_mpim: channel.kind === "mpim",
    is_org_shared: false,
    context_team_id: workspace.team.id,
    updated: channel.created * 1000,
  };
  if (channel.kind === "im") {
    const user = channel.members.find((member) => member !== workspace.app.botUser);
    return { ...base, user, is_user_deleted: false, priority: 0 };
  }
  return {
    ...base,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: channel.kind === "channel",
    is_group: channel.kind === "private",
    is_private: channel.kind !== "channel",
    is_general: false,
    is_shared: false,
    is_ext_shared: false,
    is_member: channel.members.includes(workspace.app.botUser),
    creator: "UANA",
    num_members: channel.members.length,
    topic: { value: channel.topic, creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
    previous_names: [],
  };
}

export function wireFile(workspace: Workspace, file: SlackFile): Wire {
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    size: file.length,
    user: file.user,
    user_team: workspace.team.id,
    mode: "hosted",
    filetype: file.name.split(".").at(-1) ?? "text",
    mimetype: "application/octet-stream",
    is_external: false,
    editable: false,
    permalink: `https://${workspace.team.domain}.slack.com/files/${file.user}/${file.id}/${file.name}`,
    channels: file.channel === null ? [] : [file.channel],
  };
}

export function wireView(workspace: Workspace, view: SlackView): Wire {
  return {
    id: view.id,
    team_id: workspace.team.id,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    external_id: view.externalId,
    state: { values: view.values },
    hash: view.hash,
    title: view.title,
    submit: view.submit,
    close: view.close,
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    previous_view_id: view.previous,
    root_view_id: view.root,
    app_id: workspace.app.id,
    app_installed_team_id: workspace.team.id,
    bot_id: workspace.app.botId,
  };
}

/** A page of a list with Slack's opaque cursor. */
export function page<T>(items: T[], limit: number, cursor: string): { items: T[]; next: string } {
  const from =
    cursor === ""
      ? 0
      : Number(
          Buffer.from(cursor, "base64")
            .toString()
            .replace(/^next:/, ""),
        );
  const next = from + limit < items.length ? Buffer.from(`next:${from + limit}`).toString("base64") : "";
  return { items: items.slice(from, from + limit), next };
}

export const newestFirst = (messages: SlackMessage[]): SlackMessage[] =>
  [...messages].sort((a, b) => compareTs(b.ts, a.ts));
