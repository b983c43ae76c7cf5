/** The simulator's own use of the page's reader. */
interface Names {
  user(id: string): string;
  channel(id: string): string;
}
export type MrkdwnNode =
  | { type: "text" | "code" | "pre"; text: string }
  | { type: "bold" | "italic" | "strike" | "quote"; nodes: MrkdwnNode[] }
  | { type: "link"; url: string; nodes: MrkdwnNode[] }
  | { type: "user" | "channel" | "broadcast"; id: string; label: string | null }
  | { type: "emoji"; name: string }
  | { type: "break" };
export function parseMrkdwn(text: string): MrkdwnNode[];
export function plainMrkdwn(text: string, names: Names): string;
export function plainMarkdown(text: string): string;
