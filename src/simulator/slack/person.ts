/** Acting as a person of the workspace, and reading what they would see. */
import type { Delivered } from "./delivery.ts";
import { type Drawn, type DrawnView, drawMessage, drawView } from "./draw.ts";
import type { SlackEvents } from "./events.ts";
import { compareTs } from "./ids.ts";
import type { Interactions } from "./interactions.ts";
import { removeMessage } from "./methods/chat.ts";
import { elementIn, type FieldValue, fieldValue } from "./pressing.ts";
import { SlackError, type SlackMessage, type SlackView } from "./types.ts";
import { typedBlocks, typedText } from "./typing.ts";
import type { Views } from "./views.ts";
import { wireMessage } from "./wire.ts";
import type { Workspace } from "./workspace.ts";

export type { FieldValue } from "./pressing.ts";

export interface SlackPerson {
  readonly id: string;
  readonly name: string;
  /** The channel's id; `#name` works too, and `dm` is the one with the app. */
  channel(target: string): string;
  /** Types and sends; `@name`, `#name` and addresses become what Slack's composer makes of them. Returns the message's ts. */
  say(target: string, text: string, options?: { thread?: string; broadcast?: boolean }): string;
  edit(target: string, ts: string, text: string): void;
  delete(target: string, ts: string): void;
  react(target: string, ts: string, name: string): void;
  /** Slack adds a preview to a message with a link: an edit by nobody. */
  unfurl(target: string, ts: string): void;
  /** What Slack does with text that begins with a slash. Rejects for a command the app does not have. */
  command(target: string, text: string): Promise<Delivered>;
  /** Presses the button with this action_id or this label. */
  click(target: string, ts: string, button: string): Promise<Delivered>;
  /** Chooses in a select, radio, date … of a message. */
  choose(target: string, ts: string, actionId: string, value: FieldValue): Promise<Delivered>;
  /** The modal that stands open; null: none. */
  modal(): DrawnView | null;
  /** Fills fields by action_id or block_id. Elements that report at once (`dispatch_action`, selects in sections) do so. */
  fill(values: Record<string, FieldValue>): Promise<void>;
  /** Presses the modal's button that sends it; `values` are filled before. */
  submit(values?: Record<string, FieldValue>): Promise<Delivered>;
  closeModal(): Promise<void>;
  clickInModal(button: string): Promise<Delivered>;
  /** Opens the app's Home tab; what it shows is `home()`. */
  openHome(): void;
  home(): DrawnView | null;
  clickInHome(button: string): Promise<Delivered>;
  chooseInHome(actionId: string, value: FieldValue): Promise<Delivered>;
  /** A new assistant thread in the DM with the app; returns its ts. */
  startAssistantThread(context?: string): string;
  /** What the app is said to be doing in a thread; null: nothing. */
  status(channel: string, thread: string): string | null;
  /** What the app suggests to say there. */
  prompts(channel: string, thread: string): { title: string; message: string }[];
  /** The channel (or a thread, its parent first) as this person sees it, oldest first, ephemerals among it. */
  messages(target: string, options?: { thread?: string }): Drawn[];
  /** Notes that everything there has been seen. */
  read(target: string): void;
  unread(target: string): number;
  /** The ts of the last message seen there; "0": none. */
  lastRead(target: string): string;
}

export function createPerson(options: {
  workspace: Workspace;
  events: SlackEvents;
  interactions: Interactions;
  views: Views;
  user: string;
}): SlackPerson {
  const { workspace, events, interactions, views, user } = options;
  const me = workspace.users.get(user);
  if (me === undefined) throw new SlackError("user_not_found");

  const channelOf = (target: string): string => {
    if (target === "dm") return workspace.dmOf([user]).id;
    const channel = workspace.channels.get(target) ?? workspace.channelNamed(target);
    if (channel?.members.includes(user) !== true) throw new SlackError("channel_not_found");
    return channel.id;
  };
  const find = (target: string, ts: string): SlackMessage => {
    const message = workspace.message(channelOf(target), ts);
    if (message === null || (message.onlyTo !== null && message.onlyTo !== user)) {
      throw new SlackError("message_not_found");
    }
    return message;
  };
  const own = (target: string, ts: string): SlackMessage => {
    const message = find(target, ts);
    if (message.user !== user) throw new SlackError("cant_update_message");
    return message;
  };
  const openModal = (): SlackView => {
    const view = views.top(user);
    if (view === null) throw new SlackError("no modal is open");
    return view;
  };
  const publishedHome = (): SlackView => {
    const view = views.home(user);
    if (view === null) throw new SlackError("the home is empty");
    return view;
  };
  const pressInView = async (view: SlackView, button: string): Promise<Delivered> => {
    const { block, element } = elementIn(view.blocks, button);
    return await interactions.actInView(user, view, block, element, {});
  };
  const chooseInView = async (view: SlackView, actionId: string, value: FieldValue): Promise<Delivered | null> => {
    const { block, element } = elementIn(view.blocks, actionId);
    const state = fieldValue(element, value);
    view.values[block.block_id!] = {
      ...view.values[block.block_id!],
      [element.action_id ?? ""]: { type: element.type, ...state },
    };
    delete view.errors[block.block_id!];
    views.save(view);
    if (block.type === "input" && block.dispatch_action !== true) return null;
    return await interactions.actInView(user, view, block, element, state);
  };

  const person: SlackPerson = {
    id: user,
    name: me.name,
    channel: channelOf,
    say(target, typed, { thread, broadcast = false } = {}) {
      const channel = channelOf(target);
      if (workspace.channels.get(channel)?.archived === true) throw new SlackError("is_archived");
      const parent = thread === undefined ? null : find(target, thread);
      const text = typedText(typed, workspace);
      const message = workspace.post({
        channel,
        user,
        text,
        blocks: typedBlocks(text),
        threadTs: parent === null ? null : (parent.threadTs ?? parent.ts),
        broadcast,
        subtype: broadcast && parent !== null ? "thread_broadcast" : null,
      });
      events.said(message);
      person.read(channel);
      return message.ts;
    },
    edit(target, ts, typed) {
      const message = own(target, ts);
      const previous = wireMessage(workspace, message);
      message.text = typedText(typed, workspace);
      message.blocks = typedBlocks(message.text);
      message.edited = { user, ts: workspace.ids.ts() };
      events.changed(workspace.touch(message), previous);
    },
    delete(target, ts) {
      const message = own(target, ts);
      const previous = wireMessage(workspace, message);
      removeMessage(workspace, message);
      events.deleted(previous, message.channel);
    },
    react(target, ts, name) {
      const message = find(target, ts);
      const reaction = message.reactions.find((other) => other.name === name);
      if (reaction === undefined) message.reactions.push({ name, users: [user] });
      else if (reaction.users.includes(user)) reaction.users = reaction.users.filter((other) => other !== user);
      else reaction.users.push(user);
      message.reactions = message.reactions.filter((other) => other.users.length > 0);
      events.reacted(user, name, workspace.touch(message));
    },
    unfurl(target, ts) {
      const message = find(target, ts);
      const previous = wireMessage(workspace, message);
      message.attachments = [{ id: 1, title: "A page", from_url: "https://example.com", fallback: "A page" }];
      events.changed(workspace.touch(message), previous);
    },
    async command(target, typed) {
      const channel = channelOf(target);
      const [, command = "", text = ""] = /^(\/\S+)\s*([\s\S]*)$/.exec(typed.trim()) ?? [];
      if (!workspace.installation.commands.some((known) => known.command === command)) {
        throw new SlackError(`${command || typed} is not a valid command`);
      }
      const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
      const delivered = await interactions.command(user, channel, command, escaped);
      if (!delivered.ok) {
        const why = delivered.reason.includes("timeout") ? "operation_timeout" : "dispatch_failed";
        workspace.post({
          channel,
          user: "USLACKBOT",
          text: `${command} failed with the error "${why}"`,
          onlyTo: user,
        });
      }
      return delivered;
    },
    async click(target, ts, button) {
      const message = find(target, ts);
      const { block, element } = elementIn(message.blocks, button);
      return await interactions.actInMessage(user, message, block, element, {});
    },
    async choose(target, ts, actionId, value) {
      const message = find(target, ts);
      const { block, element } = elementIn(message.blocks, actionId);
      return await interactions.actInMessage(user, message, block, element, fieldValue(element, value));
    },
    modal() {
      const view = views.top(user);
      return view === null ? null : drawView(view);
    },
    async fill(values) {
      for (const [field, value] of Object.entries(values)) await chooseInView(openModal(), field, value);
    },
    async submit(values = {}) {
      await person.fill(values);
      return await interactions.submit(openModal());
    },
    closeModal: async () => await interactions.close(openModal()),
    clickInModal: async (button) => await pressInView(openModal(), button),
    openHome() {
      events.homeOpened(user, workspace.dmOf([user]).id, "home", views.home(user));
    },
    home() {
      const view = views.home(user);
      return view === null ? null : drawView(view);
    },
    clickInHome: async (button) => await pressInView(publishedHome(), button),
    async chooseInHome(actionId, value) {
      return (await chooseInView(publishedHome(), actionId, value)) ?? { ok: true, response: null };
    },
    startAssistantThread(context) {
      const channel = workspace.dmOf([user]).id;
      const message = workspace.post({
        channel,
        user: workspace.app.botUser,
        botId: workspace.app.botId,
        subtype: "assistant_app_thread",
        text: "New Assistant Thread",
      });
      events.assistantThread(user, channel, message.ts, context === undefined ? null : channelOf(context));
      return message.ts;
    },
    status: (target, thread) => workspace.statuses.get(`${channelOf(target)}/${thread}`)?.status ?? null,
    prompts: (target, thread) => workspace.prompts.get(`${channelOf(target)}/${thread}`) ?? [],
    messages(target, { thread } = {}) {
      const channel = channelOf(target);
      const mine = (message: SlackMessage) => message.onlyTo === null || message.onlyTo === user;
      const all = workspace.said(channel).filter(mine);
      const shown =
        thread === undefined
          ? all.filter((message) => message.threadTs === null || message.threadTs === message.ts || message.broadcast)
          : all.filter((message) => message.ts === thread || message.threadTs === thread);
      return shown.sort((a, b) => compareTs(a.ts, b.ts)).map((message) => drawMessage(workspace, message));
    },
    read(target) {
      const channel = channelOf(target);
      const last = workspace.said(channel).at(-1)?.ts ?? "0";
      const before = workspace.reads.get(`${user}/${channel}`);
      if (before === last) return;
      workspace.reads.put(`${user}/${channel}`, last);
      workspace.changed();
    },
    lastRead: (target) => workspace.reads.get(`${user}/${channelOf(target)}`) ?? "0",
    unread(target) {
      const channel = channelOf(target);
      const seen = person.lastRead(channel);
      return workspace
        .said(channel)
        .filter(
          (message) =>
            message.user !== user &&
            compareTs(message.ts, seen) > 0 &&
            (message.onlyTo === null || message.onlyTo === user),
        ).length;
    },
  };
  return person;
}
