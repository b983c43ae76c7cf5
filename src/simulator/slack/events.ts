/** The Events API: what the app hears of the workspace, as far as it subscribed and has the scope. */
import type { Delivery } from "./delivery.ts";
import { historyScope } from "./scopes.ts";
import type { ChannelKind, SlackMessage, SlackView } from "./types.ts";
import { type Wire, wireMessage, wireView } from "./wire.ts";
import type { Workspace } from "./workspace.ts";

export interface SlackEvents {
  said(message: SlackMessage): void;
  changed(message: SlackMessage, previous: Wire): void;
  deleted(previous: Wire, channel: string): void;
  reacted(user: string, name: string, message: SlackMessage): void;
  homeOpened(user: string, channel: string, tab: "home" | "messages", view: SlackView | null): void;
  joined(user: string, channel: string): void;
  assistantThread(user: string, channel: string, threadTs: string, context: string | null): void;
  /** The envelope without an inner event that Slack sends when an app gets too many. */
  rateLimited(): void;
}

const SUBSCRIPTION: Record<ChannelKind, string> = {
  channel: "message.channels",
  private: "message.groups",
  im: "message.im",
  mpim: "message.mpim",
};
const CHANNEL_TYPE: Record<ChannelKind, string> = { channel: "channel", private: "group", im: "im", mpim: "mpim" };

export function createEvents(workspace: Workspace, delivery: Delivery): SlackEvents {
  const { installation, app, team, ids, clock } = workspace;
  const has = (scope: string) => installation.botScopes.includes(scope);

  function dispatch(subscription: string, scope: string | null, event: Wire): void {
    if (!installation.events.includes(subscription) || (scope !== null && !has(scope))) return;
    if (installation.botTokenError !== null) return;
    const id = ids.next("Ev");
    void delivery.send({
      id,
      kind: "events_api",
      target: `event:${String(event.type)}`,
      payload: {
        token: "simulated-verification-token",
        team_id: team.id,
        context_team_id: team.id,
        context_enterprise_id: null,
        api_app_id: app.id,
        event,
        type: "event_callback",
        event_id: id,
        event_time: Math.floor(clock.now() / 1000),
        authorizations: [
          {
            enterprise_id: null,
            team_id: team.id,
            user_id: app.botUser,
            is_bot: true,
            is_enterprise_install: false,
          },
        ],
        is_ext_shared_channel: false,
        event_context: `4-${id}`,
      },
    });
  }

  function toChannel(channelId: string, event: Wire): void {
    const channel = workspace.channels.get(channelId);
    if (channel === undefined || !channel.members.includes(app.botUser)) return;
    dispatch(SUBSCRIPTION[channel.kind], historyScope(channel.kind), {
      ...event,
      channel: channelId,
      channel_type: CHANNEL_TYPE[channel.kind],
    });
  }

  return {
    said(message) {
      const wire = wireMessage(workspace, message);
      toChannel(message.channel, { ...wire, event_ts: message.ts });
      const channel = workspace.channels.get(message.channel);
      const mentioned = message.text.includes(`<@${app.botUser}`);
      if (!mentioned || message.user === app.botUser || channel === undefined || channel.kind === "im") return;
      if (!channel.members.includes(app.botUser)) return;
      const { user, text, ts, thread_ts, blocks, client_msg_id } = wire;
      dispatch("app_mention", "app_mentions:read", {
        user,
        type: "app_mention",
        ts,
        client_msg_id,
        text,
        team: team.id,
        ...(thread_ts === undefined ? {} : { thread_ts, parent_user_id: wire.parent_user_id }),
        ...(blocks === undefined ? {} : { blocks }),
        channel: message.channel,
        event_ts: message.ts,
      });
    },
    changed(message, previous) {
      const ts = ids.ts();
      toChannel(message.channel, {
        type: "message",
        subtype: "message_changed",
        message: wireMessage(workspace, message),
        previous_message: previous,
        hidden: true,
        ts,
        event_ts: ts,
      });
    },
    deleted(previous, channel) {
      const ts = ids.ts();
      toChannel(channel, {
        type: "message",
        subtype: "message_deleted",
        previous_message: previous,
        deleted_ts: previous.ts,
        hidden: true,
        ts,
        event_ts: ts,
      });
    },
    reacted(user, name, message) {
      dispatch("reaction_added", "reactions:read", {
        type: "reaction_added",
        user,
        reaction: name,
        item: { type: "message", channel: message.channel, ts: message.ts },
        item_user: message.user,
        event_ts: ids.ts(),
      });
    },
    homeOpened(user, channel, tab, view) {
      dispatch("app_home_opened", null, {
        type: "app_home_opened",
        user,
        channel,
        tab,
        ...(view === null ? {} : { view: wireView(workspace, view) }),
        event_ts: ids.ts(),
      });
    },
    joined(user, channel) {
      dispatch("member_joined_channel", "channels:read", {
        type: "member_joined_channel",
        user,
        channel,
        channel_type: "C",
        team: team.id,
        event_ts: ids.ts(),
      });
    },
    assistantThread(user, channel, threadTs, context) {
      dispatch("assistant_thread_started", "assistant:write", {
        type: "assistant_thread_started",
        assistant_thread: {
          user_id: user,
          context: context === null ? {} : { channel_id: context, team_id: team.id, enterprise_id: null },
          channel_id: channel,
          thread_ts: threadTs,
        },
        event_ts: ids.ts(),
      });
    },
    rateLimited() {
      void delivery.send({
        id: ids.next("Rl"),
        kind: "events_api",
        target: "event:app_rate_limited",
        payload: {
          token: "simulated-verification-token",
          type: "app_rate_limited",
          team_id: team.id,
          minute_rate_limited: Math.floor(clock.now() / 60_000) * 60,
          api_app_id: app.id,
        },
      });
    },
  };
}
