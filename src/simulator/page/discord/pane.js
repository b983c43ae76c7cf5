/** Discord as a person sees it: servers and direct messages on the left, the conversation beside them, modals above. */
import { h, keyed } from "../dom.js";
import { createComposer } from "./composer.js";
import { drawMessage } from "./message.js";
import { createModal } from "./modal.js";

export function mount(root, host) {
  for (const sheet of ["discord", "writing"])
    document.head.append(h("link", { rel: "stylesheet", href: `discord/${sheet}.css` }));
  let channel = null;
  let guild = null;
  let messages = [];
  let refresh = () => {};
  /** Message → what Discord says when nobody answered a press. */
  const failures = new Map();
  /** Person → channel → the newest message seen there. */
  const seen = new Map();

  const channels = h("div", { class: "channels" });
  const title = h("h2", {});
  const list = h("div", { class: "log", role: "log", "aria-label": "Messages in Discord" });
  const beginning = h("p", { class: "beginning", hidden: true });
  const state = h("p", { class: "state", "aria-live": "polite" });
  const composer = createComposer({
    send: (text, replyTo) => act("say", { channel, text, ...(replyTo === null ? {} : { replyTo }) }),
    command: (name, options) => act("command", { channel, name, options }, "bottom"),
    complete: async (name, option, typed) => {
      const choices = await host.post("complete", { as: host.person(), channel, name, option, typed }).catch(() => []);
      return Array.isArray(choices) ? choices : [];
    },
    commands: () => guild?.commands ?? [],
    users: () => (guild?.users ?? []).filter(({ id }) => id !== guild.me),
  });
  const modal = createModal({
    submit: async (values) => {
      const outcome = await act("submit", { values }, "modal");
      return outcome === null || outcome.ok ? null : "Something went wrong. Try again.";
    },
    close: () => void act("close", {}),
  });
  root.classList.add("discord");
  root.append(
    h("nav", { class: "side", "aria-label": "Discord channels" }, channels),
    h("div", { class: "talk" }, h("header", { class: "top" }, title), beginning, list, state, composer.element),
    modal.element,
  );

  const names = () => ({
    me: guild?.me,
    app: guild?.app.id,
    user: (id) => guild?.users.find((user) => user.id === id)?.globalName ?? id,
    channel: (id) => guild?.channels.find((one) => one.id === id)?.name ?? id,
  });

  /** Does something as this person and says what went wrong, where Discord would: at `at`. */
  async function act(path, fields, at = null) {
    try {
      const outcome = await host.post(path, { as: host.person(), ...fields });
      if (outcome.error && at !== null && at !== "modal") failures.set(at, outcome.error);
      else failures.delete(at);
      state.textContent = at === "bottom" && outcome.error ? outcome.error : "";
      return outcome;
    } catch (thrown) {
      state.textContent = thrown.message;
      return null;
    } finally {
      refresh();
    }
  }

  const acts = {
    press: (id, button, element) => {
      element.disabled = true;
      return act("press", { channel, id, button }, id).finally(() => {
        element.disabled = false;
      });
    },
    choose: (id, select, value) => act("choose", { channel, id, select, value }, id),
    open: (id) => void show(id),
    reply: (id) => composer.answer(messages.find((message) => message.id === id) ?? null),
  };

  async function show(id) {
    channel = id;
    composer.answer(null);
    state.textContent = "";
    refresh();
  }

  async function load() {
    const person = host.person();
    guild = await host.get("guild", { as: person });
    const own = guild.channels.some(({ id }) => id === channel);
    if (channel === null || (!own && channel !== guild.dm)) channel = guild.channels[0]?.id ?? guild.dm;
    const [talk, open] = await Promise.all([
      host.get("messages", { as: person, channel }),
      host.get("modal", { as: person }),
    ]);
    if (person !== host.person()) return;
    messages = talk.messages;
    draw(talk);
    modal.draw(open);
    await tellUnread();
  }

  function draw({ typing }) {
    const here = guild.channels.find(({ id }) => id === channel);
    const name = here === undefined ? guild.app.name : `${here.kind === "thread" ? "🧵 " : "# "}${here.name}`;
    title.textContent = name;
    composer.place(here === undefined ? `@${name}` : name);
    drawChannels();
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    const all = names();
    keyed(
      list,
      messages.map((message) => ({ ...message, failed: failures.get(message.id) })),
      ({ id }) => id,
      (message) => drawMessage(message, { names: all, act: acts, failed: message.failed }),
    );
    beginning.hidden = messages.length > 0;
    beginning.textContent =
      here === undefined
        ? `This is the beginning of your direct messages with ${name}.`
        : `This is the beginning of ${name}. Write @${guild.app.name} to talk with the bot, or / for its commands.`;
    if (atEnd || list.dataset.at !== `${all.me}/${channel}`) list.scrollTop = list.scrollHeight;
    list.dataset.at = `${all.me}/${channel}`;
    if (typing) state.textContent = `${guild.app.name} is typing…`;
    else if (state.textContent.endsWith("is typing…")) state.textContent = "";
    const mine = seen.get(host.person()) ?? new Map();
    mine.set(channel, messages.at(-1)?.id ?? "0");
    seen.set(host.person(), mine);
  }

  function drawChannels() {
    const mine = seen.get(host.person()) ?? new Map(Object.entries(guild.newest));
    const isUnread = (id) => id !== channel && BigInt(guild.newest[id] ?? "0") > BigInt(mine.get(id) ?? "0");
    const entry = (id, label, kind) =>
      h(
        "button",
        {
          type: "button",
          class: isUnread(id) ? `${kind} unread` : kind,
          title: isUnread(id) ? "Something new" : null,
          "aria-current": String(id === channel),
          onclick: () => void show(id),
        },
        label,
      );
    const text = guild.channels.filter(({ kind }) => kind === "text");
    const threads = (of) => guild.channels.filter(({ kind, parentId }) => kind === "thread" && parentId === of);
    channels.replaceChildren(
      ...guild.guilds.map(({ id, name }) =>
        h(
          "section",
          { "aria-label": name },
          h("h2", {}, name),
          text
            .filter(({ guildId }) => guildId === id)
            .map((one) => [
              entry(one.id, `# ${one.name}`, "channel"),
              threads(one.id).map((thread) => entry(thread.id, thread.name, "thread")),
            ]),
        ),
      ),
      h(
        "section",
        { "aria-label": "Direct messages" },
        h("h2", {}, "Direct messages"),
        entry(guild.dm, guild.app.name, "dm"),
      ),
      h("p", { class: "connection" }, guild.connected ? "" : "The bot is offline."),
    );
  }

  /** In how many places something stands that a person has not seen, for the switch. */
  async function tellUnread() {
    const counts = {};
    for (const { id } of host.people) {
      const { channels: all, dm, newest } = id === host.person() ? guild : await host.get("guild", { as: id });
      const places = [...all.map((one) => one.id), dm];
      const known = seen.get(id);
      // What was there before the page was opened is not news.
      const mine = known ?? new Map(places.map((place) => [place, newest[place] ?? "0"]));
      seen.set(id, mine);
      counts[id] = places.filter((place) => BigInt(newest[place] ?? "0") > BigInt(mine.get(place) ?? "0")).length;
    }
    host.unread(counts);
  }

  host.onPerson(() => {
    channel = guild !== null && channel === guild.dm ? null : channel;
    composer.answer(null);
    refresh();
  });
  refresh = host.changes(load);
}
