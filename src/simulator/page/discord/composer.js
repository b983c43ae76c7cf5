/**
 * Where a message is written; a slash brings the commands, whose options are asked for one by one with suggestions, and an @ brings whom
 * one can name.
 */
import { h } from "../dom.js";

/** Commands with their subcommands, one entry each. */
const flat = (commands) =>
  commands.flatMap((command) => {
    const options = command.options ?? [];
    const subs = options.filter(({ type }) => type === 1);
    if (subs.length === 0) return [{ name: command.name, description: command.description, options }];
    return subs.map((sub) => ({
      name: `${command.name} ${sub.name}`,
      description: sub.description,
      options: sub.options ?? [],
    }));
  });

export function createComposer({ send, command, complete, commands, users }) {
  const input = h("textarea", { rows: "1", "aria-label": "Write in Discord", spellcheck: "false" });
  const list = h("ul", { class: "suggestions", role: "listbox", hidden: true });
  const chosen = h("div", { class: "chosen", hidden: true });
  const answering = h("p", { class: "answering", hidden: true });
  const element = h("form", { class: "composer" }, answering, list, chosen, input);
  let replyTo = null;

  function suggest(items) {
    list.hidden = items.length === 0;
    list.replaceChildren(
      ...items.map(({ title, note, take }, index) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: index === 0 ? "marked" : null,
              onmousedown: (event) => event.preventDefault(),
              onclick: () => {
                suggest([]);
                take();
              },
            },
            h("strong", {}, title),
            note && h("span", {}, note),
          ),
        ),
      ),
    );
  }

  /** The next one, which Enter takes. */
  function mark(by) {
    const all = [...list.querySelectorAll("button")];
    const next = (all.findIndex((button) => button.classList.contains("marked")) + by + all.length) % all.length;
    all.forEach((button, index) => {
      button.classList.toggle("marked", index === next);
    });
    all[next]?.scrollIntoView({ block: "nearest" });
  }

  /** True: the key was for the list. */
  function pickByKey(event) {
    if (list.hidden || event.isComposing) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(event.key === "ArrowUp" ? -1 : 1);
    else if (event.key === "Enter" || event.key === "Tab") list.querySelector("button.marked")?.click();
    else return false;
    event.preventDefault();
    return true;
  }

  function leave() {
    chosen.hidden = true;
    chosen.replaceChildren();
    input.hidden = false;
    suggest([]);
    input.focus();
  }

  function choose(entry) {
    input.value = "";
    input.hidden = true;
    chosen.hidden = false;
    const fields = entry.options.map((option) => {
      const field = h("input", {
        name: option.name,
        "aria-label": option.description,
        placeholder: option.required ? `${option.name}` : `${option.name} (optional)`,
        title: option.description,
        autocomplete: "off",
      });
      if (option.autocomplete) {
        const look = async () => {
          const typed = field.value;
          const choices = await complete(entry.name, option.name, typed);
          if (field.value !== typed || document.activeElement !== field) return;
          suggest(
            choices.map(({ name, value }) => ({
              title: name,
              take: () => {
                field.value = value;
                field.focus();
              },
            })),
          );
        };
        field.addEventListener("keydown", pickByKey);
        field.addEventListener("input", look);
        field.addEventListener("focus", look);
        field.addEventListener("blur", () => suggest([]));
      }
      return field;
    });
    chosen.replaceChildren(
      h("span", { class: "name" }, `/${entry.name}`),
      ...fields,
      h("button", { type: "submit", class: "primary" }, "Send"),
      h("button", { type: "button", "aria-label": "Leave the command", onclick: leave }, "✕"),
    );
    chosen.onkeydown = (event) => {
      if (event.key === "Escape") leave();
    };
    (fields[0] ?? chosen.querySelector("button")).focus();
    chosen.entry = entry;
  }

  /** Those whose name begins with what stands between the @ and the cursor. */
  function naming() {
    const before = input.value.slice(0, input.selectionStart);
    const word = /(?:^|[^\w@])@([^@\s]*)$/.exec(before)?.[1];
    if (word === undefined) return [];
    const typed = word.toLowerCase();
    return users()
      .filter(({ globalName, username }) => [globalName, username].some((name) => name.toLowerCase().startsWith(typed)))
      .map(({ globalName, username, bot }) => ({
        title: globalName,
        note: bot ? `${username} · app` : username,
        take: () => {
          const start = before.length - word.length - 1;
          input.setRangeText(`@${globalName} `, start, before.length, "end");
          input.focus();
        },
      }));
  }

  input.addEventListener("input", () => {
    const word = /^\/(.*)$/.exec(input.value)?.[1];
    if (word === undefined) return suggest(naming());
    const fits = flat(commands()).filter(({ name }) => name.startsWith(word.trim()));
    suggest(fits.map((entry) => ({ title: `/${entry.name}`, note: entry.description, take: () => choose(entry) })));
  });
  input.addEventListener("blur", () => suggest([]));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (list.hidden) answer(null);
      else suggest([]);
    }
    if (pickByKey(event)) return;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element.requestSubmit();
  });
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!chosen.hidden) {
      const options = {};
      for (const field of chosen.querySelectorAll("input")) if (field.value !== "") options[field.name] = field.value;
      const { entry } = chosen;
      leave();
      await command(entry.name, options);
      return;
    }
    const text = input.value.trim();
    if (text === "") return;
    input.value = "";
    const to = replyTo;
    answer(null);
    await send(text, to);
  });

  /** The message that is answered; null: none. */
  function answer(message) {
    replyTo = message?.id ?? null;
    answering.hidden = message === null;
    answering.textContent = message === null ? "" : `Replying to ${message.author} (Escape leaves)`;
    if (message !== null) input.focus();
  }

  return {
    element,
    answer,
    place(name) {
      input.placeholder = `Message ${name}`;
    },
  };
}
