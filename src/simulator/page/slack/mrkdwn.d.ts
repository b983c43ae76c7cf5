/** The simulator's own use of the page's reader. */
interface Names {
  user(id: string): string;
  channel(id: string): string;
}
export type MrkdwnNode =
  | { type: "text"; text: string }
  | { type: "code"; text: string }
  | { type: "pre"; text: string }
  | { type: "bold"; nodes: MrkdwnNode[] }
  | { type: "italic"; nodes: MrkdwnNode[] }
  | { type: "strike"; nodes: MrkdwnNode[] }
  | { type: "quote"; nodes: MrkdwnNode[] }
  | { type: "link"; url: string; nodes: MrkdwnNode[] }
  | { type: "user"; id: string; label: string | null }
  | { type: "channel"; id: string; label: string | null }
  | { type: "broadcast"; id: string; label: string | null }
  | { type: "emoji"; name: string }
  | { type: "break" };
export function parseMrkdwn(text: string): MrkdwnNode[];
/** As the other, with headings and list items besides. */
export function parseMarkdown(text: string): unknown[];
export function plainMrkdwn(text: string, names: Names): string;
export function plainMarkdown(text: string): string;
