/** Mentions as Discord's client makes them of what is typed: the name that is shown and the user's own both become the mention. Pure. */
import type { DiscordUser } from "./types.ts";

export function linkNames(text: string, users: DiscordUser[]): string {
  const names = users
    .flatMap(({ id, globalName, username }) => [globalName, username].map((name) => ({ id, name: name.toLowerCase() })))
    .sort((a, b) => b.name.length - a.name.length);
  const typed = text.toLowerCase();
  let linked = "";
  for (let at = 0; at < text.length; ) {
    // Not in an address, and not the beginning of a longer word.
    const begins = text[at] === "@" && !/[\w@]/.test(text[at - 1] ?? "");
    const meant = begins
      ? names.find(({ name }) => typed.startsWith(name, at + 1) && !/^\w/.test(typed.slice(at + 1 + name.length)))
      : undefined;
    linked += meant === undefined ? text[at] : `<@${meant.id}>`;
    at += meant === undefined ? 1 : meant.name.length + 1;
  }
  return linked;
}

/** Users whom a text names, each once. */
export function mentionsIn(text: string, users: DiscordUser[]): string[] {
  const known = new Set(users.map(({ id }) => id));
  return [...new Set([...text.matchAll(/<@!?(\d+)>/g)].map((match) => match[1]!))].filter((id) => known.has(id));
}
