import { describe, expect, test } from "vitest";
import { zInboundEvent } from "../../src/contract/inbound.ts";
import fc from "../../test/property.ts";
import { toE164 } from "./ids.ts";
import { type Incoming, parseIncoming } from "./parse.ts";

const ACCOUNT = `AC${"0".repeat(32)}`;
const SID = `SM${"ab".repeat(16)}`;
const incoming = (more: Partial<Incoming>): Incoming => ({
  ...{ sid: SID, accountSid: ACCOUNT, from: "+15550100201", body: "hi", media: 0, optOutType: null, sentAt: 5 },
  ...more,
});
const textOf = (more: Partial<Incoming>) => {
  const parsed = parseIncoming(incoming(more), ACCOUNT);
  return parsed.kind === "message" ? parsed.event.text : parsed.why;
};

test("a text is a message of its phone: one place, one person, unique by its MessageSid", () => {
  const parsed = parseIncoming(incoming({ body: "status of deploy?" }), ACCOUNT);
  expect(parsed).toMatchObject({
    kind: "message",
    event: {
      ...{ channel: "sms", eventId: `sms:${SID}`, messageId: SID, place: "sms:+15550100201", private: true },
      ...{ sender: { handle: "sms:+15550100201" }, text: "status of deploy?", sentAt: 5 },
    },
  });
  if (parsed.kind === "message") expect(zInboundEvent.safeParse(parsed.event).success).toBe(true);
});

describe("what phones make of a text", () => {
  test.each([
    ["Yes 4K .  ", "Yes 4K ."],
    ["\u201cYes\u201d", '"Yes"'],
    ["it\u2019s fine\u00a0", "it's fine"],
    ["YES\u200b 4K\r\n", "YES 4K"],
    ["", ""],
    ["👍", "👍"],
  ])("%j is read as %j", (body, text) => {
    expect(textOf({ body })).toBe(text);
  });

  test("a picture without words is a note, with words it is the words", () => {
    expect(textOf({ body: "", media: 1 })).toBe("(sent a picture or file)");
    expect(textOf({ body: "", media: 3 })).toBe("(sent 3 pictures or files)");
    expect(textOf({ body: "look", media: 1 })).toBe("look");
  });

  test("the account's own opt-out word is what Twilio takes it for", () => {
    expect(textOf({ body: "BASTA", optOutType: "STOP" })).toBe("STOP");
    expect(textOf({ body: "hello", optOutType: "SOMETHING" })).toBe("hello");
  });
});

describe("numbers", () => {
  test.each([
    ["+15550100201", "+15550100201"],
    ["+44 20 7946 0000", "+442079460000"],
    ["+49 (0)30 901820", "+4930901820"],
    ["+919876543210", "+919876543210"],
    ["+15550100", "+15550100"],
    ["MyShop", null],
    ["12345", null],
    ["", null],
  ])("%s is %s", (said, number) => {
    expect(toE164(said)).toBe(number);
  });
});

describe("what is no message of a person to this account", () => {
  test.each([
    ["another account's", { accountSid: `AC${"1".repeat(32)}` }],
    ["a shop's name as the sender", { from: "MyShop" }],
    ["an id with more behind it, as a shifted field would make one", { sid: `${SID}NumMedia0` }],
    ["no id", { sid: "" }],
  ] as const)("%s is left alone", (_, more) => {
    expect(parseIncoming(incoming(more), ACCOUNT).kind).toBe("unsupported");
  });

  test("whatever comes, nothing is thrown, and an event is a valid one", () => {
    const any = fc.record({
      sid: fc.oneof(fc.constant(SID), fc.string()),
      accountSid: fc.oneof(fc.constant(ACCOUNT), fc.string()),
      from: fc.oneof(fc.constant("+15550100201"), fc.string()),
      body: fc.string({ unit: "binary", maxLength: 2000 }),
      media: fc.nat(10),
      optOutType: fc.option(fc.string()),
      sentAt: fc.nat(),
    });
    fc.assert(
      fc.property(any, (one) => {
        const parsed = parseIncoming(one, ACCOUNT);
        return parsed.kind === "unsupported" || zInboundEvent.safeParse(parsed.event).success;
      }),
    );
  });
});
