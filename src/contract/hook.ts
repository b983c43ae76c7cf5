/** What became of an event from outside. */
export interface HookTaken {
  eventId: string;
  duplicate: boolean;
  /** Of the runs it started. */
  started: string[];
  /** Definitions that it should have started and could not. */
  refused: number;
  /** Waiting runs that it resumed so far. */
  resumed: number;
}
