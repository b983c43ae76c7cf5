/** auth.*, users.*, team.*, bots.*, reactions.*, apps.*, assistant.*: who is there, and small signs. */
import { invalid, missing } from "../arguments.ts";
import { compareTs } from "../ids.ts";
import { SlackError } from "../types.ts";
import { page, wireMessage, wireUser } from "../wire.ts";
import { type Methods, visibleChannel } from "./method.ts";

const MOST_PROMPTS = 4;

export const people: Methods = {
  "api.test": (args) => ({ args: args.raw }),

  "auth.test": (_args, { workspace }) => ({
    url: `https://${workspace.team.domain}.slack.com/`,
    team: workspace.team.name,
    user: "factory",
    team_id: workspace.team.id,
    user_id: workspace.app.botUser,
    bot_id: workspace.app.botId,
    is_enterprise_install: false,
  }),

  "apps.connections.open"(_args, context) {
    if (context.mode() !== "socket") throw new SlackError("socket_mode_not_enabled");
    return { url: context.socketUrl() };
  },

  "bots.info": (_args, { workspace }) => ({
    bot: {
      id: workspace.app.botId,
      deleted: false,
      name: workspace.app.name,
      updated: 1_760_000_000,
      app_id: workspace.app.id,
      user_id: workspace.app.botUser,
      icons: {},
    },
  }),

  "team.info": (_args, { workspace }) => ({
    team: { id: workspace.team.id, name: workspace.team.name, domain: workspace.team.domain, email_domain: "" },
  }),

  "users.info"(args, { workspace }) {
    const user = workspace.users.get(args.text("user"));
    if (user === undefined) throw new SlackError("user_not_found");
    return { user: wireUser(workspace, user, workspace.installation.botScopes.includes("users:read.email")) };
  },

  "users.list"(args, { workspace }) {
    const { items, next } = page(
      workspace.users.values(),
      Math.max(1, args.number("limit", 200)),
      args.optionalText("cursor") ?? "",
    );
    const email = workspace.installation.botScopes.includes("users:read.email");
    return {
      members: items.map((user) => wireUser(workspace, user, email)),
      cache_ts: Math.floor(workspace.clock.now() / 1000),
      response_metadata: { next_cursor: next },
    };
  },

  "users.lookupByEmail"(args, { workspace }) {
    const email = args.text("email").toLowerCase();
    const user = workspace.users.values().find((other) => other.email === email);
    if (user === undefined) throw new SlackError("users_not_found");
    return { user: wireUser(workspace, user, true) };
  },

  "reactions.add"(args, { workspace, events }) {
    const message = reactedMessage(args.text("channel"), args.text("timestamp"), workspace);
    const name = args.text("name").replaceAll(":", "");
    if (!/^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/.test(name)) throw new SlackError("invalid_name");
    const reaction = message.reactions.find((other) => other.name === name);
    if (reaction?.users.includes(workspace.app.botUser) === true) throw new SlackError("already_reacted");
    if (reaction === undefined) message.reactions.push({ name, users: [workspace.app.botUser] });
    else reaction.users.push(workspace.app.botUser);
    workspace.touch(message);
    events.reacted(workspace.app.botUser, name, message);
    return {};
  },

  "reactions.remove"(args, { workspace }) {
    const message = reactedMessage(args.text("channel"), args.text("timestamp"), workspace);
    const reaction = message.reactions.find((other) => other.name === args.text("name"));
    if (reaction?.users.includes(workspace.app.botUser) !== true) throw new SlackError("no_reaction");
    reaction.users = reaction.users.filter((user) => user !== workspace.app.botUser);
    message.reactions = message.reactions.filter((other) => other.users.length > 0);
    workspace.touch(message);
    return {};
  },

  "reactions.get"(args, { workspace }) {
    const message = reactedMessage(args.text("channel"), args.text("timestamp"), workspace);
    return { type: "message", channel: message.channel, message: wireMessage(workspace, message) };
  },

  "assistant.threads.setStatus"(args, { workspace }) {
    const channel = visibleChannel(workspace, args.text("channel_id"));
    const threadTs = args.text("thread_ts");
    if (workspace.message(channel.id, threadTs) === null) throw new SlackError("thread_not_found");
    const status = args.optionalText("status") ?? "";
    const key = `${channel.id}/${threadTs}`;
    if (status === "") workspace.statuses.delete(key);
    else workspace.statuses.put(key, { channel: channel.id, threadTs, status });
    workspace.changed();
    return {};
  },
  "assistant.threads.setTitle": (args, { workspace }) => {
    visibleChannel(workspace, args.text("channel_id"));
    args.text("title");
    return {};
  },
  "assistant.threads.setSuggestedPrompts": (args, { workspace }) => {
    const channel = visibleChannel(workspace, args.text("channel_id"));
    const threadTs = args.text("thread_ts");
    if (workspace.message(channel.id, threadTs) === null) throw new SlackError("thread_not_found");
    const given = args.json("prompts");
    if (!Array.isArray(given) || given.length === 0) throw missing("prompts");
    if (given.length > MOST_PROMPTS) throw invalid("no more than 4 items allowed [json-pointer:/prompts]");
    const prompts = given.map((prompt: Record<string, unknown>, index) => {
      if (typeof prompt.title !== "string" || typeof prompt.message !== "string") {
        throw invalid(`must have a title and a message [json-pointer:/prompts/${index}]`);
      }
      return { title: prompt.title, message: prompt.message };
    });
    workspace.prompts.put(`${channel.id}/${threadTs}`, prompts);
    workspace.changed();
    return {};
  },
};

function reactedMessage(channelId: string, ts: string, workspace: Parameters<typeof visibleChannel>[0]) {
  const channel = visibleChannel(workspace, channelId);
  if (!channel.members.includes(workspace.app.botUser)) throw new SlackError("not_in_channel");
  const message = workspace.said(channel.id).find((other) => compareTs(other.ts, ts) === 0);
  if (message === undefined || message.onlyTo !== null) throw new SlackError("message_not_found");
  return message;
}
