/** A backend that only remembers: stores each event and each message once, and can be away. For tests of adapters alone. */
import type { Inbox } from "../../src/contract/adapter.ts";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { FactoryError } from "../../src/contract/errors.ts";
import { type InboundEvent, zInboundEvent } from "../../src/contract/inbound.ts";
import type { Lookups } from "../../src/contract/lookups.ts";

export interface MemoryBackend {
  inbox: Inbox;
  lookups: Lookups;
  /** In the order in which they were stored. */
  events: InboundEvent[];
  /** How often `receive` was called, stored or not. */
  received(): number;
  /** Refuses everything until it is called with false. */
  away(yes: boolean): void;
  /** Questions that windows may ask for. */
  cards: Map<string, ApprovalCard>;
}

export function createMemoryBackend(): MemoryBackend {
  const events: InboundEvent[] = [];
  const cards = new Map<string, ApprovalCard>();
  const handles = new Set<string>();
  let isAway = false;
  let received = 0;
  let caughtUp: number | null = null;
  const same = (a: InboundEvent, b: InboundEvent): boolean =>
    a.eventId === b.eventId ||
    (a.kind === "message" && b.kind === "message" && a.place === b.place && a.messageId === b.messageId);
  return {
    events,
    cards,
    received: () => received,
    away(yes) {
      isAway = yes;
    },
    inbox: {
      async receive(given) {
        received += 1;
        if (isAway) throw new FactoryError("backend_unavailable", "the backend is away");
        const event = zInboundEvent.parse(given);
        handles.add(event.sender.handle);
        const stored = !events.some((before) => same(before, event));
        if (stored) events.push(event);
        return { stored, inboundId: event.eventId };
      },
      async report() {},
    },
    lookups: {
      card: async (_, approvalId) => cards.get(approvalId) ?? null,
      workflow: async () => null,
      workflows: async () => [],
      home: async () => ({ person: "Ana", questions: [], runs: [] }),
      history: {
        caughtUpTo: async () => caughtUp,
        async markCaughtUp(at) {
          caughtUp = Math.max(at, caughtUp ?? at);
        },
        knownPlaces: async () => ({ threads: [], receipts: [], handles: [...handles] }),
      },
    },
  };
}
