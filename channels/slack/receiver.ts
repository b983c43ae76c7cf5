/**
 * Bolt's door, opened by us. Bolt acknowledges an event before its listeners run, and a crash after that loses it; here the
 * acknowledgement is the return of `process`, which comes after every listener has stored what it got.
 */
import type { App, Receiver } from "@slack/bolt";
import type { Body } from "../../src/contract/untrusted.ts";

export class DurableReceiver implements Receiver {
  #app: App | null = null;
  /** What is between its arrival and its acknowledgement. */
  readonly #open = new Set<Promise<unknown>>();

  init(app: App): void {
    this.#app = app;
  }
  async start(): Promise<void> {}
  async stop(): Promise<void> {
    await Promise.allSettled([...this.#open]);
  }

  /** Resolves with the acknowledgement's payload once it may be given. Rejects: Slack is to send it again. */
  async process(body: Body, retry: { num?: number; reason?: string } = {}): Promise<unknown> {
    const app = this.#app;
    if (app === null) throw new Error("the Slack app is not ready");
    let payload: unknown;
    const done = app.processEvent({
      body,
      // Called by Bolt as soon as it has read an event, by a listener with what a modal should show: both are only noted.
      ack: async (given?: unknown) => {
        payload = given ?? payload;
      },
      ...(retry.num === undefined ? {} : { retryNum: retry.num }),
      ...(retry.reason === undefined ? {} : { retryReason: retry.reason }),
    });
    this.#open.add(done);
    try {
      await done;
    } finally {
      this.#open.delete(done);
    }
    return payload;
  }
}
