/** Text messages end to end: the real bot as a process of its own, the real SDK, the simulated Twilio. Named by the feature shown. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { eventually } from "../slack_bot.ts";
import { ANA, OWNER, type SmsBot, startSmsBot } from "../sms_bot.ts";

const ask = (name: string, approval: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name,
  startNodeId: "ask",
  inputs: { type: "object", properties: { version: { type: "string" } } },
  nodes: {
    ask: {
      ...{ type: "approval", question: `${name}?`, options: ["yes", "no"], next: { yes: "yes", no: "no" } },
      ...{ approvers: ["person:ana"], channels: ["sms"] },
      ...approval,
    },
    yes: { type: "end" },
    no: { type: "end" },
  },
  ...more,
});

const WORKFLOWS = [ask("deploy", { question: "Deploy {{version}} to production?" })];

let world: SmsBot;
beforeAll(async () => {
  world = await startSmsBot({ workflows: WORKFLOWS });
}, 60_000);
afterAll(async () => await world?.dispose());
beforeEach(() => world.twilio.faults.clear());

const start = async (workflow: string, input: object = {}): Promise<string> => {
  const run = await world.backend.mutation(functions.runs.start, {
    ...{ actor: OWNER, workflow, definition: null, input: JSON.stringify(input), origin: null },
  });
  return run.runId;
};
const ended = (runId: string) =>
  eventually(`the end of ${runId}`, async () => {
    const run = await world.backend.query(functions.runs.get, { runId });
    return run === null || run.endedAt === null ? null : { status: run.status, last: run.nodes.at(-1)?.id };
  });
const codeIn = (body: string): string => /(?:YES|ANSWER|MORE|answer) ([0-9A-Z]{2,8})\b/.exec(body)![1]!;

test("B3: asked by text, YES and the code settle it, the run goes on once", async () => {
  const runId = await start("deploy", { version: "1.2" });
  const body = await world.next(ANA, /Deploy 1.2/);
  expect(body).toMatch(/Reply YES (\w+) or NO \1$/);
  expect(await world.ask(ANA, ` yes ${codeIn(body).toLowerCase()}. `)).toMatch(/^Approved by Ana via SMS\./);
  expect(await ended(runId)).toEqual({ status: "completed", last: "yes" });
  expect(world.inboxOf(ANA)).toHaveLength(2);
});
