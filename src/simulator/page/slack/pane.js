/** Slack as a person sees it: channels and the app on the left, the conversation, a thread beside it, modals above. */
import { h, keyed } from "../dom.js";
import { drawBlocks } from "./blocks.js";
import { createComposer } from "./composer.js";
import { drawMessage } from "./message.js";
import { createModal } from "./modal.js";
import { createNotices } from "./notices.js";
import { drawRule, withRules } from "./rows.js";
import { sidebarRows } from "./sidebar.js";

export function mount(root, host) {
  document.head.append(h("link", { rel: "stylesheet", href: "slack/slack.css" }));
  /** What is looked at; another person begins where this one stands, except in a DM, which is their own. */
  const view = { channel: null, tab: "messages", thread: null, newAfter: null, editing: null };
  let workspace = null;
  let refresh = () => {};
  const notices = createNotices();

  const team = h("div", { class: "team" });
  const channels = h("div", { class: "channel-list", role: "list" });
  const head = h("header", { class: "conversation-head" });
  const list = h("div", { class: "messages", role: "log", "aria-label": "Messages" });
  const home = h("div", { class: "home", "aria-label": "App Home", hidden: true });
  const threadList = h("div", { class: "messages", role: "log", "aria-label": "Thread" });
  const status = h("p", { class: "status", "aria-live": "polite" });
  const prompts = h("div", { class: "prompts", "aria-label": "Suggestions" });
  const composer = createComposer({ send, commands: () => workspace?.commands ?? [], label: "Message" });
  const threadComposer = createComposer({ send: sendInThread, commands: () => [], label: "Reply" });
  const conversation = h("div", { class: "conversation" }, head, list, home, notices.element, composer.element);
  const thread = h(
    "aside",
    { class: "thread", "aria-label": "Thread", hidden: true },
    h(
      "header",
      { class: "conversation-head" },
      h("h2", {}, "Thread"),
      h(
        "button",
        { class: "icon", type: "button", "aria-label": "Close thread", onclick: () => openThread(null) },
        "✕",
      ),
    ),
    threadList,
    prompts,
    status,
    threadComposer.element,
  );
  const modal = createModal({ host, act, names: () => names() });
  root.classList.add("slack");
  root.append(
    h("nav", { class: "sidebar", "aria-label": "Slack channels" }, team, channels),
    conversation,
    thread,
    modal.element,
  );

  const as = () => host.person();
  const names = () => ({
    user: (id) => workspace?.users.find((user) => user.id === id)?.realName ?? id,
    channel: (id) => workspace?.channels.find((channel) => channel.id === id)?.name ?? id,
    me: workspace?.me,
  });

  /** Does something as this person and says what went wrong, where Slack would. */
  async function act(path, body) {
    try {
      const outcome = await host.post(path, { as: as(), ...body });
      if (outcome.ok === false && !String(outcome.reason).startsWith("required")) {
        notices.say(`${workspace.app.name} did not respond (${outcome.reason}).`);
      }
      return outcome;
    } catch (thrown) {
      notices.say(thrown.message);
      return { ok: false };
    }
  }

  async function send(text) {
    notices.clear();
    if (text.startsWith("/")) return await act("command", { channel: view.channel, text });
    return await act("say", { channel: view.channel, text });
  }
  async function sendInThread(text) {
    notices.clear();
    if (text.startsWith("/")) {
      notices.say(`${text.split(/\s/)[0]} is not supported in threads. Sorry!`);
      return { ok: false };
    }
    return await act("say", { channel: view.channel, text, thread: view.thread });
  }

  function openChannel(id) {
    Object.assign(view, { channel: id, tab: "messages", thread: null, newAfter: null, editing: null });
    notices.clear();
    list.replaceChildren();
    list.dataset.stick = "true";
    refresh();
    composer.focus();
  }
  function openThread(ts) {
    view.thread = ts;
    threadList.replaceChildren();
    refresh();
    if (ts !== null) threadComposer.focus();
  }
  function openTab(tab) {
    view.tab = tab;
    if (tab === "home") void act("open-home", {});
    refresh();
  }

  host.onPerson(() => {
    const now = workspace?.channels.find((channel) => channel.id === view.channel);
    Object.assign(view, { thread: null, newAfter: null, editing: null });
    if (now?.kind === "im") Object.assign(view, { channel: null, wantDm: true });
    list.replaceChildren();
    threadList.replaceChildren();
    notices.clear();
    refresh();
  });

  async function look() {
    workspace = await host.get("workspace", { as: as() });
    const dm = workspace.channels.find((channel) => channel.kind === "im");
    const known = workspace.channels.find((channel) => channel.id === view.channel);
    if (known === undefined) view.channel = (view.wantDm ? dm : workspace.channels[0])?.id ?? null;
    view.wantDm = false;
    host.unread(workspace.unread);
    drawSidebar();
    const channel = workspace.channels.find((other) => other.id === view.channel);
    drawHead(channel);
    const isHome = channel.kind === "im" && view.tab === "home";
    list.hidden = isHome;
    composer.element.hidden = isHome;
    home.hidden = !isHome;
    if (isHome) drawHome(await host.get("home", { as: as() }));
    const { messages } = await host.get("messages", { as: as(), channel: channel.id });
    drawMessages(list, messages, false, channel);
    composer.placeholder(`Message ${labelOf(channel)}`);
    await lookAtThread(channel);
    modal.show(workspace.modal);
    if (channel.unread > 0 && document.visibilityState === "visible") {
      await host.post("read", { as: as(), channel: channel.id });
    }
  }
  refresh = host.changes(look);
  document.addEventListener("visibilitychange", () => refresh());

  async function lookAtThread(channel) {
    thread.hidden = view.thread === null;
    if (view.thread === null) return;
    const found = await host.get("messages", { as: as(), channel: channel.id, thread: view.thread });
    drawMessages(threadList, found.messages, true, channel);
    status.textContent = found.status === null ? "" : `${workspace.app.name} ${found.status}`;
    // Suggestions are for the beginning.
    drawPrompts(found.messages.length > 1 ? [] : found.prompts);
  }

  function drawPrompts(suggested) {
    const said = JSON.stringify(suggested);
    if (prompts.said === said) return;
    prompts.said = said;
    prompts.replaceChildren(
      ...suggested.map(({ title, message }) =>
        h("button", { type: "button", class: "prompt", title: message, onclick: () => sendInThread(message) }, title),
      ),
    );
  }
  /** As Slack's own "New Chat" with an app made for it. */
  async function newChat() {
    const { ts } = await act("assistant-thread", {});
    if (ts !== undefined) openThread(ts);
  }

  function drawSidebar() {
    const on = workspace.connections > 0;
    const words = `${workspace.connections} Socket Mode connection(s) of the bot`;
    team.replaceChildren(
      h("strong", {}, workspace.team.name),
      h("span", { class: on ? "dot on" : "dot", title: words }, on ? "bot connected" : "bot not connected"),
    );
    sidebarRows(channels, workspace, view.channel, openChannel);
  }
  const labelOf = (channel) => (channel.kind === "im" ? workspace.app.name : `#${channel.name}`);

  function drawHead(channel) {
    const tab = (id, words) =>
      h(
        "button",
        {
          type: "button",
          class: "tab",
          role: "tab",
          "aria-selected": String(view.tab === id),
          onclick: () => openTab(id),
        },
        words,
      );
    const said = JSON.stringify([channel.id, view.tab, channel.topic, as()]);
    if (head.said === said) return;
    head.said = said;
    head.replaceChildren(
      h("h2", {}, labelOf(channel)),
      h("span", { class: "topic" }, channel.kind === "im" ? "app" : channel.topic),
      ...(channel.kind === "im"
        ? [
            h("div", { class: "tabs", role: "tablist" }, tab("messages", "Messages"), tab("home", "Home")),
            h("button", { type: "button", class: "new-chat", onclick: newChat }, "New chat"),
          ]
        : []),
    );
  }

  function drawMessages(element, messages, inThread, channel) {
    const stick = element.dataset.stick !== "false" || element.childElementCount === 0;
    if (!inThread && view.newAfter === null) view.newAfter = channel.unread > 0 ? channel.read : "none";
    const rows = withRules(messages, { inThread, newAfter: view.newAfter, me: workspace.me });
    const context = {
      names: names(),
      inThread,
      act: (path, body) => act(path, { channel: view.channel, ...body }),
      openThread,
      fileUrl: (id) => `slack/file?id=${encodeURIComponent(id)}`,
    };
    keyed(
      element,
      rows,
      (item) => item.key,
      (item) => (item.rule === undefined ? drawMessage(item, context) : drawRule(item)),
    );
    if (messages.length === 0) {
      element.replaceChildren(
        h(
          "p",
          { class: "empty" },
          `This is the very beginning of ${labelOf(channel)}. Say something, or type / for commands.`,
        ),
      );
    }
    if (stick) element.scrollTop = element.scrollHeight;
  }

  function drawHome(shown) {
    const said = JSON.stringify(shown);
    if (home.said === said) return;
    home.said = said;
    home.replaceChildren(
      ...(shown === null
        ? [h("p", { class: "empty" }, `${workspace.app.name} has not published a Home for you yet.`)]
        : drawBlocks(shown.blocks, {
            names: names(),
            press: (element) => act("click-home", { button: element.action_id }),
            choose: (element, value) => act("click-home", { button: element.action_id, value }),
          })),
    );
  }

  for (const element of [list, threadList]) {
    element.addEventListener("scroll", () => {
      const gap = element.scrollHeight - element.scrollTop - element.clientHeight;
      element.dataset.stick = String(gap < 40);
    });
  }
}
