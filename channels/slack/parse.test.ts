import { describe, expect, test } from "vitest";
import { zInboundEvent } from "../../src/contract/inbound.ts";
import fc from "../../test/property.ts";
import { type Parsed, parse, type Self } from "./parse.ts";
import { plainText } from "./plain_text.ts";

const SELF: Self = { team: "T1", userId: "UBOT", botId: "B1" };
const NOW = 1_760_000_000_000;

const callback = (event: Record<string, unknown>) => ({
  type: "event_callback",
  team_id: "T1",
  event_id: "Ev1",
  event_time: 1_760_000_000,
  event,
});
const said = (more: Record<string, unknown> = {}) =>
  callback({ type: "message", channel: "C1", channel_type: "channel", user: "UANA", ts: "1760000000.000100", ...more });
const eventOf = (body: Record<string, unknown>) => {
  const parsed = parse(body, SELF, NOW);
  if (parsed.kind !== "event") throw new Error(JSON.stringify(parsed));
  expect(zInboundEvent.safeParse(parsed.event).success).toBe(true);
  return parsed.event;
};
const reasonOf = (parsed: Parsed) => (parsed.kind === "ignored" ? parsed.reason : parsed.kind);

describe("messages", () => {
  test("C1: a direct message is one private conversation, and each thread of it another", () => {
    const flat = eventOf(said({ channel: "D1", channel_type: "im", text: "hello" }));
    const deep = eventOf(said({ channel: "D1", channel_type: "im", text: "and?", thread_ts: "1750000000.000001" }));
    expect(flat).toMatchObject({ place: "slack:T1/UANA", threadKey: "slack:D1", private: true, text: "hello" });
    expect(deep).toMatchObject({ place: "slack:D1/1750000000.000001", private: true });
    expect(deep.threadKey).toBe("slack:D1/1750000000.000001");
    expect(flat).not.toHaveProperty("addressed");
  });

  test("C1: a mention opens a thread of its own, and the same message seen twice is the same message", () => {
    const mention = eventOf(
      callback({ ...said().event, type: "app_mention", channel_type: undefined, text: "<@UBOT> ship it" }),
    );
    const message = eventOf(said({ text: "<@UBOT> ship it" }));
    expect(message).toEqual(mention);
    expect(message).toMatchObject({
      place: "slack:C1/1760000000.000100",
      threadKey: "slack:C1/1760000000.000100",
      private: false,
      messageId: "1760000000.000100",
      sender: { handle: "slack:T1/UANA" },
      sentAt: 1_760_000_000_000,
      text: "ship it",
    });
  });

  test("a reply in a thread without a mention counts only where the bot takes part", () => {
    const reply = eventOf(said({ text: "why?", thread_ts: "1750000000.000001" }));
    expect(reply).toMatchObject({ place: "slack:C1/1750000000.000001", addressed: false });
    expect(reply).not.toHaveProperty("belowOwn");
    const thread = { text: "why?", thread_ts: "1750000000.000001" };
    expect(eventOf(said({ ...thread, parent_user_id: "UANA" }))).not.toHaveProperty("belowOwn");
    expect(eventOf(said({ ...thread, parent_user_id: "UBOT" }))).toMatchObject({ addressed: false, belowOwn: true });
  });

  test.each([
    ["an edit", { subtype: "message_changed", message: { text: "/workflow run deploy" } }],
    ["a deletion", { subtype: "message_deleted" }],
    ["a join", { subtype: "channel_join", text: "<@UANA> has joined" }],
    ["the bot's own message", { user: "UBOT", text: "hello", bot_id: "B1" }],
    ["another bot's message", { user: "UOTHER", bot_id: "B2", text: "<@UBOT> run" }],
    ["a bot's message without a user", { user: undefined, subtype: "bot_message", text: "<@UBOT> run" }],
    ["a message to nobody", { text: "lunch?" }],
    ["an unfurl", { subtype: "message_changed", hidden: true }],
    ["a topic", { subtype: "channel_topic", text: "<@UBOT>" }],
  ])("C6: %s triggers nothing", (_, event) => {
    expect(parse(said(event), SELF, NOW).kind).toBe("ignored");
  });

  test("C6: a mention that an edit brought in triggers nothing", () => {
    const body = said({ type: "app_mention", text: "<@UBOT> run", edited: { user: "UANA", ts: "1760000001.000000" } });
    expect(reasonOf(parse(body, SELF, NOW))).toBe("an edit");
  });

  test.each([
    ["<@UBOT> workflow run deploy version=1.2", "/workflow run deploy version=1.2"],
    ["<@UBOT> /pending", "/pending"],
    ["<@UBOT>: pending", "/pending"],
    ["<@UBOT> approve 4K", "/approve 4K"],
    ["<@UBOT> workflow for tomorrow?", "workflow for tomorrow?"],
    ["what is <@UBOT> doing", "what is @UBOT doing"],
    ["see <https://x.example|our site> &amp; <#C2|ops> <!here>", "see our site (https://x.example) & #ops @here"],
  ])("C8: %s reads %s", (raw, text) => {
    expect(eventOf(said({ channel: "D1", channel_type: "im", text: raw }))).toMatchObject({ text });
  });

  test("a file alone is said too", () => {
    const event = eventOf(
      said({ channel: "D1", channel_type: "im", subtype: "file_share", text: "", files: [{ name: "a.pdf" }] }),
    );
    expect(event).toMatchObject({ text: "[file: a.pdf]" });
  });

  test("nothing that Slack could send makes it throw", () => {
    const anything = fc.dictionary(
      fc.constantFrom(
        "type",
        "event",
        "command",
        "view",
        "actions",
        "user",
        "channel",
        "ts",
        "text",
        "team_id",
        "state",
      ),
      fc.oneof(fc.string(), fc.constant(null), fc.integer(), fc.array(fc.object()), fc.object()),
    );
    fc.assert(
      fc.property(
        anything,
        fc.constantFrom("event_callback", "block_actions", "view_submission", "x"),
        (body, type) => {
          const parsed = parse({ ...body, type }, SELF, NOW);
          if (parsed.kind === "event") expect(zInboundEvent.safeParse(parsed.event).success).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("plain text has no markup of Slack's left", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const wire = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
        expect(plainText(wire, "UBOT")).toBe(text.trim());
      }),
      { numRuns: 300 },
    );
  });
});

describe("commands", () => {
  const command = (more: Record<string, unknown> = {}) => ({
    ...{ command: "/Pending", text: " ", user_id: "UANA", user_name: "ana", team_id: "T1", channel_id: "C1" },
    ...{ trigger_id: "trigger.1", ...more },
  });

  test("C8: a slash command keeps its place; the same one delivered twice has one id", () => {
    expect(eventOf(command())).toMatchObject({
      kind: "command",
      eventId: "command:trigger.1",
      command: "pending",
      text: "",
      place: "slack:C1",
      private: false,
      sender: { handle: "slack:T1/UANA", displayName: "ana" },
    });
    expect(eventOf(command())).toEqual(eventOf(command()));
  });

  test("in a direct message, which may be one between two people, it is answered in the person's own", () => {
    expect(eventOf(command({ channel_id: "D9" }))).toMatchObject({ place: "slack:T1/UANA", private: true });
  });

  test("a run without inputs may be asked for in a window, one with inputs is the command", () => {
    const bare = parse(command({ command: "/workflow", text: "run deploy" }), SELF, NOW);
    expect(bare).toMatchObject({ kind: "runModal", workflow: "deploy", triggerId: "trigger.1" });
    expect(eventOf(command({ command: "/workflow", text: "run deploy version=1" }))).toMatchObject({ kind: "command" });
  });
});

describe("interactions", () => {
  const press = (action: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
    type: "block_actions",
    team: { id: "T1" },
    user: { id: "UANA", username: "ana" },
    channel: { id: "C1" },
    container: { type: "message", message_ts: "1.000100", channel_id: "C1" },
    message: { ts: "1.000100", blocks: [{ block_id: "question", text: { type: "plain_text", text: "Ship?" } }] },
    trigger_id: "trigger.2",
    actions: [{ action_ts: "1760000000.5", ...action }],
    ...more,
  });

  test("B1: a button is its ids; pressed once it is one event, however often it is delivered", () => {
    const pressed = press({ action_id: "answer.0", value: "a1/yes, please" });
    expect(eventOf(pressed)).toMatchObject({
      kind: "action",
      approvalId: "a1",
      option: "yes, please",
      reason: null,
      fields: null,
      place: "slack:C1",
      private: false,
    });
    expect(eventOf(pressed)).toEqual(eventOf(pressed));
    const later = press({ action_id: "answer.0", value: "a1/yes, please", action_ts: "1760000009.5" });
    expect(eventOf(later).eventId).not.toBe(eventOf(pressed).eventId);
  });

  test("B8: an option with a reason opens a window and stores nothing", () => {
    expect(parse(press({ action_id: "demand.1", value: "a1/no" }), SELF, NOW)).toEqual({
      kind: "modal",
      triggerId: "trigger.2",
      handle: "slack:T1/UANA",
      modal: {
        kind: "reason",
        ...{ approvalId: "a1", option: "no", required: true, question: "Ship?" },
        where: { place: "slack:C1", private: false },
      },
    });
  });

  test("a button in a thread answers there", () => {
    const deep = press(
      { action_id: "answer.0", value: "a1/yes" },
      {
        container: { type: "message", message_ts: "2.1", thread_ts: "1.1", channel_id: "D1" },
        channel: { id: "D1" },
        message: {},
      },
    );
    expect(eventOf(deep)).toMatchObject({ place: "slack:D1/1.1", private: true });
  });

  test("a select's choice says itself what it does", () => {
    const chosen = (value: string) => press({ action_id: "choose.0", selected_option: { value } });
    expect(eventOf(chosen("answer.a1/option 21"))).toMatchObject({ approvalId: "a1", option: "option 21" });
    expect(parse(chosen("demand.a1/no"), SELF, NOW)).toMatchObject({ kind: "modal", modal: { required: true } });
    expect(parse(chosen("choose.a1/no"), SELF, NOW).kind).toBe("ignored");
  });

  test.each([
    ["another app's button", { action_id: "zzz", value: "a1/yes" }],
    ["a button without ids", { action_id: "answer.0", value: "yes" }],
  ])("%s triggers nothing", (_, action) => {
    expect(parse(press(action), SELF, NOW).kind).toBe("ignored");
  });

  const submit = (callback: string, about: object, values: object) => ({
    type: "view_submission",
    team: { id: "T1" },
    user: { id: "UANA" },
    view: { id: "V1", callback_id: callback, private_metadata: JSON.stringify(about), state: { values } },
  });
  const WHERE = { place: "slack:C1/1.1", private: false };

  test("B8: a submitted reason is an answer with it", () => {
    const values = { reason: { reason: { type: "plain_text_input", value: "too risky" } } };
    expect(eventOf(submit("approval.reason", { approvalId: "a1", option: "no", ...WHERE }, values))).toMatchObject({
      kind: "action",
      approvalId: "a1",
      option: "no",
      reason: "too risky",
      fields: null,
      place: "slack:C1/1.1",
    });
  });

  test("A3: words are stored as they were written", () => {
    const values = { text: { text: { value: "yes, but\ntomorrow" } } };
    expect(eventOf(submit("approval.text", { approvalId: "a1", ...WHERE }, values))).toMatchObject({
      option: "yes, but\ntomorrow",
    });
  });

  test("B9: edited fields keep their types", () => {
    const values = {
      "field.amount": { number: { value: "820.5" } },
      "field.to": { text: { value: "ops" } },
      "field.fast": { flag: { selected_option: { value: "true" } } },
      "field.tags": { json: { value: '["a"]' } },
      "field.note": { text: { value: null } },
      option: { option: { selected_option: { value: "yes" } } },
    };
    expect(eventOf(submit("approval.form", { approvalId: "a1", ...WHERE }, values))).toMatchObject({
      option: "yes",
      fields: { amount: 820.5, to: "ops", fast: true, tags: ["a"] },
    });
  });

  test("C8: a workflow's inputs become the command that says the same", () => {
    const values = { "field.version": { text: { value: 'a "b" \\ c' } }, "field.n": { integer: { value: "3" } } };
    expect(eventOf(submit("workflow.run", { workflow: "deploy", ...WHERE }, values))).toMatchObject({
      kind: "command",
      command: "workflow",
      text: 'run deploy version="a \\"b\\" \\\\ c" n="3"',
    });
  });
});
