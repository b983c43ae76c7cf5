/** Text messages end to end: the real bot as a process of its own, the real SDK, the simulated Twilio. Named by the feature shown. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { looksLikeCode } from "../../src/flow/code.ts";
import { eventually } from "../slack_bot.ts";
import { ANA, BOB, OWNER, type SmsBot, startSmsBot } from "../sms_bot.ts";

const ask = (name: string, approval: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name,
  startNodeId: "ask",
  inputs: { type: "object", properties: { version: { type: "string" } } },
  nodes: {
    ask: {
      ...{ type: "approval", question: `${name}?`, next: { yes: "yes", no: "no" } },
      ...("freeText" in approval ? {} : { options: ["yes", "no"] }),
      ...{ approvers: ["person:ana"], channels: ["sms"] },
      ...approval,
    },
    yes: { type: "end" },
    no: { type: "end" },
  },
  ...more,
});

const OPTIONS = { staging: "yes", production: "yes", none: "no" };
const WORKFLOWS = [
  ask("deploy", { question: "Deploy {{version}} to production?" }),
  ask("choice", { question: "Where to?", options: Object.keys(OPTIONS), next: OPTIONS }),
  ask("words", {
    question: "What shall we call it?",
    freeText: true,
    next: { answered: "yes", expired: "no" },
    expiresInMs: 3_600_000,
    saveAs: "said",
  }),
  ask("reasoned", { reasonRequired: ["no"], saveAs: "verdict" }),
  ask("both", { approvers: ["person:ana", "person:bob"], channels: ["sms"] }),
  ask("weighty", { tier: "high" }),
  ask("soon", { expiresInMs: 2500, next: { yes: "yes", no: "no", expired: "no" } }),
  ask("large", { payload: { log: Array.from({ length: 60 }, (_, line) => `line ${line}`).join(", ") } }),
  ask("several", { channels: ["sms", "terminal"] }),
  {
    name: "three",
    startNodeId: "all",
    nodes: {
      all: { type: "parallel", branches: ["one", "two", "three"], next: "end" },
      ...Object.fromEntries(
        ["one", "two", "three"].map((name) => [
          name,
          {
            type: "approval",
            question: `Part ${name}?`,
            options: ["yes", "no"],
            next: { yes: "end", no: "end" },
            approvers: ["person:bob"],
            channels: ["sms"],
          },
        ]),
      ),
      end: { type: "end" },
    },
  },
];

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
/** The code stands in the last line of a question. */
const codeIn = (body: string): string =>
  body
    .split("\n")
    .at(-1)!
    .split(/[\s,.:;]+/)
    .find((word) => looksLikeCode(word))!;

const approvalOf = async (runId: string) => {
  const rows = await world.backend.query(functions.approvals.list, { actor: OWNER, all: true });
  return rows.find((row) => row.runId === runId)!;
};
/** Starts and gives the code of what Ana (or Bob) is asked. */
async function asked(
  workflow: string,
  input: object = {},
  who = ANA,
): Promise<{ runId: string; body: string; code: string }> {
  const seen = world.inboxOf(who).length;
  const runId = await start(workflow, input);
  const body = await world.next(who, /Reply|answer|questions/, seen);
  return { runId, body, code: codeIn(body) };
}

test("B3: asked by text, YES and the code settle it, the run goes on once", async () => {
  const { runId, body, code } = await asked("deploy", { version: "1.2" });
  expect(body).toMatch(/^Deploy 1.2 to production\?[\s\S]*Reply YES (\w+) or NO \1$/);
  expect(await world.ask(ANA, ` yes ${code.toLowerCase()}. `)).toMatch(/^Approved by Ana via SMS\./);
  expect(await ended(runId)).toEqual({ status: "completed", last: "yes" });
  expect(world.inboxOf(ANA)).toHaveLength(2);
  expect(await world.ask(ANA, `no ${code}`)).toMatch(/already answered/i);
});

test("B4, B5: with two open a bare YES settles nothing and names the codes; chatter settles nothing", async () => {
  const first = await asked("deploy", { version: "2.1" });
  const second = await asked("deploy", { version: "2.2" });
  const list = await world.ask(ANA, "Yes");
  for (const { code } of [first, second]) expect(list).toContain(code);
  expect((await world.ask(ANA, "yes but tomorrow")).length).toBeLessThanOrEqual(320);
  expect((await approvalOf(first.runId)).status).toBe("pending");
  const pending = await world.ask(ANA, "PENDING");
  for (const { code } of [first, second]) expect(pending).toMatch(new RegExp(`${code} Deploy 2\\.\\d.*(ago|just now)`));
  const both = await world.ask(ANA, `yes ${first.code} ${second.code}`);
  expect(both).toContain(`${first.code}: Approved by Ana via SMS`);
  expect(both).toContain(`${second.code}: Approved by Ana via SMS`);
  await ended(first.runId);
  await ended(second.runId);
});

test("A2, A3, B8: options by name and number, words, a reason", async () => {
  const choice = await asked("choice");
  expect(choice.body).toMatch(/Reply STAGING \w+, PRODUCTION \w+ or NONE \w+$/);
  expect(await world.ask(ANA, `2 ${choice.code}`)).toContain("production");
  const words = await asked("words");
  expect(await world.ask(ANA, `Answer ${words.code} “Blue Heron” it is.`)).toContain("Answered by Ana");
  const reasoned = await asked("reasoned");
  expect(await world.ask(ANA, `no ${reasoned.code}`)).toContain("needs a reason");
  expect(await world.ask(ANA, `no ${reasoned.code} too risky`)).toContain("Denied by Ana");
  await ended(words.runId);
  const run = (await world.backend.query(functions.runs.get, { runId: words.runId }))!;
  expect(JSON.stringify(run.variables)).toContain("Blue Heron");
  expect((await approvalOf(reasoned.runId)).outcome?.reason).toBe("too risky");
});

test("A4: MORE gives the rest of what does not fit", async () => {
  const { runId, body, code } = await asked("large");
  expect(body).toContain(`MORE ${code}`);
  const more = await world.ask(ANA, `more ${code}`);
  expect(more).toContain("line 59");
  await world.ask(ANA, `yes ${code}`);
  await ended(runId);
});

test("A5, B7: asked at two phones; one answer, one closing text to the other", async () => {
  const seen = world.inboxOf(BOB).length;
  const { runId, code } = await asked("both");
  await world.next(BOB, /both\?/, seen);
  await world.ask(ANA, `yes ${code}`);
  expect(await world.next(BOB, /Nothing more to do/, seen)).toBe("both?\nApproved by Ana via SMS. Nothing more to do.");
  await ended(runId);
  expect(world.inboxOf(BOB).slice(seen)).toHaveLength(2);
  const { deliveries } = await approvalOf(runId);
  expect(deliveries).toHaveLength(2);
  for (const { receipt, status } of deliveries)
    expect([receipt, status]).toEqual([expect.stringMatching(/^SM/), "confirmed"]);
});

test("questions that come together are one text, each settled by its code", async () => {
  const { runId, body } = await asked("three", {}, BOB);
  expect(body).toMatch(/^3 questions:/);
  const codes = [...body.matchAll(/^(\w+): Part/gm)].map(([, code]) => code!);
  const reply = await world.ask(BOB, `YES ${codes.join(" ")}`);
  for (const code of codes) expect(reply).toContain(`${code}: Approved by Bob`);
  expect((await ended(runId)).status).toBe("completed");
});

test("A8: expired: the phone is told, a late YES too", async () => {
  const { runId, code } = await asked("soon");
  expect(await world.next(ANA, /Expired/)).toMatch(/^soon\?\nExpired /);
  expect(await ended(runId)).toEqual({ status: "completed", last: "no" });
  expect(await world.ask(ANA, `yes ${code}`)).toMatch(/expired at/);
});

test("I7: a weighty question is not answered by text, and says where", async () => {
  const { runId, body, code } = await asked("weighty");
  expect(body).toContain("Not by text");
  expect(await world.ask(ANA, `yes ${code}`)).toMatch(/too weighty for a text/);
  expect((await approvalOf(runId)).status).toBe("pending");
  const actor = { kind: "operator", osUser: "tester", as: null, channel: "cli" } as const;
  await world.backend.mutation(functions.runs.cancel, { actor, runId });
});

test("C3, C8: chat within 320 characters; RUN starts what the slash command starts", async () => {
  expect((await world.ask(ANA, "status of deploy?")).length).toBeLessThanOrEqual(320);
  const seen = world.inboxOf(ANA).length;
  expect(await world.ask(ANA, "run deploy version=7.7", /Started/)).toMatch(/Started deploy/);
  const question = await world.next(ANA, /Deploy 7.7/, seen);
  expect(await world.ask(ANA, "Status")).toContain("deploy");
  expect(await world.ask(ANA, "HELP", /PENDING/)).toContain("RUN NAME");
  expect(await world.ask(ANA, `RESEND ${codeIn(question)}`, /Deploy 7.7/)).toContain("Reply YES");
  const atBob = world.inboxOf(BOB).length;
  await world.twilio.text({ from: ANA, body: `REASSIGN ${codeIn(question)} bob` });
  const handed = await world.next(BOB, /Deploy 7.7/, atBob);
  expect(await world.ask(BOB, `yes ${codeIn(handed)}`)).toContain("Approved by Bob");
});

test("C3, I6: a stranger gets one hint and no data; a code from the command links the phone, three wrong ones do not", async () => {
  const carl = "+442079460123";
  await world.backend.mutation(functions.people.add, { actor: OWNER, name: "Carl", roles: [] });
  expect(await world.ask(carl, "status of deploy?")).toContain("do not know you");
  const marker = world.inboxOf(ANA).length;
  for (const words of ["hello?", "PENDING", "YES 4K"]) await world.twilio.text({ from: carl, body: words });
  await world.ask(ANA, "PENDING");
  expect(world.inboxOf(carl)).toHaveLength(1);
  expect(world.inboxOf(ANA)).toHaveLength(marker + 1);

  const enrol = async () =>
    await world.backend.mutation(functions.people.enrol, { actor: OWNER, name: "Carl", channel: "sms" });
  const { code } = await enrol();
  const dora = "+33612345678";
  for (const left of [2, 1]) expect(await world.ask(dora, "4K7M9PA")).toContain(`Tries left: ${left}`);
  expect(await world.ask(dora, "4K7M9PA")).toContain("Wait 10 minutes");
  await world.twilio.text({ from: dora, body: code });
  expect(await world.ask(carl, ` ${code.toLowerCase()} `)).toContain("Hello Carl");
  expect(await world.ask(carl, "pending")).toContain("Nothing is waiting");
  expect(world.inboxOf(dora)).toHaveLength(3);
  expect(await world.ask("+33612345699", code)).not.toContain("Hello");
});

test("B12: STOP suspends the phone and moves its question on; START brings it back", async () => {
  const { runId, code } = await asked("several");
  const before = world.inboxOf(ANA).length;
  await world.twilio.text({ from: ANA, body: "Stop" });
  await world.twilio.text({ from: ANA, body: `yes ${code}` });
  const people = () => world.backend.query(functions.people.list, { actor: OWNER });
  expect((await people()).find(({ name }) => name === "Ana")?.handles).toContain(`sms:${ANA}`);
  const approval = await eventually("the failed copy", async () => {
    const found = await approvalOf(runId);
    return found.deliveries.some(({ status }) => status === "failed") ? found : null;
  });
  expect(approval.status).toBe("pending");
  expect(approval.deliveries.find(({ channel }) => channel === "sms")?.error).toContain("opted out");
  expect(world.inboxOf(ANA).slice(before)).toEqual([expect.stringContaining("unsubscribed")]);
  await world.twilio.text({ from: ANA, body: "START" });
  expect(await world.next(ANA, /You get messages again/, before)).toContain("PENDING");
  expect(await world.ask(ANA, `yes ${code}`)).toContain("Approved by Ana");
});

test("A10: undelivered: shown on the approval, the operators are told, the next channel is tried", async () => {
  await world.backend.mutation(functions.people.link, { actor: OWNER, name: "Ana", handle: "terminal:ana" });
  world.twilio.order({ on: "delivery", fault: { kind: "error", error: "30003" }, where: { to: ANA } });
  const runId = await start("deploy", { version: "9.9" });
  const approval = await eventually("a second copy", async () => {
    const found = await approvalOf(runId);
    return (found?.deliveries.length ?? 0) > 1 ? found : null;
  });
  expect(approval.deliveries).toEqual([
    expect.objectContaining({
      place: `sms:${ANA}`,
      status: "failed",
      error: expect.stringContaining("cannot be reached"),
    }),
    expect.objectContaining({ place: "terminal:ana" }),
  ]);
  const audit = await world.backend.query(functions.audit.list, { runId });
  expect(audit.map(({ kind }) => kind)).toContain("approval.undelivered");
});

test("O9: the answer to a send is lost -> one text all the same", async () => {
  world.twilio.order({ on: "messages.create", fault: { kind: "drop_after_success" } });
  const { runId, code } = await asked("deploy", { version: "5.5" });
  await eventually("the confirmed copy", async () =>
    (await approvalOf(runId)).deliveries.some(({ status }) => status === "confirmed"),
  );
  expect(world.inboxOf(ANA).filter((body) => body.includes("5.5"))).toHaveLength(1);
  await world.ask(ANA, `yes ${code}`);
});

test("C10: YES texted while the bot is dead is taken once after its start", async () => {
  const { runId, code } = await asked("deploy", { version: "6.6" });
  await world.kill();
  await world.twilio.text({ from: ANA, body: `YES ${code}` });
  expect(world.twilio.webhookCalls.at(-1)?.status).toBeNull();
  await world.again();
  expect(await world.next(ANA, /Approved by Ana via SMS/, world.inboxOf(ANA).length - 1)).toContain("Approved");
  expect(await ended(runId)).toEqual({ status: "completed", last: "yes" });
}, 40_000);
