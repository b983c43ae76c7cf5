/** The Discord adapter on the simulator, with an inbox that remembers: for tests of the adapter without a backend. */
import { createDiscordAdapter } from "../channels/discord/index.ts";
import type { ChannelAdapter, Inbox, OutDelivery, SendResult } from "../src/contract/adapter.ts";
import type { ApprovalCard } from "../src/contract/approval.ts";
import type { InboundEvent, StoredInbound } from "../src/contract/inbound.ts";
import type { Lookups } from "../src/contract/lookups.ts";
import type { OutMessage } from "../src/contract/message.ts";
import type { DiscordSimulator } from "../src/simulator/discord/index.ts";

export const cardOf = (change: Partial<ApprovalCard> = {}): ApprovalCard => ({
  approvalId: "k17c9zjq3y5v0b8m2n4p6r8t0w2x4y6z",
  status: "pending",
  question: "Deploy 1.2?",
  options: ["yes", "no"],
  code: null,
  context: "deploy · run r1 · asked by Ana",
  payload: null,
  quorum: 1,
  votes: [],
  expiresAt: null,
  reasonRequired: [],
  outcome: null,
  outcomeLine: null,
  ...change,
});

export interface Rig {
  adapter: ChannelAdapter;
  /** Stored, in their order. */
  events: InboundEvent[];
  lookups: Lookups;
  state: { caughtUpTo: number | null; handles: string[]; threads: string[]; receipts: string[] };
  /** Awaited before an event counts as stored. */
  hold: { promise: Promise<unknown> };
  logs: { level: string; message: string; about?: Record<string, unknown> }[];
  /** The next event of a kind that nobody has asked for yet. */
  next<K extends InboundEvent["kind"]>(kind: K): Promise<Extract<InboundEvent, { kind: K }>>;
  /** As the backend names the reply to an event. */
  keyOf(event: InboundEvent): string;
  send(place: string, message: OutMessage, more?: Partial<OutDelivery>): Promise<SendResult & { receipt: string }>;
  edit(place: string, message: OutMessage, receipt: string, more?: Partial<OutDelivery>): Promise<SendResult>;
  stop(): Promise<void>;
}

export interface RigOptions {
  /** Of an earlier rig: what the backend would still know. */
  before?: Pick<Rig, "events" | "state">;
  now?: () => number;
  markEveryMs?: number;
  repliesFile?: string;
  lookups?: Partial<Lookups>;
}

export async function startAdapter(discord: DiscordSimulator, options: RigOptions = {}): Promise<Rig> {
  const { before, now = () => discord.world.clock.now(), markEveryMs = 60_000 } = options;
  const events: InboundEvent[] = before?.events ?? [];
  const state = before?.state ?? { caughtUpTo: null, handles: [], threads: [], receipts: [] };
  const hold = { promise: Promise.resolve() as Promise<unknown> };
  const logs: Rig["logs"] = [];
  const given = new Set<InboundEvent>(events);
  const waiting: (() => void)[] = [];
  const keyOf = (event: InboundEvent) => `inbound:${event.eventId}`;

  const inbox: Inbox = {
    async receive(event): Promise<StoredInbound> {
      await hold.promise;
      const same = (one: InboundEvent) =>
        one.eventId === event.eventId ||
        (one.kind === "message" &&
          event.kind === "message" &&
          one.messageId === event.messageId &&
          one.place === event.place);
      const known = events.find(same);
      if (known !== undefined) return { stored: false, inboundId: known.eventId };
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
      return { stored: true, inboundId: event.eventId };
    },
    async report() {},
  };
  const lookups: Lookups = {
    card: async () => null,
    workflow: async () => null,
    workflows: async () => [
      { name: "deploy", title: "Deploy" },
      { name: "triage", title: "triage" },
    ],
    home: async () => ({
      person: "Ana",
      questions: [cardOf({ code: "4K" })],
      runs: [{ runId: "r1", title: "deploy", status: "waiting", startedAt: 1 }],
    }),
    ...options.lookups,
    history: {
      caughtUpTo: async () => state.caughtUpTo,
      async markCaughtUp(at) {
        state.caughtUpTo = Math.max(at, state.caughtUpTo ?? at);
      },
      knownPlaces: async () => ({ threads: state.threads, receipts: state.receipts, handles: state.handles }),
    },
  };
  const adapter = createDiscordAdapter({
    token: discord.token,
    apiUrl: discord.apiUrl,
    now,
    markEveryMs,
    ...(options.repliesFile === undefined ? {} : { repliesFile: options.repliesFile }),
    log: (level, message, about) => void logs.push({ level, message, ...(about === undefined ? {} : { about }) }),
  });
  await adapter.start(inbox, lookups);
  let made = 0;
  const delivery = (place: string, message: OutMessage, more: Partial<OutDelivery>): OutDelivery => ({
    deliveryId: `d${++made}`,
    key: `test:${made}`,
    place,
    message,
    final: true,
    tries: 0,
    createdAt: now(),
    deadline: null,
    taken: [],
    ...more,
  });
  return {
    ...{ adapter, events, lookups, state, hold, logs, keyOf },
    async next(kind) {
      for (;;) {
        const found = events.find((event) => event.kind === kind && !given.has(event));
        if (found !== undefined) {
          given.add(found);
          return found as never;
        }
        await new Promise<void>((done) => void waiting.push(done));
      }
    },
    send: async (place, message, more = {}) => {
      const result = await adapter.send(delivery(place, message, more));
      return { ...result, receipt: result.ok ? result.receipt : "" };
    },
    edit: async (place, message, receipt, more = {}) => await adapter.edit(delivery(place, message, more), receipt),
    stop: async () => await adapter.stop(),
  };
}
