import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { OutMessage } from "../../src/contract/message.ts";
import { createSlackSimulator, type SlackPerson, type SlackSimulator } from "../../src/simulator/slack/index.ts";
import { delivery } from "../../test/contracts/adapter_suite.ts";
import { createMemoryBackend } from "../../test/contracts/memory_backend.ts";
import { CARD } from "../../test/contracts/messages.ts";
import { createDirectory } from "./directory.ts";
import { createSlackAdapter } from "./index.ts";
import { createSender } from "./send.ts";
import { createWeb } from "./web.ts";

let slack: SlackSimulator;
let ana: SlackPerson;
let bob: SlackPerson;
beforeAll(async () => {
  slack = await createSlackSimulator({ rateLimits: false });
  [ana, bob] = [slack.as("ana"), slack.as("bob")];
});
afterAll(async () => await slack?.close());
beforeEach(() => slack.faults.clear());

/** As a new process would have it: it remembers nothing. */
function newSender() {
  const web = createWeb(slack.botToken, slack.apiUrl, () => {});
  return createSender({ web, directory: createDirectory(web, Date.now), userId: "UBOT", log: () => {} });
}
const text = (words: string, onlyTo: string | null = null): OutMessage => ({ kind: "text", text: words, onlyTo });
let count = 0;
/** Long enough for `parts` messages; each line names the text it belongs to. */
function long(parts: number): { mark: string; lines: string[] } {
  const mark = `t${++count}`;
  const lines = Array.from({ length: parts * 100 }, (_, line) => `${mark} line ${line} ${"x".repeat(12)}`);
  return { mark, lines };
}
const shown = (mark: string) => ana.messages("#eng").filter((one) => one.text.includes(`${mark} line`));
const whole = (mark: string) =>
  shown(mark)
    .map((one) => one.text)
    .join("\n")
    .split("\n");

describe("a text longer than one message", () => {
  test("is several, and whole", async () => {
    const { mark, lines } = long(3);
    expect(await newSender().send(delivery("slack:CENG", text(lines.join("\n"))))).toMatchObject({ ok: true });
    expect(shown(mark).length).toBeGreaterThan(1);
    expect(whole(mark)).toEqual(lines);
  });

  test.each([0, 1, 2])(
    "O9: the answer to part %d is lost -> the next try, by any process, doubles nothing",
    async (skip) => {
      const { mark, lines } = long(3);
      const said = delivery("slack:CENG", text(lines.join("\n")));
      slack.faults.order({ on: "chat.postMessage", fault: { kind: "drop_after_success" }, skip });
      let result = await newSender().send(said);
      expect(result.ok).toBe(false);
      result = await newSender().send({ ...said, tries: 1 });
      expect(result.ok).toBe(true);
      expect(whole(mark)).toEqual(lines);
    },
  );

  test("grows by edits, also in a process that has not sent it", async () => {
    const { mark, lines } = long(3);
    const said = delivery("slack:CENG", text(lines.slice(0, 40).join("\n")), { final: false });
    const first = newSender();
    const result = await first.send(said);
    if (!result.ok) throw new Error(result.error.message);
    for (const [sender, upTo] of [
      [first, 90],
      [first, 180],
      [newSender(), 250],
      [newSender(), 300],
    ] as const) {
      const grown = { ...said, message: text(lines.slice(0, upTo).join("\n")), final: upTo === 300 };
      expect(await sender.edit(grown, result.receipt)).toMatchObject({ ok: true });
      expect(whole(mark)).toEqual(lines.slice(0, upTo));
    }
  });
});

describe("outcomes", () => {
  test("429 says how long to wait", async () => {
    slack.faults.order({ on: "chat.postMessage", fault: { kind: "rate_limit", retryAfterS: 7 } });
    expect(await newSender().send(delivery("slack:CENG", text("too fast")))).toMatchObject({
      ok: false,
      error: { code: "rate_limited", retryable: true },
      retryAfterMs: 7_000,
    });
  });

  test("as long as it cannot be looked for, nothing is posted again", async () => {
    const said = delivery("slack:CENG", text("cannot be looked for"), { tries: 1 });
    slack.faults.order({ on: "conversations.history", fault: { kind: "status", status: 503 }, times: 4 });
    const posts = slack.calls("chat.postMessage").length;
    for (let tries = 1; tries < 3; tries++) {
      expect(await newSender().send({ ...said, tries })).toMatchObject({ ok: false, error: { retryable: true } });
    }
    expect(slack.calls("chat.postMessage").length).toBe(posts);
    expect(await newSender().send({ ...said, tries: 3 })).toMatchObject({ ok: true });
  });

  test("a key in somebody else's message proves nothing", async () => {
    const said = delivery("slack:CENG", text("the real one"), { tries: 1 });
    const metadata = { event_type: "factory_delivery", event_payload: { key: said.key } };
    slack.state.post({ channel: "CENG", user: "UANA", text: "a forged one", metadata });
    expect(await newSender().send(said)).toMatchObject({ ok: true });
    expect(ana.messages("#eng").filter((one) => one.text === "the real one")).toHaveLength(1);
    expect(ana.messages("#eng").filter((one) => one.text === "a forged one")).toHaveLength(1);
  });

  test("a message that somebody deleted is left alone, an edit that failed is tried again", async () => {
    const said = delivery("slack:CENG", text("soon gone"));
    const sender = newSender();
    const result = await sender.send(said);
    if (!result.ok) throw new Error(result.error.message);
    slack.faults.order({ on: "chat.update", fault: { kind: "status", status: 500 } });
    expect(await sender.edit(said, result.receipt)).toMatchObject({ ok: false, error: { retryable: true } });
    const message = slack.state.message("CENG", result.receipt.split("/")[1]!)!;
    slack.state.remove(message);
    expect(await sender.edit(said, result.receipt)).toMatchObject({ ok: true });
  });
});

test("a notice for somebody who is not in the channel comes as a direct message", async () => {
  const ops = slack.state.channels.get("COPS")!;
  slack.state.channels.put("COPS", { ...ops, members: ops.members.filter((member) => member !== "UBOB") });
  const said = delivery("slack:COPS", text("for bob alone", "slack:TSIM/UBOB"));
  const result = await newSender().send(said);
  // Its receipt was lost with the process.
  const again = await newSender().send({ ...said, tries: 1 });
  slack.state.channels.put("COPS", ops);
  expect(result).toMatchObject({ ok: true });
  expect(again).toEqual(result);
  expect(bob.messages("dm").filter((one) => one.text === "for bob alone")).toHaveLength(1);
  expect(ana.messages("#ops").map((one) => one.text)).not.toContain("for bob alone");
});

test("a channel is found by its name, and one of another name is refused", async () => {
  expect(await newSender().send(delivery("slack:#support", text("by name")))).toMatchObject({
    ok: true,
    receipt: expect.stringMatching(/^CSUPPORT\//),
  });
  expect(await newSender().send(delivery("slack:#nowhere", text("by name")))).toMatchObject({
    ok: false,
    error: { code: "platform_refused", message: expect.stringContaining("channel_not_found") },
  });
});

describe("windows", () => {
  /** The whole adapter, with a backend that gives the question when it is told to. */
  async function pressViewAll(payload: string, given: Promise<void>) {
    const backend = createMemoryBackend();
    const question = { ...CARD, payload };
    const lookups = { ...backend.lookups, card: async () => await given.then(() => question) };
    const adapter = createSlackAdapter({
      ...{ botToken: slack.botToken, appToken: slack.appToken, signingSecret: null, apiUrl: slack.apiUrl },
      log: () => {},
    });
    await adapter.start(backend.inbox, lookups);
    const result = await adapter.send(delivery("slack:CENG", { kind: "card", card: question }));
    if (!result.ok) throw new Error(result.error.message);
    await ana.click("#eng", result.receipt.split("/")[1]!, "View all");
    return adapter;
  }
  const until = async (look: () => unknown) => {
    while (!look()) await new Promise((done) => setTimeout(done, 10));
  };

  test("a look-up that takes long shows that it is under way, and then what it found", async () => {
    const found = Promise.withResolvers<void>();
    const adapter = await pressViewAll(JSON.stringify({ log: "line of the log\n".repeat(300) }), found.promise);
    await until(() => ana.modal()?.text.includes("Looking it up"));
    found.resolve();
    await until(() => ana.modal()?.text.includes("line of the log"));
    await ana.closeModal();
    await adapter.stop();
  });

  test("A4: what no window can hold comes as a file, to the one who asked", async () => {
    const lines = Array.from({ length: 20_000 }, (_, line) => `line ${line} of a long log`).join("\n");
    const adapter = await pressViewAll(JSON.stringify({ log: lines }), Promise.resolve());
    await until(() => ana.modal()?.text.includes("in the file"));
    await until(() => ana.messages("dm").some(({ files }) => files.length > 0));
    const [file] = slack.state.files.values();
    expect(Buffer.from(file!.content ?? "", "base64").toString()).toContain("line 19999 of a long log");
    expect(bob.messages("dm").some(({ files }) => files.length > 0)).toBe(false);
    await ana.closeModal();
    await adapter.stop();
  });
});
