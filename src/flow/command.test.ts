import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { type Command, helpLines, parseCommand } from "./command.ts";

const chat = (text: string) => parseCommand(text, { bare: false });
const phone = (text: string) => parseCommand(text, { bare: true });

describe("with the slash", () => {
  it.each<[string, Command]>([
    ["/workflow run deploy version=1.2", { kind: "run", workflow: "deploy", input: { version: "1.2" } }],
    ["/workflow run deploy", { kind: "run", workflow: "deploy", input: {} }],
    [
      '/WORKFLOW Run deploy note="two \\"words\\"" x=\'a b\' y=“c d” z= q=a=b',
      { kind: "run", workflow: "deploy", input: { note: 'two "words"', x: "a b", y: "c d", z: "", q: "a=b" } },
    ],
    ["/run deploy version=1.2", { kind: "run", workflow: "deploy", input: { version: "1.2" } }],
    ["/workflow status", { kind: "status", run: null }],
    ["/workflow status r1", { kind: "status", run: "r1" }],
    ["/workflow cancel r1", { kind: "cancel", run: "r1" }],
    ["/workflow list", { kind: "workflows" }],
    ["/workflows", { kind: "workflows" }],
    ["  /pending  ", { kind: "pending" }],
    ["/approve 4K looks good", { kind: "answer", text: "APPROVE 4K looks good" }],
    ["/deny 4k", { kind: "answer", text: "DENY 4k" }],
    ["/answer 4K staging first", { kind: "answer", text: "ANSWER 4K staging first" }],
    ["/more 4k", { kind: "more", code: "4K" }],
    ["/reassign 4k bo", { kind: "reassign", code: "4K", person: "bo" }],
    ["/resend 4K", { kind: "resend", code: "4K" }],
    ["/help", { kind: "help" }],
    ["/help me", { kind: "help" }],
  ])("%s", (text, command) => expect(chat(text)).toEqual(command));

  it.each([
    ["/wrkflow list", "/workflow"],
    ["/workflow rn deploy", "run"],
    ["/workflow", "what is to be done"],
    ["/workflow run", "which workflow"],
    ["/workflow run deploy now", "key=value"],
    ["/workflow run deploy a=1 a=2", "twice"],
    ["/workflow cancel", "which run"],
    ["/approve", "code"],
    ["/answer 4K", "code"],
    ["/reassign 4K", "to whom"],
    ["/more please", "code"],
    ["/", "no command"],
    ["/constructor", "no command"],
  ])("%s -> malformed, and says why", (text, says) => {
    const command = chat(text);
    expect(command?.kind).toBe("malformed");
    expect(command?.kind === "malformed" && command.message).toContain(says);
  });
});

describe("by SMS, without the slash and in any case", () => {
  it.each<[string, Command]>([
    ["RUN deploy version=1.2", { kind: "run", workflow: "deploy", input: { version: "1.2" } }],
    [
      "run deploy version=1.2 environment=staging",
      { kind: "run", workflow: "deploy", input: { version: "1.2", environment: "staging" } },
    ],
    ["STATUS", { kind: "status", run: null }],
    ["status.", { kind: "status", run: null }],
    ["Status k57d3", { kind: "status", run: "k57d3" }],
    ["PENDING", { kind: "pending" }],
    ["help!", { kind: "help" }],
    ["MORE 4K", { kind: "more", code: "4K" }],
    ["REASSIGN 4K bo", { kind: "reassign", code: "4K", person: "bo" }],
    ["resend 4k", { kind: "resend", code: "4K" }],
  ])("%s", (text, command) => expect(phone(text)).toEqual(command));

  it.each([
    "status of deploy?",
    "status update",
    "run the tests please",
    "help me with this",
    "more coffee",
    "pending since when",
    "YES 4K",
    "ANSWER 4K x",
    "constructor",
    "RUN",
    "hello",
    "",
  ])("%j is conversation", (text) => expect(phone(text)).toBeNull());

  it("elsewhere such words are conversation", () => {
    for (const text of ["STATUS", "RUN deploy", "PENDING"]) expect(chat(text)).toBeNull();
  });
});

it("the list of commands is written as the channel writes it, and what it shows is understood", () => {
  expect(helpLines(false).every((line) => line.startsWith("/"))).toBe(true);
  expect(helpLines(true).some((line) => line.startsWith("/"))).toBe(false);
});

it("any text is a command, malformed or conversation", () => {
  const piece = fc.constantFrom(
    "/",
    "workflow",
    "run",
    "deploy",
    "=",
    "a=1",
    '"',
    "'",
    " ",
    "status",
    "4K",
    "\n",
    "__proto__=1",
    "“",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(" ")),
      ),
      fc.boolean(),
      (text, bare) => {
        const command = parseCommand(text, { bare });
        expect(command === null || typeof command.kind === "string").toBe(true);
        if (text.trim().startsWith("/")) expect(command).not.toBeNull();
      },
    ),
    { numRuns: 1000 },
  );
});
