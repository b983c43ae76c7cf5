/** One message: who, when, what, its thread, and what one can do with it. */
import { h } from "../dom.js";
import { drawBlocks } from "./blocks.js";
import { emoji, link, mrkdwn } from "./text.js";

const AVATARS = { UANA: "ana", UBOB: "bob", UBOT: "app" };

/** `context`: names, inThread, act(path, body), openThread(ts), fileUrl(id). */
export function drawMessage(message, context) {
  const { names, act, inThread, openThread } = context;
  const { ts, author } = message;
  const at = new Date(Number(ts) * 1000);
  const time = at.toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" });
  const body = h("div", { class: "message-body" });
  const element = h(
    "article",
    {
      class: `message${message.follows ? " follows" : ""}${message.ephemeral ? " ephemeral" : ""}${message.streaming ? " streaming" : ""}`,
      dataset: { ts },
      "aria-label": `${author.name}, ${time}`,
    },
    h(
      "div",
      { class: "gutter" },
      message.follows ? h("time", { title: at.toLocaleString() }, time.replace(/\s?[AP]M$/i, "")) : avatar(author),
    ),
    body,
  );
  if (message.ephemeral) body.append(h("p", { class: "only-you" }, "👁 Only visible to you"));
  if (!message.follows) {
    body.append(
      h(
        "div",
        { class: "by" },
        h("b", {}, author.name),
        author.isBot && h("span", { class: "app-badge" }, "APP"),
        h("time", { title: at.toLocaleString() }, time),
      ),
    );
  }
  body.append(
    h(
      "div",
      { class: "content" },
      message.blocks.length > 0
        ? drawBlocks(message.blocks, {
            names,
            press: (pressed) => act("click", { ts, button: pressed.action_id ?? pressed.text.text }),
            choose: (chosen, value) => act("click", { ts, button: chosen.action_id, value }),
          })
        : h("div", { class: "block text" }, mrkdwn(message.source, names)),
      message.edited && !message.streaming && h("span", { class: "edited" }, "(edited)"),
      message.attachments.map((attachment) =>
        h("div", { class: "attachment" }, link(attachment.from_url, attachment.title ?? attachment.fallback ?? "")),
      ),
      message.files.map((file) =>
        h(
          "a",
          { class: "file", href: context.fileUrl(file.id), target: "_blank", rel: "noopener" },
          h("span", { class: "file-sign" }, "📄"),
          h("span", {}, h("b", {}, file.title), h("small", {}, `${file.name} · ${size(file.size)}`)),
        ),
      ),
    ),
  );
  if (message.reactions.length > 0) {
    body.append(
      h(
        "div",
        { class: "reactions" },
        message.reactions.map((reaction) =>
          h(
            "button",
            {
              type: "button",
              class: reaction.users.includes(names.me) ? "reaction mine" : "reaction",
              title: reaction.users.map(names.user).join(", "),
              onclick: () => act("react", { ts, name: reaction.name }),
            },
            `${emoji(reaction.name)} ${reaction.users.length}`,
          ),
        ),
      ),
    );
  }
  if (!inThread && message.replyCount > 0) {
    body.append(
      h(
        "button",
        { type: "button", class: "replies", onclick: () => openThread(ts) },
        h("b", {}, `${message.replyCount} ${message.replyCount === 1 ? "reply" : "replies"}`),
        h(
          "span",
          {},
          `Last reply ${new Date(Number(message.lastReply) * 1000).toLocaleTimeString(undefined, { hour: "numeric", minute: "2-digit" })}`,
        ),
      ),
    );
  }
  if (!message.ephemeral) element.append(tools(message, element, context));
  return element;
}

function avatar(author) {
  const known = AVATARS[author.id] ?? "other";
  return h("span", { class: `avatar ${known}`, "aria-hidden": "true" }, author.name.slice(0, 1));
}

function tools(message, element, { act, inThread, openThread }) {
  const { ts } = message;
  const tool = (label, sign, onclick) =>
    h("button", { type: "button", class: "icon", "aria-label": label, title: label, onclick }, sign);
  return h(
    "div",
    { class: "tools" },
    tool("React with a check mark", "✅", () => act("react", { ts, name: "white_check_mark" })),
    !inThread && tool("Reply in thread", "💬", () => openThread(ts)),
    message.mine && tool("Edit message", "✎", () => edit(message, element, act)),
    message.mine && tool("Delete message", "🗑", () => act("delete", { ts })),
  );
}

function edit(message, element, act) {
  const content = element.querySelector(".content");
  const text = h("textarea", { class: "kit-field", rows: "2", "aria-label": "Edit message" });
  text.value = message.text;
  const cancel = () => {
    box.remove();
    content.hidden = false;
  };
  const save = async () => {
    await act("edit", { ts: message.ts, text: text.value });
    cancel();
  };
  text.addEventListener("keydown", (event) => {
    if (event.key === "Escape") cancel();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void save();
    }
  });
  const box = h(
    "div",
    { class: "editing" },
    text,
    h("button", { type: "button", class: "kit-button", onclick: cancel }, "Cancel"),
    h("button", { type: "button", class: "kit-button primary", onclick: save }, "Save"),
  );
  content.hidden = true;
  content.after(box);
  text.focus();
}

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`);
