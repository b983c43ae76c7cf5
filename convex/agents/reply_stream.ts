/** Shows a growing reply at a bounded pace and keeps the turn's lease alive meanwhile. */

/** One revision of the delivery at most this often; adapters slow it down further to what their platform allows. */
const PACE_MS = 250;
/** A third of the lease. */
const BEAT_MS = 3000;

export class ReplyStream {
  /** Aborted when the lease is lost: somebody else goes on with the turn. */
  readonly lost = new AbortController();
  private text: string | null = null;
  private shown: string | null = null;
  private sending: Promise<void> | null = null;
  private lastSent = 0;
  private readonly timer: ReturnType<typeof setInterval>;
  private readonly beat: (text: string | null) => Promise<boolean>;

  /** `beat` resolves with false when the lease is lost. */
  constructor(beat: (text: string | null) => Promise<boolean>) {
    this.beat = beat;
    this.timer = setInterval(() => this.send(), BEAT_MS);
  }

  /** The whole reply so far. */
  show(text: string): void {
    this.text = text;
    if (Date.now() - this.lastSent >= PACE_MS) this.send();
  }

  /** No beat is under way afterwards, so that the end of the turn is the last thing written. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.sending;
  }

  private send(): void {
    if (this.sending !== null) return;
    this.lastSent = Date.now();
    const text = this.text === this.shown ? null : this.text;
    this.sending = this.beat(text)
      .then((held) => {
        if (text !== null) this.shown = text;
        if (!held) this.lost.abort();
      })
      // A beat that failed is repeated by the next one; the lease decides.
      .catch(() => {})
      .finally(() => {
        this.sending = null;
      });
  }
}
