/** What a person sets off besides messages: commands, buttons and fields, modals. Builds the payloads and applies the app's answers. */
import type { Delivered, Delivery } from "./delivery.ts";
import type { ResponseUrls } from "./response_urls.ts";
import type { Triggers } from "./triggers.ts";
import { type Block, type Element, SlackError, type SlackMessage, type SlackView } from "./types.ts";
import { unfilled } from "./view_values.ts";
import type { Views } from "./views.ts";
import { type Wire, wireMessage, wireView } from "./wire.ts";
import type { Workspace } from "./workspace.ts";

export interface Interactions {
  command(user: string, channel: string, command: string, text: string): Promise<Delivered>;
  /** A button pressed or a field chosen in a message. `value` is what the element's type carries (`{selected_option: …}`). */
  actInMessage(user: string, message: SlackMessage, block: Block, element: Element, value: Wire): Promise<Delivered>;
  actInView(user: string, view: SlackView, block: Block, element: Element, value: Wire): Promise<Delivered>;
  submit(view: SlackView): Promise<Delivered>;
  close(view: SlackView): Promise<void>;
}

export function createInteractions(options: {
  workspace: Workspace;
  delivery: Delivery;
  views: Views;
  triggers: Triggers;
  responseUrls: ResponseUrls;
}): Interactions {
  const { workspace, delivery, views, triggers, responseUrls } = options;
  const { team, app, ids } = workspace;

  const common = (user: string): Wire => ({
    user: { id: user, username: nameOf(user), name: nameOf(user), team_id: team.id },
    api_app_id: app.id,
    token: "simulated-verification-token",
    team: { id: team.id, domain: team.domain },
    enterprise: null,
    is_enterprise_install: false,
  });
  const nameOf = (user: string) => workspace.users.get(user)?.name ?? user;

  const send = (type: string, payload: Wire) =>
    delivery.send({
      id: ids.next("I"),
      kind: "interactive",
      target: `interactive:${type}`,
      payload: { type, ...payload },
    });

  const action = (block: Block, element: Element, value: Wire): Wire => {
    const { type, action_id, text, style, confirm, placeholder } = element;
    return {
      type,
      action_id: action_id ?? `a${ids.count()}`,
      block_id: block.block_id,
      ...(text === undefined ? {} : { text }),
      ...(style === undefined ? {} : { style }),
      ...(confirm === undefined ? {} : { confirm }),
      ...(placeholder === undefined ? {} : { placeholder }),
      ...(element.value === undefined ? {} : { value: element.value }),
      ...value,
      action_ts: ids.ts(),
    };
  };

  return {
    async command(user, channelId, command, text) {
      const channel = workspace.channels.get(channelId);
      if (channel === undefined) throw new SlackError("channel_not_found");
      const origin = { user, channel: channelId, messageTs: null, threadTs: null };
      const delivered = await delivery.send({
        id: ids.next("C"),
        kind: "slash_commands",
        target: `command:${command}`,
        payload: {
          token: "simulated-verification-token",
          team_id: team.id,
          team_domain: team.domain,
          channel_id: channelId,
          channel_name: channel.kind === "im" ? "directmessage" : (channel.name ?? "privategroup"),
          user_id: user,
          user_name: nameOf(user),
          command,
          text,
          api_app_id: app.id,
          is_enterprise_install: "false",
          response_url: responseUrls.issue(origin),
          trigger_id: triggers.issue(user),
        },
      });
      if (delivered.ok) {
        const response = delivered.response as Wire | null;
        if (response !== null && (response.text !== undefined || response.blocks !== undefined)) {
          if (response.text !== "") responseUrls.say(origin, response);
        }
      }
      return delivered;
    },

    async actInMessage(user, message, block, element, value) {
      const origin = { user, channel: message.channel, messageTs: message.ts, threadTs: message.threadTs };
      const channel = workspace.channels.get(message.channel);
      return await send("block_actions", {
        ...common(user),
        container: {
          type: "message",
          message_ts: message.ts,
          channel_id: message.channel,
          is_ephemeral: message.onlyTo !== null,
          ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
        },
        trigger_id: triggers.issue(user),
        channel: { id: message.channel, name: channel?.kind === "im" ? "directmessage" : channel?.name },
        // Of an ephemeral message Slack sends the container alone.
        ...(message.onlyTo === null ? { message: wireMessage(workspace, message, { metadata: true }) } : {}),
        state: { values: {} },
        response_url: responseUrls.issue(origin),
        actions: [action(block, element, value)],
      });
    },

    async actInView(user, view, block, element, value) {
      return await send("block_actions", {
        ...common(user),
        container: { type: "view", view_id: view.id },
        trigger_id: triggers.issue(user),
        view: wireView(workspace, view),
        actions: [action(block, element, value)],
      });
    },

    async submit(view) {
      const missing = unfilled(view);
      if (Object.keys(missing).length > 0) {
        view.errors = missing;
        views.save(view);
        return { ok: false, reason: "required fields are empty" };
      }
      const delivered = await send("view_submission", {
        ...common(view.user),
        trigger_id: triggers.issue(view.user),
        view: wireView(workspace, view),
        response_urls: [],
      });
      if (!delivered.ok) {
        view.errors = { "": "We had some trouble connecting. Try again?" };
        views.save(view);
        return delivered;
      }
      answerSubmission(view, (delivered.response ?? {}) as Wire);
      return delivered;
    },

    async close(view) {
      views.close(view);
      if (!view.notifyOnClose) return;
      await send("view_closed", { ...common(view.user), view: wireView(workspace, view), is_cleared: false });
    },
  };

  function answerSubmission(view: SlackView, response: Wire): void {
    switch (response.response_action) {
      case "errors":
        view.errors = (response.errors ?? {}) as Record<string, string>;
        views.save(view);
        return;
      case "update":
        views.update(view, response.view);
        return;
      case "push":
        views.open(view.user, response.view, view);
        return;
      case "clear":
        views.closeAll(view.user);
        return;
      default:
        views.close(view);
    }
  }
}
