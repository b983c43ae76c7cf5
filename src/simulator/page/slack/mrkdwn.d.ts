/** The simulator's own use of the page's reader. */
interface Names {
  user(id: string): string;
  channel(id: string): string;
}
export function plainMrkdwn(text: string, names: Names): string;
export function plainMarkdown(text: string): string;
/** A tree; see mrkdwn.js. */
export function parseMrkdwn(text: string): unknown[];
export function parseMarkdown(text: string): unknown[];
