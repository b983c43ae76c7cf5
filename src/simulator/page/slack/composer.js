/** Where one types. Enter sends, Shift-Enter begins a line; `/` offers the app's commands. */
import { h } from "../dom.js";

export function createComposer({ send, commands, label }) {
  const text = h("textarea", { rows: "1", "aria-label": label, placeholder: label, spellcheck: "false" });
  const button = h("button", { type: "button", class: "send", "aria-label": "Send", disabled: true }, "➤");
  const menu = h("ul", { class: "commands", role: "listbox", "aria-label": "Commands", hidden: true });
  const element = h("div", { class: "composer" }, menu, h("div", { class: "composer-box" }, text, button));
  let chosen = 0;

  const offered = () =>
    /^\/\S*$/.test(text.value) ? commands().filter(({ command }) => command.startsWith(text.value.toLowerCase())) : [];

  function grow() {
    text.style.height = "auto";
    text.style.height = `${Math.min(text.scrollHeight, 180)}px`;
    button.disabled = text.value.trim() === "";
  }
  function drawMenu() {
    const found = offered();
    chosen = Math.min(chosen, Math.max(0, found.length - 1));
    menu.hidden = found.length === 0;
    menu.replaceChildren(
      ...found.map(({ command, usage, description }, index) =>
        h(
          "li",
          {
            role: "option",
            "aria-selected": String(index === chosen),
            onmousedown: (event) => {
              event.preventDefault();
              take(command);
            },
          },
          h("b", {}, command),
          h("span", { class: "usage" }, usage),
          h("span", { class: "what" }, description),
        ),
      ),
    );
  }
  function take(command) {
    text.value = `${command} `;
    grow();
    drawMenu();
    text.focus();
  }
  async function submit() {
    const words = text.value.trim();
    if (words === "") return;
    text.value = "";
    grow();
    drawMenu();
    const outcome = await send(words);
    // What was refused is not lost, unless something else has been typed since.
    if (outcome?.ok === false && outcome.reason === undefined && text.value === "") {
      text.value = words;
      grow();
    }
  }

  text.addEventListener("input", () => {
    grow();
    drawMenu();
  });
  text.addEventListener("keydown", (event) => {
    const found = offered();
    if (found.length > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      drawMenu();
    } else if (
      found.length > 0 &&
      (event.key === "Tab" || (event.key === "Enter" && found[chosen].command !== text.value))
    ) {
      event.preventDefault();
      take(found[chosen].command);
    } else if (event.key === "Escape") menu.hidden = true;
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      void submit();
    }
  });
  text.addEventListener("blur", () => {
    menu.hidden = true;
  });
  button.addEventListener("click", () => void submit());
  return {
    element,
    focus: () => text.focus(),
    placeholder(words) {
      text.placeholder = words;
    },
  };
}
