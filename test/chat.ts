/** A person in a terminal, against the real backend functions: what they type, what they get to read. */
import { api } from "../convex/_generated/api.js";
import type { InboundEvent, InboundMessage } from "../src/contract/inbound.ts";
import { zOutMessage } from "../src/contract/message.ts";
import { type Backend, until } from "./backend.ts";

export interface Chat {
  readonly place: string;
  /** Stores the message; does not wait for the reply. */
  type(text: string, more?: Partial<InboundMessage>): Promise<void>;
  receive(event: InboundEvent): Promise<{ stored: boolean; inboundId: string }>;
  /** Waits until nothing is under way, then gives all messages said at this place so far, each in its newest version. */
  read(): Promise<string[]>;
  /** Types and returns what was said since. */
  ask(text: string, more?: Partial<InboundMessage>): Promise<string[]>;
}

let counter = 0;

export function createChat(backend: Backend, handle: string, where: Partial<InboundMessage> = {}): Chat {
  const t = backend.gateway;
  const place = where.place ?? handle;
  const channel = where.channel ?? handle.slice(0, handle.indexOf(":"));
  const all = () =>
    t.run(async (ctx) =>
      (await ctx.db.query("deliveries").collect())
        .filter((row) => row.place === place)
        .map((row) => zOutMessage.parse(JSON.parse(row.message))),
    );
  const receive = (event: InboundEvent) => t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
  const type = async (text: string, more: Partial<InboundMessage> = {}) => {
    counter += 1;
    await receive({
      kind: "message",
      channel,
      eventId: `e${counter}`,
      place,
      threadKey: null,
      private: true,
      sender: { handle, displayName: null },
      sentAt: Date.now(),
      messageId: `m${counter}`,
      text,
      ...where,
      ...more,
    });
  };
  const read = async () => {
    await until(`nothing under way at ${place}`, async () => {
      const busy = await t.query(api.conversations.busy, { place });
      return busy.openTurns === 0 && busy.inboundPending === 0;
    });
    return (await all()).map((message) => (message.kind === "text" ? message.text : JSON.stringify(message)));
  };
  return {
    place,
    type,
    receive,
    read,
    ask: async (text, more) => {
      const before = (await all()).length;
      await type(text, more);
      return (await read()).slice(before);
    },
  };
}
