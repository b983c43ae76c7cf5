/** A person's phone: what the bot's number texted, what they texted back, and what it cost in segments. */
import { h, keyed } from "../dom.js";

export function mount(root, host) {
  document.head.append(h("link", { rel: "stylesheet", href: "phone/phone.css" }));
  let phones = [];
  let number = "";
  /** How many messages each person has seen. */
  const seen = new Map();

  const title = h("h2", {});
  const subtitle = h("p", { class: "number" });
  const list = h("div", { class: "texts", role: "log", "aria-label": "Text messages" });
  const state = h("p", { class: "phone-state", "aria-live": "polite" });
  const input = h("textarea", {
    rows: "1",
    "aria-label": "Text message",
    placeholder: "Text message",
    spellcheck: "false",
  });
  const button = h("button", { type: "submit", "aria-label": "Send text" }, "↑");
  const power = h("button", { type: "button", class: "power", onclick: () => void switchPower() });
  const form = h("form", { class: "type" }, input, button);
  root.classList.add("phone");
  root.append(h("div", { class: "screen" }, h("header", {}, h("div", {}, title, subtitle), power), list, state, form));

  const mine = () => phones.find(({ name }) => name.toLowerCase() === host.person());

  function draw() {
    const phone = mine();
    title.textContent = "Factory";
    subtitle.textContent = number;
    if (phone === undefined) {
      list.replaceChildren(h("p", { class: "empty" }, "No phone."));
      return;
    }
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    keyed(list, phone.messages, ({ sid }) => sid, bubble);
    if (atEnd || list.dataset.person !== phone.name) list.scrollTop = list.scrollHeight;
    list.dataset.person = phone.name;
    const off = phone.kind === "off";
    power.textContent = off ? "Switch on" : "Switch off";
    state.textContent = off
      ? "This phone is off: what is sent to it does not arrive."
      : phone.optedOut
        ? "Opted out: only START brings messages back."
        : "";
    seen.set(phone.name, phone.messages.length);
    tellUnread();
  }

  function tellUnread() {
    const unread = {};
    for (const { name, messages } of phones) {
      if (!seen.has(name)) seen.set(name, messages.length);
      unread[name.toLowerCase()] = messages.slice(seen.get(name)).filter((message) => !message.mine).length;
    }
    host.unread(unread);
  }

  const refresh = host.changes(async () => {
    const answer = await host.get("phones");
    phones = answer.phones;
    number = answer.number;
    draw();
  });

  async function send() {
    const phone = mine();
    const body = input.value;
    if (phone === undefined || body.trim() === "") return;
    input.value = "";
    try {
      await host.post(`phones/${encodeURIComponent(phone.number)}/text`, { body });
    } catch {
      input.value = body;
    }
    void refresh();
  }
  async function switchPower() {
    const phone = mine();
    if (phone === undefined) return;
    await host.post(`phones/${encodeURIComponent(phone.number)}`, { kind: phone.kind === "off" ? "mobile" : "off" });
    void refresh();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send();
  });
  host.onPerson(draw);
}

function bubble({ mine, body, media, at, segments, encoding }) {
  const cost =
    segments > 1 || encoding !== "GSM-7" ? ` · ${segments} segment${segments > 1 ? "s" : ""}, ${encoding}` : "";
  const time = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return h(
    "div",
    { class: mine ? "text mine" : "text" },
    h("p", { class: "body" }, body),
    media.map(() => h("p", { class: "media" }, "[picture]")),
    h("p", { class: "meta" }, `${time}${mine ? "" : cost}`),
  );
}
