import { describe, expect, test } from "vitest";
import { zInboundEvent } from "../../src/contract/inbound.ts";
import { parseCommand } from "../../src/flow/command.ts";
import fc from "../../test/property.ts";
import { commandBodies, commandsDigest, commandText, type Given, isOfChannel, readCommand } from "./commands.ts";
import { readFields, submitted } from "./form.ts";
import {
  customId,
  formatReceipt,
  nonceOf,
  parseCustomId,
  parsePlace,
  parseReceipt,
  snowflakeAt,
  timeOf,
} from "./ids.ts";
import { parseInteraction } from "./parse.ts";
import { parseMessage, type Where } from "./parse_message.ts";

const SELF = { userId: "100001", appId: "100001" };
const ID = "1573000000000000001";
const CHANNEL: Where = { kind: "channel", id: "200001", threads: true };
const THREAD: Where = { kind: "thread", id: "300001", parent: "200001" };
const said = (more: object = {}) => ({
  id: ID,
  type: 0,
  channel_id: "200001",
  guild_id: "400001",
  author: { id: "500001", username: "ana", global_name: "Ana" },
  content: "hello",
  mentions: [],
  attachments: [],
  ...more,
});
const mention = { mentions: [{ id: SELF.userId, username: "factory" }], content: `<@${SELF.userId}> hello` };
const eventOf = (message: object, where: Where) => {
  const parsed = parseMessage(message as never, where, SELF);
  return parsed.kind === "event" ? parsed.event : parsed.reason;
};

describe("messages", () => {
  test("a direct message is the person's own place", () => {
    expect(eventOf(said(), { kind: "dm" })).toMatchObject({
      place: "discord:500001",
      private: true,
      text: "hello",
      messageId: ID,
      sentAt: timeOf(ID),
      sender: { handle: "discord:500001", displayName: "Ana" },
    });
  });

  test("a mention opens the thread of its message; an answer to the bot, the thread of what it answers", () => {
    expect(eventOf(said(mention), CHANNEL)).toMatchObject({
      place: `discord:200001/${ID}`,
      private: false,
      text: "hello",
    });
    const answer = {
      message_reference: { message_id: "600001" },
      referenced_message: { author: { id: SELF.userId } },
      type: 19,
    };
    expect(eventOf(said(answer), CHANNEL)).toMatchObject({ place: "discord:200001/600001" });
    expect(eventOf(said(mention), { ...CHANNEL, threads: false })).toMatchObject({ place: "discord:200001" });
  });

  test("in a thread everything is heard, but only a mention is addressed", () => {
    expect(eventOf(said(), THREAD)).toMatchObject({ place: "discord:200001/300001", addressed: false });
    expect(eventOf(said(mention), THREAD)).not.toHaveProperty("addressed");
    // What the intent does not let it read.
    expect(eventOf(said({ content: "" }), THREAD)).toBe("nothing that may be read");
  });

  test("C6: what bots say, webhooks, joins, the bot itself, and what is for others starts nothing", () => {
    expect(eventOf(said(), CHANNEL)).toBe("not addressed to the bot");
    expect(eventOf(said({ mention_everyone: true, content: "@everyone" }), CHANNEL)).toBe("not addressed to the bot");
    expect(eventOf(said({ ...mention, author: { id: "1", bot: true } }), CHANNEL)).toBe("said by a bot");
    expect(eventOf(said({ ...mention, webhook_id: "7" }), CHANNEL)).toBe("said by a bot");
    expect(eventOf(said({ ...mention, author: { id: SELF.userId } }), CHANNEL)).toBe("said by the bot");
    expect(eventOf(said({ ...mention, type: 7 }), CHANNEL)).toBe("type 7");
    expect(eventOf({}, CHANNEL)).toContain("without");
  });

  test("names and emoji are read as people read them, commands without a slash as commands", () => {
    const mentions = [...mention.mentions, { id: "500002", username: "bob", global_name: "Bob" }];
    const content = `<@!${SELF.userId}>, ask <@500002> <:ok:123>`;
    expect(eventOf(said({ mentions, content }), CHANNEL)).toMatchObject({ text: "ask @Bob :ok:" });
    expect(eventOf(said({ ...mention, content: `<@${SELF.userId}> workflow run x` }), CHANNEL)).toMatchObject({
      text: "/workflow run x",
    });
    expect(eventOf(said({ ...mention, content: `<@${SELF.userId}>` }), CHANNEL)).toMatchObject({ text: "hello" });
    expect(eventOf(said({ attachments: [{ filename: "a.txt" }] }), { kind: "dm" })).toMatchObject({
      text: "hello\n[file: a.txt]",
    });
  });
});

const interaction = (more: object) => ({
  id: ID,
  token: "t",
  channel_id: "200001",
  channel: { id: "200001", type: 0 },
  guild_id: "400001",
  member: { user: { id: "500001", username: "ana" }, nick: "Annie" },
  ...more,
});
const command = (name: string, options: object[] = [], more: object = {}) =>
  parseInteraction(interaction({ type: 2, data: { name, options }, ...more }) as never);
const sub = (name: string, options: object[] = []) => ({ name, type: 1, options });
const option = (name: string, value: string) => ({ name, type: 3, value });

describe("commands", () => {
  test("what starts a run is the channel's, though its answer is one person's; everything else is between the two", () => {
    expect(command("workflow", [sub("run", [option("name", "deploy"), option("inputs", "a=1")])])).toMatchObject({
      kind: "event",
      ack: { kind: "reply", ephemeral: true },
      event: { kind: "command", command: "workflow", text: "run deploy a=1", place: "discord:200001", private: false },
    });
    expect(command("pending")).toMatchObject({
      ack: { kind: "reply", ephemeral: true },
      event: { command: "pending", text: "", place: "discord:500001", private: true },
    });
    const direct = { guild_id: undefined, member: undefined, user: { id: "500001" }, channel: { id: "9", type: 1 } };
    expect(command("pending", [], direct)).toMatchObject({ ack: { ephemeral: false }, origin: { private: true } });
  });

  test("run with a name alone may ask for inputs", () => {
    expect(command("workflow", [sub("run", [option("name", "deploy")])])).toMatchObject({
      kind: "run",
      workflow: "deploy",
      event: { text: "run deploy" },
    });
  });

  test("in a thread the place is the thread's", () => {
    const inThread = { channel_id: "300001", channel: { id: "300001", type: 11, parent_id: "200001" } };
    expect(command("workflow", [sub("cancel", [option("run", "r1")])], inThread)).toMatchObject({
      event: { place: "discord:200001/300001" },
    });
  });

  test("C8: each becomes the line that the grammar reads", () => {
    const given = (name: string, subName: string | null, options: [string, string][]): Given => ({
      command: name,
      sub: subName,
      options: new Map(options),
      focused: null,
    });
    const line = (one: Given) => parseCommand(`/${one.command} ${commandText(one)}`, { bare: false });
    expect(
      line(
        given("workflow", "run", [
          ["name", "deploy"],
          ["inputs", 'version=1.2 note="two words"'],
        ]),
      ),
    ).toEqual({
      kind: "run",
      workflow: "deploy",
      input: { version: "1.2", note: "two words" },
    });
    expect(line(given("workflow", "status", []))).toEqual({ kind: "status", run: null });
    expect(
      line(
        given("deny", null, [
          ["code", "4K"],
          ["reason", "too risky"],
        ]),
      ),
    ).toEqual({ kind: "answer", text: "DENY 4K too risky" });
    expect(
      line(
        given("answer", null, [
          ["code", "4K"],
          ["option", "staging first"],
        ]),
      ),
    ).toEqual({ kind: "answer", text: "ANSWER 4K staging first" });
    interface Shown {
      type: number;
      name: string;
      options?: Shown[];
    }
    const filled = (options: Shown[] = []): [string, string][] =>
      options
        .filter(({ type }) => type === 3)
        .map(({ name }) => [name, name === "inputs" ? "a=1" : name === "code" ? "4K" : "w1"]);
    for (const { name, options } of commandBodies() as unknown as Shown[]) {
      const subs = options!.filter(({ type }) => type === 1);
      const lines =
        subs.length === 0
          ? [given(name, null, filled(options))]
          : subs.map((one) => given(name, one.name, filled(one.options)));
      for (const one of lines) expect(line(one)).not.toMatchObject({ kind: "malformed" });
    }
  });

  test("they are registered anew only when something changed, however Discord writes them down", () => {
    const there = commandBodies()
      .map((body, index) => ({ ...body, id: String(index), version: "1", nsfw: false, contexts: [1, 0] }))
      .reverse();
    expect(commandsDigest(there)).toBe(commandsDigest(commandBodies()));
    expect(commandsDigest(there.slice(1))).not.toBe(commandsDigest(commandBodies()));
    expect(commandsDigest([{ ...there[0], description: "other" }, ...there.slice(1)])).not.toBe(
      commandsDigest(commandBodies()),
    );
  });

  test("what is being typed is known while suggestions are wanted", () => {
    const data = { name: "approve", options: [{ name: "code", type: 3, value: "4", focused: true }] };
    expect(parseInteraction(interaction({ type: 4, data }) as never)).toMatchObject({
      kind: "complete",
      given: { focused: "code" },
    });
    expect(isOfChannel(readCommand({ name: "workflow", options: [sub("list")] } as never)!)).toBe(false);
  });
});

describe("buttons and modals", () => {
  const press = (custom_id: string, more: object = {}) =>
    parseInteraction(interaction({ type: 3, data: { custom_id, component_type: 2 }, ...more }) as never);

  test("a press carries ids; the same one again is the same event", () => {
    const parsed = press(customId("answer", "a1", "staging first"));
    expect(parsed).toMatchObject({
      kind: "event",
      ack: { kind: "update" },
      event: {
        kind: "action",
        approvalId: "a1",
        option: "staging first",
        place: "discord:200001",
        eventId: `interaction:${ID}`,
      },
    });
    expect(press(customId("answer", "a1", "staging first"))).toEqual(parsed);
  });

  test("a select's value is an answer; a refusal asks why, with the question it is about", () => {
    const data = { custom_id: customId("choose", "a1"), values: [customId("answer", "a1", "choice 30")] };
    expect(parseInteraction(interaction({ type: 3, data }) as never)).toMatchObject({ event: { option: "choice 30" } });
    const message = { embeds: [{ description: "**Ship \\*it\\*?**\n\nmore" }] };
    expect(press(customId("demand", "a1", "no"), { message })).toMatchObject({
      kind: "reason",
      required: true,
      option: "no",
      question: "Ship *it*?",
    });
  });

  test("a modal submitted twice with the same words is one event, with other words another", () => {
    const submit = (value: string, id = ID) => {
      const components = [{ type: 18, component: { type: 4, custom_id: "reason", value } }];
      const data = { custom_id: customId("reason", "a1", "no", 0, "777777"), components };
      return parseInteraction(interaction({ id, type: 5, data }) as never);
    };
    const [first, again, other] = [submit("risky"), submit("risky", "1573000000000000002"), submit("other")];
    expect(first).toMatchObject({ event: { approvalId: "a1", option: "no", reason: "risky", fields: null } });
    const idOf = (parsed: typeof first) => (parsed.kind === "event" ? parsed.event.eventId : null);
    expect(idOf(again)).toBe(idOf(first));
    expect(idOf(other)).not.toBe(idOf(first));
  });

  test("a form's fields come back as what they are; a workflow's as the command line that says them", () => {
    const values = [
      ["field.number.amount", "120"],
      ["field.text.to", 'the "ops" team'],
      ["field.flag.dry", "true"],
      ["field.json.list", "[1,2]"],
      ["field.text.empty", ""],
    ];
    const components = values.map(([custom_id, value]) => ({ type: 18, component: { type: 4, custom_id, value } }));
    expect(readFields(submitted({ components }))).toEqual({
      amount: 120,
      to: 'the "ops" team',
      dry: true,
      list: [1, 2],
    });
    const data = { custom_id: customId("run", "deploy", "", 0, "777777"), components };
    const parsed = parseInteraction(interaction({ type: 5, data }) as never);
    const text = parsed.kind === "event" && parsed.event.kind === "command" ? parsed.event.text : "";
    expect(parseCommand(`/workflow ${text}`, { bare: false })).toEqual({
      kind: "run",
      workflow: "deploy",
      input: { amount: "120", to: 'the "ops" team', dry: "true", list: "[1,2]" },
    });
  });

  test("strangers are ignored with a reason and never throw; what is an event is one of the contract's", () => {
    expect(press("somebody-else")).toMatchObject({ kind: "ignored" });
    const any = fc.oneof(
      fc.object(),
      fc.object().map((data) => interaction({ type: 3, data })),
      fc.object().map((data) => interaction({ type: 5, data })),
      fc.object().map((data) => interaction({ type: 2, data: { name: "x", ...data } })),
    );
    fc.assert(
      fc.property(any, (body) => {
        const parsed = parseInteraction(body as never);
        if (parsed.kind === "event") expect(zInboundEvent.safeParse(parsed.event).success).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe("names", () => {
  test("custom ids lead back to what they name", () => {
    const id = fc.stringMatching(/^[a-z0-9]{1,32}$/);
    const text = fc.string({ minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(id, text, (approvalId, words) => {
        const made = customId("answer", approvalId, words, 3);
        expect(made.length).toBeLessThanOrEqual(100);
        expect(parseCustomId(made)).toEqual({ kind: "answer", id: approvalId, option: words, opener: "" });
      }),
    );
  });

  test("places and receipts", () => {
    expect(parsePlace("discord:500001")).toEqual({ kind: "bare", id: "500001" });
    expect(parsePlace("discord:200001/300001")).toEqual({ kind: "thread", parent: "200001", thread: "300001" });
    for (const wrong of ["discord:", "discord:#", "slack:C1", "discord:1/2/3", "discord:200001/"])
      expect(parsePlace(wrong)).toBeNull();
    const receipt = { channel: "200001", message: "300001", ephemeral: true };
    expect(parseReceipt(formatReceipt(receipt))).toEqual(receipt);
  });

  test("nonces fit and differ for each part", () => {
    expect(nonceOf("key", 0)).toHaveLength(24);
    expect(new Set([nonceOf("a", 0), nonceOf("a", 1), nonceOf("b", 0)]).size).toBe(3);
    expect(timeOf(snowflakeAt(1_800_000_000_000))).toBe(1_800_000_000_000);
  });
});
