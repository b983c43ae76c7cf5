/**
 * Slack's limits of Block Kit, worded as Slack words them: `must be less than 3001 characters [json-pointer:/blocks/0/text/text]`.
 * Unknown blocks are refused too: a typing error must not pass here and fail at the real one.
 */
import { checkElement } from "./elements.ts";
import { Complaints, checkText, isRecord } from "./text_limits.ts";
import { type Block, SlackError } from "./types.ts";

export type Surface = "message" | "modal" | "home";

const MOST_BLOCKS = { message: 50, modal: 100, home: 100 } as const;
/** Not documented; found by people who ran into it (platforms.md). */
const MOST_CHARACTERS = 13_200;
const MARKDOWN_CHARACTERS = 12_000;

const SECTION_ACCESSORIES = [
  "button",
  "overflow",
  "image",
  "datepicker",
  "timepicker",
  "checkboxes",
  "radio_buttons",
  "static_select",
  "users_select",
  "conversations_select",
  "channels_select",
  "external_select",
  "multi_static_select",
  "multi_users_select",
  "workflow_button",
];
const ACTION_ELEMENTS = SECTION_ACCESSORIES.filter((type) => type !== "image" && !type.startsWith("multi_"));
const INPUT_ELEMENTS = [
  "plain_text_input",
  "number_input",
  "email_text_input",
  "url_text_input",
  "rich_text_input",
  "file_input",
  "datetimepicker",
  ...SECTION_ACCESSORIES.filter((type) => !["button", "overflow", "image", "workflow_button"].includes(type)),
];
/** Blocks that Slack draws and whose inside the product does not use: taken as they are. */
const OPAQUE = ["rich_text", "table", "video", "file", "call", "task_card", "plan", "context_actions"];

/** Throws `invalid_blocks` or `msg_blocks_too_long`; gives back the blocks. */
export function checkMessageBlocks(value: unknown): Block[] {
  const { blocks, complaints } = checkBlocks(value, "message");
  if (complaints.length > 0) {
    const messages = complaints.map((complaint) => `[ERROR] ${complaint}`);
    throw new SlackError(Array.isArray(value) ? "invalid_blocks" : "invalid_blocks_format", {
      errors: complaints,
      response_metadata: { messages },
    });
  }
  if (characters(blocks) > MOST_CHARACTERS) throw new SlackError("msg_blocks_too_long");
  return blocks;
}

export function checkBlocks(value: unknown, surface: Surface): { blocks: Block[]; complaints: string[] } {
  const complaints = new Complaints();
  const prefix = surface === "message" ? "/blocks" : "/view/blocks";
  if (!Array.isArray(value)) {
    complaints.add("must be an array", prefix);
    return { blocks: [], complaints: complaints.all };
  }
  if (value.length > MOST_BLOCKS[surface]) {
    complaints.add(`no more than ${MOST_BLOCKS[surface]} items allowed`, prefix);
  }
  const seen = new Set<string>();
  let markdown = 0;
  value.forEach((block: unknown, index) => {
    const at = `${prefix}/${index}`;
    if (!isRecord(block) || typeof block.type !== "string") {
      complaints.add("missing required field: type", at);
      return;
    }
    if (block.block_id !== undefined) {
      complaints.length(block.block_id, 255, `${at}/block_id`);
      if (seen.has(String(block.block_id))) complaints.add("block_id already exists", `${at}/block_id`);
      seen.add(String(block.block_id));
    }
    if (block.type === "markdown" && typeof block.text === "string") markdown += block.text.length;
    checkBlock(block, at, surface, complaints);
  });
  if (markdown > MARKDOWN_CHARACTERS)
    complaints.add(`must be less than ${MARKDOWN_CHARACTERS + 1} characters`, `${prefix}/text`);
  return { blocks: value as Block[], complaints: complaints.all };
}

function checkBlock(block: Record<string, unknown>, at: string, surface: Surface, complaints: Complaints): void {
  switch (block.type) {
    case "section": {
      if (block.text === undefined && block.fields === undefined) complaints.add("missing required field: text", at);
      if (block.text !== undefined) checkText(block.text, { most: 3000, at: `${at}/text` }, complaints);
      if (block.fields !== undefined) {
        list(block.fields, 10, `${at}/fields`, complaints).forEach((field, index) => {
          checkText(field, { most: 2000, at: `${at}/fields/${index}` }, complaints);
        });
      }
      if (block.accessory !== undefined)
        checkElement(block.accessory, SECTION_ACCESSORIES, `${at}/accessory`, complaints);
      return;
    }
    case "header":
      checkText(block.text, { most: 150, at: `${at}/text`, plain: true }, complaints);
      return;
    case "context":
      list(block.elements, 10, `${at}/elements`, complaints).forEach((element, index) => {
        const where = `${at}/elements/${index}`;
        if (isRecord(element) && element.type === "image") checkElement(element, ["image"], where, complaints);
        else checkText(element, { most: 3000, at: where }, complaints);
      });
      return;
    case "actions": {
      const ids = new Set<unknown>();
      list(block.elements, 25, `${at}/elements`, complaints).forEach((element, index) => {
        checkElement(element, ACTION_ELEMENTS, `${at}/elements/${index}`, complaints);
        const id = isRecord(element) ? element.action_id : undefined;
        if (id !== undefined && ids.has(id)) {
          complaints.add(`\`action_id\` "${String(id)}" already exists`, `${at}/elements/${index}/action_id`);
        }
        ids.add(id);
      });
      return;
    }
    case "input":
      checkText(block.label, { most: 2000, at: `${at}/label`, plain: true }, complaints);
      if (block.hint !== undefined) checkText(block.hint, { most: 2000, at: `${at}/hint`, plain: true }, complaints);
      checkElement(block.element, INPUT_ELEMENTS, `${at}/element`, complaints);
      return;
    case "image":
      complaints.length(block.alt_text, 2000, `${at}/alt_text`, true);
      if (block.title !== undefined) checkText(block.title, { most: 2000, at: `${at}/title`, plain: true }, complaints);
      if (block.image_url === undefined && block.slack_file === undefined) {
        complaints.add("missing required field: image_url", at);
      }
      return;
    case "markdown":
      if (surface !== "message") complaints.add("unsupported type: markdown", `${at}/type`);
      complaints.length(block.text, MARKDOWN_CHARACTERS, `${at}/text`, true);
      return;
    case "divider":
      return;
    default:
      if (!OPAQUE.includes(String(block.type))) complaints.add(`unsupported type: ${block.type}`, `${at}/type`);
  }
}

function list(value: unknown, most: number, at: string, complaints: Complaints): unknown[] {
  if (!Array.isArray(value)) {
    complaints.add("must be an array", at);
    return [];
  }
  if (value.length === 0) complaints.add("no less than 1 items allowed", at);
  if (value.length > most) complaints.add(`no more than ${most} items allowed`, at);
  return value;
}

/** Every text inside the blocks, as a person would read it. */
function characters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + characters(item), 0);
  if (!isRecord(value)) return 0;
  let sum = 0;
  for (const [name, inner] of Object.entries(value)) {
    if (name === "text" && typeof inner === "string") sum += inner.length;
    else if (name !== "value") sum += characters(inner);
  }
  return sum;
}
