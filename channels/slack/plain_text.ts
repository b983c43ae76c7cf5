/** Slack's wire text as a person reads it: mentions by id, links by their address, no entities. Pure. */

/** The bot's own mention at the beginning or the end is how it was addressed, not what was said. */
export function plainText(raw: string, botUserId: string): string {
  const own = `<@${botUserId}(?:\\|[^>]*)?>`;
  return raw
    .replace(new RegExp(`^\\s*(?:${own}[\\s,:]*)+`), "")
    .replace(new RegExp(`(?:\\s*${own})+\\s*$`), "")
    .replace(/<([^<>]*)>/g, (_, inside: string) => marked(inside))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

function marked(inside: string): string {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? null : inside.slice(bar + 1);
  const [sign, rest] = [target[0], target.slice(1)];
  if (sign === "@") return `@${label ?? rest}`;
  if (sign === "#") return `#${label ?? rest}`;
  if (sign === "!") return label ?? `@${rest.split("^")[0]}`;
  const address = target.replace(/^(?:mailto|tel):/, "");
  // A label that says something else than the address would hide it.
  return label === null || label === address || `http://${label}` === target
    ? (label ?? address)
    : `${label} (${address})`;
}
