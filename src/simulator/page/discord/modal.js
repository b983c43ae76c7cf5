/** The modal that stands open before this person. */
import { h } from "../dom.js";

export function createModal({ submit, close }) {
  const element = h("div", { class: "veil", hidden: true });
  let shown = null;

  function field({ customId, label, description, kind, required, value, options }) {
    const own = { name: customId, id: `discord-${customId}`, required };
    const input =
      kind === "select"
        ? h(
            "select",
            own,
            !required && h("option", { value: "" }, ""),
            options.map((option) =>
              h("option", { value: option.value, selected: option.value === value }, option.label),
            ),
          )
        : kind === "paragraph"
          ? h("textarea", { ...own, rows: "4", value })
          : h("input", { ...own, value });
    return h(
      "label",
      { for: own.id },
      h("span", { class: "label" }, label, required && h("span", { class: "star", "aria-hidden": "true" }, " *")),
      description !== null && h("span", { class: "hint" }, description),
      input,
    );
  }

  /** Drawn once for each modal: what was typed stays while the page refreshes. */
  function draw(modal) {
    if (modal?.interactionId === shown) return;
    shown = modal?.interactionId ?? null;
    element.hidden = modal === null;
    if (modal === null) return element.replaceChildren();
    const error = h("p", { class: "failed", role: "alert" });
    const form = h(
      "form",
      { class: "modal", role: "dialog", "aria-modal": "true", "aria-label": modal.title },
      h(
        "header",
        {},
        h("h2", {}, modal.title),
        h("button", { type: "button", "aria-label": "Close", onclick: close }, "✕"),
      ),
      modal.fields.map(field),
      error,
      h(
        "footer",
        {},
        h("button", { type: "button", class: "secondary", onclick: close }, "Cancel"),
        h("button", { type: "submit", class: "primary" }, "Submit"),
      ),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const failed = await submit(Object.fromEntries(new FormData(form)));
      error.textContent = failed ?? "";
    });
    element.replaceChildren(form);
    form.querySelector("input, textarea, select")?.focus();
  }
  return { element, draw };
}
