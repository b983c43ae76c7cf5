/** How much fits where (Discord's documentation and specification). The specification allows 4,000 characters; people without a subscription 2,000. */
export const LIMITS = {
  messageText: 2_000,
  embedTitle: 256,
  embedDescription: 4_096,
  embedFooter: 2_048,
  /** All embeds of a message together. */
  embeds: 6_000,
  buttonLabel: 80,
  buttonsInRow: 5,
  rows: 5,
  selectOptions: 25,
  optionLabel: 100,
  choices: 25,
  choiceText: 100,
  modalTitle: 45,
  modalFields: 5,
  fieldLabel: 45,
  fieldDescription: 100,
  fieldText: 4_000,
  threadName: 100,
} as const;

/** At most `max` UTF-16 units, never half a character; what was cut is shown by an ellipsis. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${head(text, max - 1)}…`;
}

/** The longest start of at most `max` units that ends with a whole character. */
export function head(text: string, max: number): string {
  let end = Math.min(text.length, max);
  const before = text.charCodeAt(end - 1);
  if (end < text.length && before >= 0xd800 && before <= 0xdbff) end -= 1;
  return text.slice(0, end);
}
