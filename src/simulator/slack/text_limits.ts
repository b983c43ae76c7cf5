/** Texts of Block Kit and the list of what is wrong with them. */

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export class Complaints {
  readonly all: string[] = [];
  add(what: string, at: string): void {
    this.all.push(`${what} [json-pointer:${at}]`);
  }
  /** A plain string of JSON, not a text object. */
  length(value: unknown, most: number, at: string, required = false): void {
    if (value === undefined || value === null) {
      if (required) this.add(`missing required field: ${at.split("/").at(-1)}`, at.slice(0, at.lastIndexOf("/")));
      return;
    }
    if (typeof value !== "string") this.add("must be a string", at);
    else if (value.length > most) this.add(`must be less than ${most + 1} characters`, at);
    else if (required && value.length === 0) this.add("must be more than 0 characters", at);
  }
}

/** Slack counts a text after it has escaped what the caller left unescaped. */
export function escapedLength(text: string, plain: boolean): number {
  const ampersands = text.match(plain ? /&/g : /&(?!amp;|lt;|gt;)/g)?.length ?? 0;
  const brackets = plain
    ? (text.match(/[<>]/g)?.length ?? 0)
    : (text.replace(/<[^<>\s][^<>]*>/g, "").match(/[<>]/g)?.length ?? 0);
  return text.length + ampersands * 4 + brackets * 3;
}

export function checkText(
  value: unknown,
  options: { most: number; at: string; plain?: boolean },
  complaints: Complaints,
): void {
  const { most, at, plain = false } = options;
  if (!isRecord(value)) {
    complaints.add("missing required field: text", at);
    return;
  }
  if (value.type !== "plain_text" && (plain || value.type !== "mrkdwn")) {
    complaints.add(`must be a valid enum value`, `${at}/type`);
  }
  if (typeof value.text !== "string") complaints.add("must be a string", `${at}/text`);
  else if (value.text.length === 0) complaints.add("must be more than 0 characters", `${at}/text`);
  else if (escapedLength(value.text, value.type === "plain_text") > most) {
    complaints.add(`must be less than ${most + 1} characters`, `${at}/text`);
  }
  if (value.type === "mrkdwn" && value.emoji !== undefined) complaints.add("additional property: emoji", at);
}
