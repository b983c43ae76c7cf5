/**
 * Block Kit as Slack draws it. `context`: `names`; `press(element, block)` and `choose(element, value, block)` resolve when the
 * app has answered; `values` and `errors` for the fields of a modal.
 */
import { h, safeUrl } from "../dom.js";
import { drawElement } from "./elements.js";
import { markdown, richText, textObject } from "./text.js";

export const drawBlocks = (blocks, context) => blocks.map((block) => drawBlock(block, context));

function drawBlock(block, context) {
  const { names } = context;
  switch (block.type) {
    case "section":
      return h(
        "div",
        { class: "block section" },
        h(
          "div",
          { class: "section-body" },
          block.text && h("div", { class: "text" }, textObject(block.text, names)),
          block.fields &&
            h(
              "div",
              { class: "fields" },
              block.fields.map((field) => h("div", { class: "text" }, textObject(field, names))),
            ),
        ),
        block.accessory && h("div", { class: "accessory" }, drawElement(block.accessory, block, context)),
      );
    case "header":
      return h("div", { class: "block header" }, textObject(block.text, names));
    case "context":
      return h(
        "div",
        { class: "block context" },
        block.elements.map((element) =>
          element.type === "image" ? image(element, "context-image") : h("span", {}, textObject(element, names)),
        ),
      );
    case "actions":
      return h(
        "div",
        { class: "block actions" },
        block.elements.map((element) => drawElement(element, block, context)),
      );
    case "divider":
      return h("hr", { class: "block" });
    case "markdown":
      return h("div", { class: "block text" }, markdown(block.text, names));
    case "rich_text":
      return h("div", { class: "block text" }, richText(block.elements, names));
    case "input":
      return input(block, context);
    case "image":
      return h(
        "figure",
        { class: "block image" },
        block.title && h("figcaption", {}, textObject(block.title, names)),
        image(block, "picture"),
      );
    default:
      return h("div", { class: "block unknown" }, `This block cannot be shown here: ${block.type}`);
  }
}

function input(block, context) {
  const wrong = context.errors?.[block.block_id];
  const id = `field-${block.block_id}`;
  return h(
    "div",
    { class: wrong === undefined ? "block input" : "block input wrong" },
    h(
      "label",
      { for: id },
      textObject(block.label, context.names),
      block.optional === true && h("span", { class: "optional" }, " (optional)"),
    ),
    drawElement(block.element, block, { ...context, fieldId: id }),
    wrong !== undefined && h("p", { class: "wrong-words", role: "alert" }, wrong),
    block.hint && h("p", { class: "hint" }, textObject(block.hint, context.names)),
  );
}

function image(element, name) {
  const url = safeUrl(element.image_url);
  const alt = element.alt_text ?? "";
  return url === null ? h("span", {}, alt) : h("img", { class: name, src: url, alt });
}
