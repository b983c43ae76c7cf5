import { expect, test } from "vitest";
import { zInboundEvent } from "../../src/contract/inbound.ts";
import { createIds } from "./ids.ts";
import { parseLine, type Speaker } from "./parse.ts";

const ana: Speaker = {
  channel: "terminal",
  handle: "terminal:ana",
  displayName: "ana",
  place: "terminal:ana",
  threadKey: null,
};
const parse = (line: string) => parseLine(line, ana, "s-1", 1_000);

test.each(["", "  ", "\r"])("a blank line (%j) is nothing", (line) => {
  expect(parse(line)).toEqual({ kind: "nothing", why: null });
});

test("a line is a message, as typed", () => {
  const line = parse("  status of deploy?\r");
  expect(line).toMatchObject({
    kind: "event",
    event: {
      kind: "message",
      text: "status of deploy?",
      place: "terminal:ana",
      private: true,
      threadKey: null,
      messageId: "s-1",
    },
  });
  if (line.kind === "event") expect(zInboundEvent.safeParse(line.event).success).toBe(true);
});

test.each([
  ["/workflow run deploy version=1.2", "workflow", "run deploy version=1.2"],
  ["/PENDING", "pending", ""],
  ["/approve  4K  fine by me ", "approve", "4K  fine by me"],
])("%s is a command", (line, command, text) => {
  expect(parse(line)).toMatchObject({ kind: "event", event: { kind: "command", command, text } });
});

test.each(["1", "approve 4K", "/etc/hosts is empty", "/ hm", "//x"])(
  "%s is a message: the backend reads answers",
  (line) => {
    expect(parse(line)).toMatchObject({ kind: "event", event: { kind: "message", text: line } });
  },
);

test("/quit and /exit are for the terminal", () => {
  expect(parse("/quit")).toEqual({ kind: "quit" });
  expect(parse(" /Exit ")).toEqual({ kind: "quit" });
});

test("a line that no message can hold is refused with the limit", () => {
  expect(parse("x".repeat(40_001))).toMatchObject({ kind: "nothing", why: expect.stringContaining("40000") });
});

test("ids of two sessions differ, those of one are in order", () => {
  const [first, second] = [createIds(), createIds()];
  expect(first.nextLine()).not.toBe(second.nextLine());
  expect([first.nextLine(), first.nextLine()].map((id) => id.split("-")[1])).toEqual(["2", "3"]);
});
