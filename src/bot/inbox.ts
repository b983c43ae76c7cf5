/**
 * The door for what people say: an event counts as received only when the backend has stored it. While the backend is away the
 * event waits here and its adapter does not acknowledge, so the platform sends it again should this process die meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { DeliveryReport, Inbox } from "../contract/adapter.ts";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import { type InboundEvent, type StoredInbound, zInboundEvent } from "../contract/inbound.ts";
import { type Backend, functions } from "./backend.ts";
import type { Logger } from "./logger.ts";

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** A failure that no wait can heal, a bug for example, must not block what comes after it. */
const TRIES_OF_UNKNOWN_FAILURE = 5;

/** The first time, the second, the fourth …: what lasts is not told each time. */
export const worthTelling = (times: number): boolean => Number.isInteger(Math.log2(times));

/** Rejects only for an event that is not one (`invalid_input`), that the backend refuses for good, or after `signal`. */
export function createInbox(backend: Pick<Backend, "mutation">, log: Logger, signal: AbortSignal): Inbox {
  /** Tries until the backend has taken it, or has refused it for good. */
  async function store<T>(about: Record<string, unknown>, call: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await call();
      } catch (thrown) {
        const info = toErrorInfo(thrown);
        const giveUp = !info.retryable && (info.code !== "internal" || tries >= TRIES_OF_UNKNOWN_FAILURE);
        if (giveUp || signal.aborted) throw thrown;
        log[worthTelling(tries) ? "warn" : "debug"](
          { error: info, ...about, tries },
          "an event could not be stored yet, trying again",
        );
        await sleep(Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1)), undefined, { signal });
      }
    }
  }

  return {
    async receive(event: InboundEvent): Promise<StoredInbound> {
      const checked = zInboundEvent.safeParse(event);
      if (!checked.success) {
        const issue = checked.error.issues[0];
        throw new FactoryError("invalid_input", issue?.message ?? "not an event", {
          field: issue?.path.join(".") ?? "",
        });
      }
      const text = JSON.stringify(checked.data);
      const { eventId } = event;
      return await store({ eventId }, () => backend.mutation(functions.inbound.receive, { event: text }));
    },
    async report(report: DeliveryReport): Promise<void> {
      const { receipt, state } = report;
      await store({ receipt, state }, () => backend.mutation(functions.outbox.report, { ...report }));
    },
  };
}
