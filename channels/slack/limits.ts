/** How much fits where (docs.slack.dev, and what was measured). The same on chat.postMessage and on chat.update. */
export const LIMITS = {
  /** Bytes of markup: chat.postMessage takes 40,000 characters, chat.update refuses what has more than 4,000 bytes. */
  messageTextBytes: 3_900,
  /** Characters of a reply in one message, so that ordinary text stays below the bytes. */
  messageText: 3_000,
  /** Counted after `&`, `<` and `>` are escaped. */
  sectionText: 3_000,
  contextText: 2_000,
  headerText: 150,
  buttonText: 75,
  buttonValue: 2_000,
  optionText: 75,
  selectOptions: 100,
  /** Slack draws up to 25 in a row's block; more than five do not fit beside one another. */
  buttonsInRow: 5,
  /** Above this many options a select takes the buttons' place. */
  buttons: 20,
  messageBlocks: 50,
  modalBlocks: 100,
  /** Undocumented: all blocks of a message together, else `msg_blocks_too_long`. */
  messageCharacters: 13_200,
  modalTitle: 24,
  modalButton: 24,
  inputLabel: 2_000,
  placeholder: 150,
  inputText: 3_000,
  privateMetadata: 3_000,
} as const;

/** At most `max` UTF-16 units, never half a character; what was cut is shown by an ellipsis. */
export function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${head(text, max - 1)}…`;
}

/** The longest start of at most `max` units that ends with a whole character. */
export function head(text: string, max: number): string {
  let end = Math.min(text.length, max);
  const before = text.charCodeAt(end - 1);
  if (end < text.length && before >= 0xd800 && before <= 0xdbff) end -= 1;
  return text.slice(0, end);
}

/** Pieces of at most `max` units, cut at line breaks where there are any in the second half; put together they are the text. */
export function pieces(text: string, max: number): string[] {
  const found: string[] = [];
  let rest = text;
  while (rest.length > max) {
    let piece = head(rest, max);
    const line = piece.lastIndexOf("\n");
    if (line >= max / 2) piece = piece.slice(0, line + 1);
    found.push(piece);
    rest = rest.slice(piece.length);
  }
  return rest === "" && found.length > 0 ? found : [...found, rest];
}

/** At most `max` bytes of UTF-8. */
export function clipBytes(text: string, max: number): string {
  let cut = text;
  while (Buffer.byteLength(cut) > max)
    cut = clip(cut, Math.min(cut.length - 2, Math.floor((cut.length * max) / Buffer.byteLength(cut))));
  return cut;
}
