/** How messages are drawn. Everything that is not in the message itself is an argument, so that drawing is pure. */
export interface RenderOptions {
  /** Columns. */
  width: number;
  colours: boolean;
  /** Over a pipe: no boxes, no marks. */
  plain: boolean;
  /** ms since 1970 */
  now: number;
  timeZone: string;
}
