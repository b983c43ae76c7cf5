/** Where a terminal's lines come from and go to: a person at a screen, or a pipe. */
export interface Console {
  /** A block of whole lines. */
  print(lines: string[]): void;
  /**
   * Shows the next state of a message that grows: all its lines so far. Lines but the last never change. With `final` it is complete.
   * Another block may come between; then it comes again below, or if it is long its last line. One that begins while another grows waits.
   */
  grow(id: string, lines: string[], final: boolean): void;
  readonly columns: number;
  /** Takes no further lines and puts the terminal back into its usual state. Idempotent. */
  close(): void;
}

export interface ConsoleEvents {
  line(text: string): void;
  /** The person wants to leave, or the pipe has no more lines. Once. */
  end(): void;
}
