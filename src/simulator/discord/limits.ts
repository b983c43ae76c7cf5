/** What Discord refuses in a message, however it is sent. The whole shape is checked by the specification where one is given. */
import { DiscordError, type Wire } from "./types.ts";

const list = (value: unknown): Wire[] => (Array.isArray(value) ? (value as Wire[]) : []);
const length = (value: unknown): number => (typeof value === "string" ? [...value].length : 0);

export function invalid(path: string, code: string, message: string): DiscordError {
  const errors = path
    .split(".")
    .reverse()
    .reduce<Wire>((inner, name) => ({ [name]: inner }), { _errors: [{ code, message }] });
  return new DiscordError(400, 50035, "Invalid Form Body", errors);
}

const tooLong = (path: string, max: number): DiscordError =>
  invalid(path, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);

/** `files`: how many come with it. Throws what Discord answers. */
export function checkMessage(body: Wire, files: number, editing: boolean): void {
  if (length(body.content) > 2_000) throw tooLong("content", 2_000);
  const embeds = list(body.embeds);
  if (embeds.length > 10) throw tooLong("embeds", 10);
  let all = 0;
  embeds.forEach((embed, index) => {
    const most: [string, number][] = [
      ["title", 256],
      ["description", 4_096],
    ];
    for (const [name, max] of most) {
      if (length(embed[name]) > max) throw tooLong(`embeds.${index}.${name}`, max);
      all += length(embed[name]);
    }
    const fields = list(embed.fields);
    if (fields.length > 25) throw tooLong(`embeds.${index}.fields`, 25);
    fields.forEach((field, at) => {
      if (length(field.name) > 256) throw tooLong(`embeds.${index}.fields.${at}.name`, 256);
      if (length(field.value) > 1_024) throw tooLong(`embeds.${index}.fields.${at}.value`, 1_024);
      if (length(field.name) === 0 || length(field.value) === 0)
        throw invalid(`embeds.${index}.fields.${at}`, "BASE_TYPE_REQUIRED", "This field is required");
      all += length(field.name) + length(field.value);
    });
    const footer = (embed.footer as Wire | undefined)?.text;
    if (length(footer) > 2_048) throw tooLong(`embeds.${index}.footer.text`, 2_048);
    all += length(footer);
  });
  if (all > 6_000) throw invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000");
  checkComponents(list(body.components));
  const empty = length(body.content) === 0 && embeds.length === 0 && list(body.components).length === 0 && files === 0;
  if (empty && !editing) throw new DiscordError(400, 50006, "Cannot send an empty message");
  if (typeof body.nonce === "string" && body.nonce.length > 25) throw tooLong("nonce", 25);
}

function checkComponents(rows: Wire[]): void {
  if (rows.length > 5) throw tooLong("components", 5);
  const seen = new Set<unknown>();
  rows.forEach((row, index) => {
    const inRow = list(row.components);
    if (inRow.length === 0 || inRow.length > 5)
      throw invalid(`components.${index}.components`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
    inRow.forEach((one, at) => {
      const path = `components.${index}.components.${at}`;
      if (length(one.custom_id) > 100) throw tooLong(`${path}.custom_id`, 100);
      if (length(one.label) > 80) throw tooLong(`${path}.label`, 80);
      if (one.custom_id !== undefined && seen.has(one.custom_id))
        throw invalid(
          `${path}.custom_id`,
          "COMPONENT_CUSTOM_ID_DUPLICATED",
          "Component custom id cannot be duplicated",
        );
      seen.add(one.custom_id);
      if (one.type === 3 && (list(one.options).length === 0 || list(one.options).length > 25))
        throw invalid(`${path}.options`, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.");
    });
  });
}

export function checkModal(data: Wire): void {
  if (length(data.title) === 0 || length(data.title) > 45) throw tooLong("data.title", 45);
  if (length(data.custom_id) === 0 || length(data.custom_id) > 100) throw tooLong("data.custom_id", 100);
  const rows = list(data.components);
  if (rows.length === 0 || rows.length > 5)
    throw invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.");
  rows.forEach((row, index) => {
    const one = (row.component ?? list(row.components)[0]) as Wire | undefined;
    if (length(row.label ?? one?.label) > 45) throw tooLong(`data.components.${index}.label`, 45);
    if (length(one?.placeholder) > 150) throw tooLong(`data.components.${index}.component.placeholder`, 150);
    if (length(one?.value) > 4_000) throw tooLong(`data.components.${index}.component.value`, 4_000);
  });
}
