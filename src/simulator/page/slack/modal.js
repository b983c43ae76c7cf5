/** A modal of the app: drawn anew when the app changes it, never while one types. */
import { h } from "../dom.js";
import { drawBlocks } from "./blocks.js";

export function createModal({ act, names }) {
  const element = h("div", { class: "modal-back", hidden: true });
  let shown = "";

  function show(view) {
    const said = view === null ? "" : JSON.stringify([view.id, view.hash, view.errors]);
    if (said === shown) return;
    shown = said;
    element.hidden = view === null;
    if (view === null) {
      element.replaceChildren();
      return;
    }
    draw(view);
  }

  function draw(view) {
    const body = h(
      "div",
      { class: "modal-body" },
      view.errors[""] !== undefined && h("p", { class: "modal-error", role: "alert" }, view.errors[""]),
      drawBlocks(view.blocks, {
        names: names(),
        values: view.values,
        errors: view.errors,
        press: (button) => act("click-modal", { button: button.action_id ?? button.text.text }),
        choose: (chosen, value) => act("fill", { values: { [chosen.action_id]: value } }),
      }),
    );
    const submit = async () => {
      dialog.classList.add("busy");
      await act("submit", { values: read(view, body) });
      dialog.classList.remove("busy");
    };
    const dialog = h(
      "div",
      { class: "modal", role: "dialog", "aria-modal": "true", "aria-label": view.title },
      h(
        "header",
        {},
        h("h2", {}, view.title),
        h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => act("close", {}) }, "✕"),
      ),
      body,
      h(
        "footer",
        {},
        h("button", { type: "button", class: "kit-button", onclick: () => act("close", {}) }, view.close),
        view.submit !== null &&
          h("button", { type: "button", class: "kit-button primary", onclick: submit }, view.submit),
      ),
    );
    element.replaceChildren(dialog);
    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") void act("close", {});
    });
    (
      body.querySelector("[autofocus]") ??
      body.querySelector("input, textarea, select, button") ??
      dialog.querySelector("footer button")
    )?.focus();
  }

  return { element, show };
}

/** What the input blocks hold, by action_id. */
function read(view, body) {
  const values = {};
  for (const block of view.blocks) {
    if (block.type !== "input") continue;
    const { action_id: id } = block.element;
    const field = [...body.querySelectorAll("[data-action]")].find((other) => other.dataset.action === id);
    if (field?.read !== undefined) values[id] = field.read();
  }
  return values;
}
