/** Limits of what stands inside blocks: buttons, selects, inputs. */
import { type Complaints, checkText, isRecord } from "./text_limits.ts";

const STYLES = ["primary", "danger"];

export function checkElement(value: unknown, allowed: string[], at: string, complaints: Complaints): void {
  if (!isRecord(value) || typeof value.type !== "string") {
    complaints.add("missing required field: type", at);
    return;
  }
  if (!allowed.includes(value.type)) {
    complaints.add(`unsupported type: ${value.type}`, `${at}/type`);
    return;
  }
  if (value.action_id !== undefined) {
    complaints.length(value.action_id, 255, `${at}/action_id`);
    if (value.action_id === "") complaints.add("must be more than 0 characters", `${at}/action_id`);
  }
  if (value.placeholder !== undefined) {
    checkText(value.placeholder, { most: 150, at: `${at}/placeholder`, plain: true }, complaints);
  }
  if (value.confirm !== undefined) checkConfirm(value.confirm, `${at}/confirm`, complaints);
  if (value.type === "button") checkButton(value, at, complaints);
  else if (value.type === "image") complaints.length(value.alt_text, 2000, `${at}/alt_text`, true);
  else if (value.type === "plain_text_input") checkInput(value, at, complaints);
  else if (value.type === "overflow") checkOptions(value.options, 5, at, complaints);
  else if (value.type === "radio_buttons" || value.type === "checkboxes")
    checkOptions(value.options, 10, at, complaints);
  else if (value.type === "static_select" || value.type === "multi_static_select") {
    if (value.option_groups === undefined) checkOptions(value.options, 100, at, complaints);
  } else if (value.type === "number_input" && typeof value.is_decimal_allowed !== "boolean") {
    complaints.add("missing required field: is_decimal_allowed", at);
  }
}

function checkButton(button: Record<string, unknown>, at: string, complaints: Complaints): void {
  checkText(button.text, { most: 75, at: `${at}/text`, plain: true }, complaints);
  complaints.length(button.value, 2000, `${at}/value`);
  complaints.length(button.url, 3000, `${at}/url`);
  complaints.length(button.accessibility_label, 75, `${at}/accessibility_label`);
  if (button.style !== undefined && !STYLES.includes(String(button.style))) {
    complaints.add("must be a valid enum value", `${at}/style`);
  }
}

function checkInput(input: Record<string, unknown>, at: string, complaints: Complaints): void {
  complaints.length(input.initial_value, 3000, `${at}/initial_value`);
  const { max_length: most, min_length: least } = input;
  if (most !== undefined && (typeof most !== "number" || most < 1 || most > 3000)) {
    complaints.add("must be less than 3001", `${at}/max_length`);
  }
  if (least !== undefined && (typeof least !== "number" || least < 0 || least > 3000)) {
    complaints.add("must be less than 3001", `${at}/min_length`);
  }
}

function checkOptions(options: unknown, most: number, at: string, complaints: Complaints): void {
  if (!Array.isArray(options) || options.length === 0) {
    complaints.add("missing required field: options", at);
    return;
  }
  if (options.length > most) complaints.add(`no more than ${most} items allowed`, `${at}/options`);
  options.forEach((option: unknown, index) => {
    const where = `${at}/options/${index}`;
    if (!isRecord(option)) {
      complaints.add("must be an object", where);
      return;
    }
    checkText(option.text, { most: 75, at: `${where}/text` }, complaints);
    complaints.length(option.value, 150, `${where}/value`, true);
    if (option.description !== undefined) {
      checkText(option.description, { most: 75, at: `${where}/description` }, complaints);
    }
  });
}

function checkConfirm(confirm: unknown, at: string, complaints: Complaints): void {
  if (!isRecord(confirm)) {
    complaints.add("must be an object", at);
    return;
  }
  checkText(confirm.title, { most: 100, at: `${at}/title`, plain: true }, complaints);
  checkText(confirm.text, { most: 300, at: `${at}/text` }, complaints);
  checkText(confirm.confirm, { most: 30, at: `${at}/confirm`, plain: true }, complaints);
  checkText(confirm.deny, { most: 30, at: `${at}/deny`, plain: true }, complaints);
}
