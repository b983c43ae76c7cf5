/**
 * What every adapter has to do (O8). A channel passes when this suite passes over its platform's simulator with the platform's own client
 * library. A test may be left out by its name only, with the reason; what a platform cannot is said by `capabilities`.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ChannelAdapter, OutDelivery } from "../../src/contract/adapter.ts";
import { ERROR_CODES } from "../../src/contract/errors.ts";
import { channelOf } from "../../src/contract/handle.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { createMemoryBackend, type MemoryBackend } from "./memory_backend.ts";
import { CARD, CARDS, HOSTILE, MESSAGES } from "./messages.ts";

export interface AdapterWorld {
  /** A new adapter on the same platform, as after a start of the process. Not started yet. */
  create(): ChannelAdapter;
  /** Where only Ana reads. */
  place: string;
  /** Where others read, too; null: the platform has none. */
  shared: string | null;
  /** Well formed, and nothing is there; null: the platform has only one place. */
  nowhere: string | null;
  /** Ana's account. */
  handle: string;
  /** Ana says it in her private place. */
  say(text: string): void | Promise<void>;
  /** Ana gives a command as one does there: `/pending` or `PENDING`. */
  command(name: string, text: string): unknown;
  /** What Ana reads there, oldest first, one text a message. */
  read(place: string): string[] | Promise<string[]>;
  /** What somebody else reads there; [] where nobody else can. */
  readAsOther(place: string): string[] | Promise<string[]>;
  /** Ana presses a button of the newest card at a place; null: there are no buttons. */
  press: ((place: string, option: string) => unknown) | null;
  /** The next post is done, and its answer never comes; null: a post cannot fail. */
  loseNextAnswer: (() => void) | null;
  /** Everything that the platform still had to deliver again has been delivered again. */
  redeliver: (() => Promise<unknown>) | null;
  dispose(): Promise<unknown>;
}

type Test =
  | "what a person says is stored, as they said it, with who and where"
  | "a command is a command"
  | "what the backend could not store comes again"
  | "what was said while nobody listened is fetched, once"
  | "a reply is read where it belongs"
  | "every message and every card can be said, and has a receipt of its own"
  | "a settled card tells its outcome"
  | "a pressed button is an answer with ids"
  | "a growing reply ends whole"
  | "a long text arrives whole"
  | "a post whose answer was lost is found, not doubled"
  | "a notice for one person is read by nobody else"
  | "untrusted text is seen as it was written"
  | "a place that is not there is refused with a remedy"
  | "before the start and after the stop nothing is said, and nothing thrown";

export interface SuiteOptions {
  open(): Promise<AdapterWorld>;
  /** Test -> why this platform has nothing to show for it. */
  leaveOut?: Partial<Record<Test, string>>;
}

let counter = 0;
export function delivery(place: string, message: OutMessage, more: Partial<OutDelivery> = {}): OutDelivery {
  counter += 1;
  return {
    ...{ deliveryId: `d${counter}`, key: `key:${counter}`, place, message, final: true, tries: 0 },
    ...{ createdAt: Date.now(), deadline: null, taken: [], ...more },
  };
}

const text = (words: string, onlyTo: string | null = null): OutMessage => ({ kind: "text", text: words, onlyTo });

export function adapterSuite(name: string, { open, leaveOut = {} }: SuiteOptions): void {
  describe(`every adapter: ${name}`, () => {
    let world: AdapterWorld;
    let backend: MemoryBackend;
    let adapter: ChannelAdapter;
    beforeAll(async () => {
      world = await open();
      backend = createMemoryBackend();
      adapter = world.create();
      await adapter.start(backend.inbox, backend.lookups);
    });
    afterAll(async () => {
      await adapter?.stop();
      await world?.dispose();
    });
    beforeEach(() => {
      backend.events.length = 0;
    });

    const check = (title: Test, body: () => Promise<void>) => {
      const reason = leaveOut[title];
      if (reason === undefined) test(title, body);
      else test.skip(`${title} (${reason})`, body);
    };
    const eventually = async <T>(
      what: string,
      look: () => T | null | undefined | Promise<T | null | undefined>,
    ): Promise<T> => {
      for (const end = Date.now() + 15_000; Date.now() < end; ) {
        const found = await look();
        if (found !== null && found !== undefined) return found;
        await new Promise((done) => setTimeout(done, 10));
      }
      throw new Error(`still not: ${what}`);
    };
    const heard = async (words: string): Promise<InboundEvent> =>
      await eventually(`"${words}"`, () =>
        backend.events.find((event) => event.kind === "message" && event.text === words),
      );
    const send = async (
      message: OutMessage,
      more: Partial<OutDelivery> = {},
    ): Promise<OutDelivery & { receipt: string }> => {
      const said = delivery(more.place ?? world.place, message, more);
      const result = await adapter.send(said);
      if (!result.ok) throw new Error(`${result.error.message} (${result.error.remedy})`);
      expect(result.receipt).not.toBe("");
      return { ...said, receipt: result.receipt };
    };
    const edit = async (said: OutDelivery & { receipt: string }, message: OutMessage, final = true): Promise<void> => {
      const result = await adapter.edit({ ...said, message, final }, said.receipt);
      if (!result.ok) throw new Error(`${result.error.message} (${result.error.remedy})`);
    };
    const reading = async (words: string, place = world.place): Promise<string> =>
      await eventually(`"${words}" to read`, async () =>
        (await world.read(place)).findLast((one) => one.includes(words)),
      );

    check("what a person says is stored, as they said it, with who and where", async () => {
      const words = 'well, "this" & <that>, 100 % – ok?';
      await world.say(words);
      const event = await heard(words);
      expect(event.sender.handle).toBe(world.handle);
      expect(event.private).toBe(true);
      expect(channelOf(event.place)).toBe(adapter.channel);
      expect(Math.abs(event.sentAt - Date.now())).toBeLessThan(3_600_000);
      // The event says itself where a reply goes.
      await send(text("a reply to it"), { place: event.place });
      await reading("a reply to it");
    });

    check("a command is a command", async () => {
      await world.command("workflow", "list");
      // Where commands are ordinary text, the backend's grammar reads them.
      const isIt = (event: InboundEvent): boolean =>
        event.kind === "command"
          ? event.command === "workflow" && event.text === "list"
          : event.kind === "message" && /^\/?workflow list$/i.test(event.text);
      await eventually("the command", () => backend.events.find(isIt));
    });

    check("what the backend could not store comes again", async () => {
      backend.away(true);
      const before = backend.received();
      await world.say("said while the backend is away");
      await eventually("a try", () => (backend.received() > before ? true : null));
      expect(backend.events).toEqual([]);
      backend.away(false);
      const words = "said while the backend is away";
      await eventually(`"${words}" again`, async () => {
        await world.redeliver?.();
        return backend.events.find((event) => event.kind === "message" && event.text === words);
      });
    });

    check("what was said while nobody listened is fetched, once", async () => {
      await world.say("the last thing heard");
      await heard("the last thing heard");
      await adapter.stop();
      await world.say("said to nobody");
      adapter = world.create();
      await adapter.start(backend.inbox, backend.lookups);
      await heard("said to nobody");
      await world.redeliver?.();
      expect(
        backend.events.filter((event) => event.kind === "message" && event.text === "said to nobody"),
      ).toHaveLength(1);
    });

    check("a reply is read where it belongs", async () => {
      await send(text("for one"));
      expect(await reading("for one")).toContain("for one");
      if (world.shared === null) return;
      await send(text("for all"), { place: world.shared });
      await reading("for all", world.shared);
      expect((await world.readAsOther(world.shared)).join("\n")).toContain("for all");
      expect((await world.readAsOther(world.place)).join("\n")).not.toContain("for one");
    });

    check("every message and every card can be said, and has a receipt of its own", async () => {
      const receipts: string[] = [];
      const cards = Object.entries(CARDS).map(([, card]): OutMessage => ({ kind: "card", card }));
      for (const message of [...Object.values(MESSAGES), ...cards]) receipts.push((await send(message)).receipt);
      expect(new Set(receipts).size).toBe(receipts.length);
    });

    check("a settled card tells its outcome", async () => {
      const question = `Ship it? ${++counter}`;
      const said = await send({ kind: "card", card: { ...CARD, question } });
      await reading(question);
      const outcome = { option: "yes", by: "Ana", channel: "sms", at: Date.now(), reason: null };
      const outcomeLine = `Approved by Ana via SMS ${counter}`;
      await edit(said, { kind: "card", card: { ...CARD, question, status: "answered", outcome, outcomeLine } });
      await reading(outcomeLine);
      if (!adapter.capabilities.edits) return;
      const copies = (await world.read(world.place)).filter((one) => one.includes(question));
      expect(copies.filter((one) => !one.includes(outcomeLine))).toHaveLength(
        adapter.capabilities.buttons ? 0 : copies.length - 1,
      );
    });

    check("a pressed button is an answer with ids", async () => {
      if (!adapter.capabilities.buttons || world.press === null) return;
      await send({ kind: "card", card: { ...CARD, options: ["ship it", "wait a day"] } });
      await world.press(world.place, "ship it");
      const event = await eventually("the answer", () => backend.events.find(({ kind }) => kind === "action"));
      expect(event).toMatchObject({ approvalId: CARD.approvalId, option: "ship it", private: true });
      expect(event.sender.handle).toBe(world.handle);
      expect(event.eventId).not.toBe("");
    });

    check("a growing reply ends whole", async () => {
      const mark = `It begins ${++counter}`;
      const whole = `${mark}, it goes on, and here it ends.`;
      if (adapter.capabilities.streamEveryMs === null) {
        await send(text(whole));
      } else {
        const said = await send(text(whole.slice(0, 12)), { final: false });
        await edit(said, text(whole.slice(0, 25)), false);
        await edit(said, text(whole));
        expect((await world.read(world.place)).filter((one) => one.includes(mark))).toHaveLength(1);
      }
      await reading(whole);
    });

    check("a long text arrives whole", async () => {
      const lines = Array.from({ length: 300 }, (_, line) => `line ${line} of text ${counter}`);
      await send(text(lines.join("\n")));
      await reading(lines.at(-1)!);
      const all = (await world.read(world.place)).join("\n");
      for (const line of lines) expect(all).toContain(line);
    });

    check("a post whose answer was lost is found, not doubled", async () => {
      const words = `said once ${++counter}`;
      world.loseNextAnswer?.();
      const said = delivery(world.place, text(words));
      let result = await adapter.send(said);
      for (let tries = 1; !result.ok && tries < 5; tries++) {
        expect(result.error.retryable).toBe(true);
        result = await adapter.send({ ...said, tries });
      }
      expect(result.ok).toBe(true);
      // Another process, which knows nothing of the first one's tries.
      const other = world.create();
      const elsewhere = createMemoryBackend();
      await other.start(elsewhere.inbox, elsewhere.lookups);
      expect((await other.send({ ...said, tries: 1 })).ok).toBe(true);
      await other.stop();
      await reading(words);
      expect((await world.read(world.place)).filter((one) => one.includes(words))).toHaveLength(1);
    });

    check("a notice for one person is read by nobody else", async () => {
      if (!adapter.capabilities.privateNotices || world.shared === null) return;
      const words = `between us ${++counter}`;
      await send(text(words, world.handle), { place: world.shared });
      const mine = async () => [...(await world.read(world.shared!)), ...(await world.read(world.place))];
      await eventually("the notice", async () => (await mine()).find((one) => one.includes(words)));
      expect((await world.readAsOther(world.shared)).join("\n")).not.toContain(words);
    });

    check("untrusted text is seen as it was written", async () => {
      const mark = `hostile-${++counter}`;
      await send({ kind: "card", card: { ...CARD, question: `${mark} ${HOSTILE}` } });
      await reading(mark);
      const all = (await world.read(world.place)).join("\n");
      const seen = all.slice(all.indexOf(mark));
      for (const part of [
        "<!channel>",
        "<@U1>",
        "<https://evil.example|Approve>",
        "@everyone",
        "[label](https://evil.example)",
      ]) {
        expect(seen.replaceAll("\u200b", "")).toContain(part);
      }
    });

    check("a place that is not there is refused with a remedy", async () => {
      if (world.nowhere === null) return;
      const result = await adapter.send(delivery(world.nowhere, text("to nobody")));
      expect(result.ok).toBe(false);
      if (result.ok) return;
      expect(Object.keys(ERROR_CODES)).toContain(result.error.code);
      expect(result.error.retryable).toBe(false);
      expect(result.error.remedy).not.toBeNull();
    });

    check("before the start and after the stop nothing is said, and nothing thrown", async () => {
      const other = world.create();
      expect((await other.send(delivery(world.place, text("too early")))).ok).toBe(false);
      await other.stop();
      expect((await world.read(world.place)).join("\n")).not.toContain("too early");
    });
  });
}
