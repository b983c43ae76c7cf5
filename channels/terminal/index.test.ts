import { PassThrough } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import type { Lookups } from "../../src/contract/lookups.ts";
import { createTerminalAdapter } from "./index.ts";

const CARD: ApprovalCard = {
  approvalId: "a1",
  status: "pending",
  question: "Ship \u001b[31m1.2?",
  options: ["yes", "no"],
  code: "4K",
  context: "deploy",
  payload: null,
  quorum: 1,
  votes: [],
  expiresAt: null,
  reasonRequired: [],
  outcome: null,
  outcomeLine: null,
};

async function opened(
  questions: ApprovalCard[],
  onConsole: (print: ((lines: string[]) => void) | null) => void = () => {},
  ingress?: { channel: string; place: string; threadKey: string },
): Promise<string> {
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  let shown = "";
  output.on("data", (chunk) => {
    shown += chunk;
  });
  const adapter = createTerminalAdapter({
    input: new PassThrough(),
    output,
    interactive: true,
    user: "root",
    historyFile: null,
    env: { NO_COLOR: "1" },
    greeting: ["Hello"],
    onEnd() {},
    onConsole,
    ...(ingress === undefined ? {} : { ingress }),
  });
  const unused = async () => {
    throw new Error("not asked for here");
  };
  const lookups: Lookups = {
    home: async (handle) => ({ person: handle, questions, runs: [] }),
    card: unused,
    workflow: unused,
    workflows: unused,
    history: { caughtUpTo: unused, markCaughtUp: unused, knownPlaces: unused },
  };
  await adapter.start({ receive: unused, report: unused }, lookups);
  for (let i = 0; i < 5; i++) await turn();
  await adapter.stop();
  return shown;
}

test("a question asked before this start -> it stands above the first prompt with its code, its text inert", async () => {
  const shown = await opened([CARD]);
  expect(shown).toContain("Questions that wait for you");
  expect(shown).toContain("4K");
  expect(shown).toContain("1.2?");
  expect(shown).not.toContain("\u001b[31m");
});

test("the `factory chat` command shows it as well", async () => {
  const ingress = { channel: "cli", place: "cli:root/1", threadKey: "cli:root" };
  expect(await opened([CARD], undefined, ingress)).toContain("Questions that wait for you");
});

test("nothing is open -> only the greeting", async () => {
  expect(await opened([])).not.toContain("Questions");
});

test("a log line stands above the prompt, which is drawn again; after the end it has to go elsewhere", async () => {
  const given: (string | null)[] = [];
  const shown = await opened([], (print) => {
    given.push(print === null ? null : "print");
    print?.(["[12:00:00] WARN: the heartbeat was not stored"]);
  });
  const [before, after] = shown.split("[12:00:00] WARN: the heartbeat was not stored\n");
  expect([before!.includes("› "), after!.includes("› ")]).toEqual([true, true]);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the prompt's row is cleared before the line is written
  expect(before).toMatch(/\u001b\[0J$/);
  expect(given).toEqual(["print", null]);
});
