/** What stands inside blocks: buttons, selects, inputs. */
import { h, safeUrl } from "../dom.js";
import { textObject } from "./text.js";

export function drawElement(element, block, context) {
  switch (element.type) {
    case "button":
      return button(element, block, context);
    case "static_select":
    case "external_select":
    case "multi_static_select":
      return select(element, block, context);
    case "overflow":
      return select({ ...element, placeholder: { text: "…" } }, block, context, "overflow");
    case "users_select":
    case "conversations_select":
    case "channels_select":
      return field(element, block, context, "text");
    case "radio_buttons":
    case "checkboxes":
      return choices(element, block, context);
    case "datepicker":
      return field(element, block, context, "date");
    case "timepicker":
      return field(element, block, context, "time");
    case "number_input":
      return field(element, block, context, "number");
    case "email_text_input":
      return field(element, block, context, "email");
    case "url_text_input":
      return field(element, block, context, "url");
    case "plain_text_input":
      return field(element, block, context, "text");
    case "image": {
      const url = safeUrl(element.image_url);
      return url === null ? element.alt_text : h("img", { class: "thumbnail", src: url, alt: element.alt_text });
    }
    default:
      return h("span", { class: "unknown" }, `This element cannot be shown here: ${element.type}`);
  }
}

function button(element, block, context) {
  const drawn = h(
    "button",
    {
      type: "button",
      class: `kit-button ${element.style ?? ""}`,
      "aria-label": element.accessibility_label,
      dataset: { action: element.action_id ?? "" },
    },
    textObject(element.text, context.names),
  );
  drawn.addEventListener("click", async () => {
    if (element.confirm !== undefined && !(await confirmed(drawn, element.confirm, context))) return;
    const url = safeUrl(element.url);
    if (url !== null) window.open(url, "_blank", "noopener,noreferrer");
    drawn.classList.add("busy");
    drawn.setAttribute("aria-busy", "true");
    const outcome = await context.press(element, block);
    drawn.classList.remove("busy");
    drawn.removeAttribute("aria-busy");
    drawn.classList.toggle("failed", outcome?.ok === false);
  });
  return drawn;
}

/** Slack's question before an act. */
function confirmed(at, confirm, context) {
  const { promise, resolve } = Promise.withResolvers();
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-label": confirm.title.text },
    h("h3", {}, textObject(confirm.title, context.names)),
    h("div", { class: "text" }, textObject(confirm.text, context.names)),
    h(
      "div",
      { class: "confirm-buttons" },
      h(
        "button",
        { type: "button", class: "kit-button", onclick: () => done(false) },
        textObject(confirm.deny, context.names),
      ),
      h(
        "button",
        { type: "button", class: `kit-button ${confirm.style ?? "primary"}`, onclick: () => done(true) },
        textObject(confirm.confirm, context.names),
      ),
    ),
  );
  function done(answer) {
    dialog.remove();
    resolve(answer);
  }
  dialog.addEventListener("cancel", () => done(false));
  at.closest(".slack").append(dialog);
  dialog.showModal();
  return promise;
}

const held = (element, block, context) => context.values?.[block.block_id]?.[element.action_id ?? ""];

/** Tells the app at once where Slack would: everywhere but in input blocks without `dispatch_action`. */
const tells = (block) => block.type !== "input" || block.dispatch_action === true;

function select(element, block, context, look = "") {
  const now = held(element, block, context);
  const many = element.type.startsWith("multi_");
  const chosen = many
    ? (now?.selected_options ?? element.initial_options ?? []).map((option) => option.value)
    : [now?.selected_option?.value ?? element.initial_option?.value ?? ""];
  const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  const drawn = h(
    "select",
    {
      class: `kit-select ${look}`,
      id: context.fieldId,
      multiple: many,
      "aria-label": element.placeholder?.text,
      dataset: { action: element.action_id },
    },
    !many && h("option", { value: "" }, element.placeholder?.text ?? "Choose …"),
    options.map((option) => h("option", { value: option.value }, option.text.text)),
  );
  for (const option of drawn.options) option.selected = chosen.includes(option.value);
  drawn.read = () => (many ? [...drawn.selectedOptions].map((option) => option.value) : drawn.value || null);
  drawn.addEventListener("change", () => {
    if (tells(block)) void context.choose(element, drawn.read(), block);
    if (look === "overflow") drawn.value = "";
  });
  return drawn;
}

function choices(element, block, context) {
  const many = element.type === "checkboxes";
  const now = held(element, block, context);
  const chosen = many
    ? (now?.selected_options ?? []).map((option) => option.value)
    : [now?.selected_option?.value ?? element.initial_option?.value];
  const name = `${block.block_id}-${element.action_id}`;
  const drawn = h(
    "div",
    {
      class: "kit-choices",
      id: context.fieldId,
      role: many ? "group" : "radiogroup",
      dataset: { action: element.action_id },
    },
    element.options.map((option) =>
      h(
        "label",
        {},
        h("input", {
          type: many ? "checkbox" : "radio",
          name,
          value: option.value,
          checked: chosen.includes(option.value),
        }),
        h("span", {}, textObject(option.text, context.names)),
        option.description && h("small", {}, textObject(option.description, context.names)),
      ),
    ),
  );
  drawn.read = () => {
    const values = [...drawn.querySelectorAll("input:checked")].map((box) => box.value);
    return many ? values : (values[0] ?? null);
  };
  drawn.addEventListener("change", () => {
    if (tells(block)) void context.choose(element, drawn.read(), block);
  });
  return drawn;
}

function field(element, block, context, type) {
  const now = held(element, block, context);
  const value =
    now?.value ??
    now?.selected_date ??
    now?.selected_time ??
    now?.selected_user ??
    now?.selected_channel ??
    now?.selected_conversation ??
    element.initial_value ??
    "";
  const properties = {
    class: "kit-field",
    id: context.fieldId,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    dataset: { action: element.action_id },
    autofocus: element.focus_on_load === true,
  };
  const drawn = element.multiline
    ? h("textarea", { ...properties, rows: "4" })
    : h("input", { ...properties, type, step: element.is_decimal_allowed ? "any" : null });
  drawn.value = value;
  drawn.read = () => (drawn.value === "" ? null : drawn.value);
  drawn.addEventListener("change", () => {
    if (tells(block)) void context.choose(element, drawn.read(), block);
  });
  return drawn;
}
