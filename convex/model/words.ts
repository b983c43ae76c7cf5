/** Small wordings that many replies need. Pure. */

/** One line, cut at whole characters, so that no emoji is halved. */
export function shorten(text: string, max = 80): string {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  return characters.length <= max ? characters.join("") : `${characters.slice(0, max - 1).join("")}…`;
}

/** `5 min ago` from a number of milliseconds. */
export function age(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** First letter large, unless it begins a name that is typed as it stands (a command, a field); one full stop at the end. */
export function sentence(text: string): string {
  const trimmed = text.trim().replace(/[.\s]+$/, "");
  const typed = /^(?:factory|npm) |^[\w-]+\.[\w.[\]-]+ /.test(trimmed);
  const first = typed ? trimmed : `${trimmed.charAt(0).toUpperCase()}${trimmed.slice(1)}`;
  return `${first}${/[?!]$/.test(trimmed) ? "" : "."}`;
}
