/** One message: who, words, embeds, buttons, files, its thread. */
import { h } from "../dom.js";
import { drawText } from "./text.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link" };
const EPOCH_MS = 1_420_070_400_000;
const timeOf = (id) => new Date(Number(BigInt(id) >> 22n) + EPOCH_MS);

const avatarOf = ({ authorId }, names) => (authorId === names.app ? "avatar-app" : `avatar-${authorId.slice(-1)}`);

/** `act`: {press(id, customId), choose(id, customId, value), open(threadId), reply(id)}. */
export function drawMessage(message, { names, act, failed }) {
  const { id, author, text, embeds, buttons, selects, files, edited, ephemeral, thinking, thread, command } = message;
  const at = timeOf(id);
  const said = thinking ? [h("p", { class: "thinking" }, `${author} is thinking…`)] : drawText(text, names);
  return h(
    "article",
    { class: `message${ephemeral ? " ephemeral" : ""}${message.mentionsMe ? " named" : ""}`, dataset: { id } },
    h("div", { class: `avatar ${avatarOf(message, names)}`, "aria-hidden": "true" }, author[0]),
    h(
      "div",
      { class: "body" },
      command !== null && h("p", { class: "used" }, `${command.user} used /${command.name}`),
      h(
        "header",
        {},
        h("strong", {}, author),
        message.authorId === names.app && h("span", { class: "tag" }, "APP"),
        h("time", { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
        edited && h("span", { class: "edited" }, "(edited)"),
      ),
      h("div", { class: "text" }, said),
      embeds.map((embed) => drawEmbed(embed, names)),
      selects.map((select) => drawSelect(message, select, act)),
      buttons.length > 0 &&
        h(
          "div",
          { class: "buttons" },
          buttons.map(({ label, customId, style, disabled }) =>
            h(
              "button",
              {
                type: "button",
                class: STYLES[style] ?? "secondary",
                disabled,
                onclick: (event) => void act.press(id, customId, event.currentTarget),
              },
              label,
            ),
          ),
        ),
      files.map(({ name, text: content }) =>
        h("details", { class: "file" }, h("summary", {}, name), h("pre", { class: "code" }, content)),
      ),
      failed !== undefined && h("p", { class: "failed", role: "alert" }, failed),
      ephemeral && h("p", { class: "only" }, "Only you can see this"),
      thread !== null &&
        h(
          "button",
          { type: "button", class: "thread", onclick: () => act.open(thread.id) },
          h("strong", {}, thread.name),
          h("span", { class: "more" }, `${thread.count} ${thread.count === 1 ? "message" : "messages"} ›`),
          thread.last !== null &&
            h(
              "span",
              { class: "last" },
              h("strong", {}, `${thread.last.author} `),
              drawText(thread.last.text.split("\n")[0], names),
            ),
        ),
    ),
    h("button", { type: "button", class: "reply", "aria-label": "Reply", onclick: () => act.reply(id) }, "↩"),
  );
}

function drawEmbed({ title, description, color, footer, fields = [] }, names) {
  const embed = h(
    "div",
    { class: "embed" },
    title && h("div", { class: "embed-title" }, drawText(title, names)),
    description && h("div", { class: "embed-text" }, drawText(description, names)),
    fields.map((field) =>
      h("div", { class: "embed-field" }, h("strong", {}, field.name), drawText(field.value, names)),
    ),
    footer?.text && h("div", { class: "embed-footer" }, footer.text),
  );
  if (color !== undefined) embed.style.borderLeftColor = `#${color.toString(16).padStart(6, "0")}`;
  return embed;
}

function drawSelect({ id }, { customId, placeholder, options }, act) {
  const select = h(
    "select",
    { "aria-label": placeholder ?? "Choose" },
    h("option", { value: "", disabled: true, selected: true }, placeholder ?? "Choose"),
    options.map(({ label, value }) => h("option", { value }, label)),
  );
  select.addEventListener("change", () => void act.choose(id, customId, select.value));
  return h("div", { class: "select" }, select);
}
