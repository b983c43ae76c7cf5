/** Discord's wire text as a person reads it: people and channels by name, emoji by theirs. Pure. */

export interface Names {
  self: string;
  /** User id → name, of the people whom the message names. */
  users: ReadonlyMap<string, string>;
}

/** The bot's own mention at the beginning or the end is how it was addressed, not what was said. */
export function plainText(raw: string, { self, users }: Names): string {
  const own = `<@!?${self}>`;
  return raw
    .replace(new RegExp(`^\\s*(?:${own}[\\s,:]*)+`), "")
    .replace(new RegExp(`(?:\\s*${own})+\\s*$`), "")
    .replaceAll(/<@!?(\d+)>/g, (_, id: string) => `@${users.get(id) ?? id}`)
    .replaceAll(/<a?:(\w+):\d+>/g, ":$1:")
    .trim();
}
