// @vitest-environment edge-runtime
/** Who may answer, and what counts as an answer, over several channels: A2, A3, I1, I3, I5, I7. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ask, withPhone } from "../test/phone.ts";
import { at, end, OWNER, question, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

type Harness = Awaited<ReturnType<typeof startBackend>>;
const told = (rows: Harness["rows"], place: string) =>
  rows("deliveries").then((all) =>
    all
      .filter((row) => row.place === place)
      .map((row) => JSON.parse(row.message))
      .filter((one) => one.kind === "text"),
  );

test("I1: somebody who is not on the list presses in a channel -> a notice to them alone, still pending, the attempt recorded", async () => {
  const { t, start, person, rows, approval } = await startBackend();
  for (const name of ["ana", "bob"]) await person(name);
  await t.mutation(api.people.link, { actor: OWNER, name: "bob", handle: "slack:T1/UBOB" });
  const run = await start(ask({ approvers: ["person:ana"], channels: ["slack:C1"] }));
  const ref = question(run).approvalId;
  const event = {
    ...{ kind: "action", channel: "slack", eventId: "e1", place: "slack:C1", threadKey: null, private: false },
    ...{
      sender: { handle: "slack:T1/UBOB", displayName: "Bob" },
      sentAt: Date.now(),
      approvalId: ref,
      option: "yes",
    },
    ...{ reason: null, fields: null },
  };
  await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
  expect(await told(rows, "slack:C1")).toEqual([
    { kind: "text", text: "You may not answer this question: it is for ana.", onlyTo: "slack:T1/UBOB" },
  ]);
  expect((await approval(ref)).status).toBe("pending");
  const [refused] = await t.query(api.audit.list, { approvalId: ref });
  expect(refused).toMatchObject({
    kind: "approval.refused",
    person: "bob",
    handle: "slack:T1/UBOB",
    channel: "slack",
  });
  expect(JSON.parse(refused!.detail)).toMatchObject({ option: "yes", message: "e1" });
});

test("I3, I5: Ana by SMS and Ana in Slack are one approver; after she leaves the role her old text does not count", async () => {
  const { t, start, person, approval } = await startBackend();
  for (const name of ["ana", "bo", "cy"]) await person(name, "release");
  for (const handle of ["sms:+15550100", "slack:T1/UANA"]) {
    await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle });
  }
  const ref = question(await start(ask({ approvers: ["role:release"], quorum: 2 }))).approvalId;
  const vote = (handle: string) => t.mutation(api.approvals.answer, { actor: at(handle), ref, option: "yes" });
  expect((await vote("sms:+15550100")).outcome).toBe("voted");
  expect((await vote("slack:T1/UANA")).outcome).toBe("voted");
  expect((await approval(ref)).votes).toHaveLength(1);
  expect((await vote("terminal:bo")).outcome).toBe("settled");
  const second = question(await start(ask({ approvers: ["role:release"] }), { requestKey: "2" })).approvalId;
  await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: [], remove: ["release"] });
  const late = await t.mutation(api.approvals.answer, { actor: at("sms:+15550100"), ref: second, option: "yes" });
  expect(late).toMatchObject({
    outcome: "refused",
    message: "You may not answer this question: it is for the role release.",
  });
});

test("I7: tier high -> a YES by SMS is refused with where to answer; tier low -> taken", async () => {
  const { asked, text, approval } = await withPhone();
  const high = await asked({ tier: "high" });
  expect(await text(`YES ${high.code}`)).toMatch(/too weighty for a text message.*Slack/);
  expect((await approval(high.approvalId)).status).toBe("pending");
  const low = await asked({ tier: "low" });
  expect(await text(`YES ${low.code}`)).toBe("Approved by ana via SMS.");
});

test("A2, A3: three options by word or number; words only where the question asks for them, verbatim, no approval", async () => {
  const { start, text, rows, run, approval } = await withPhone();
  const graph = (node: Record<string, unknown>) => ({
    name: "pick",
    startNodeId: "ask",
    nodes: {
      ask: { type: "approval", approvers: ["person:ana"], saveAs: "said", ...node },
      ...Object.fromEntries(["canary", "staging", "all"].map((key) => [key, record(key, "done")])),
      done: end("{{said}}"),
    },
  });
  const options = { question: "Where?", options: ["canary", "staging first", "all"] };
  const next = { next: { canary: "canary", "staging first": "staging", all: "all" } };
  const first = await start(graph({ ...options, ...next }), { requestKey: "1" });
  expect(await text("Staging  First")).toBe("Chose staging first: ana via SMS.");
  const second = await start(graph({ ...options, ...next }), { requestKey: "2" });
  expect(await text("3")).toBe("Chose all: ana via SMS.");
  expect((await run(first.runId)).status).toBe("completed");
  expect((await run(second.runId)).nodes.map((node) => node.id)).toContain("all");
  const words = await start(
    {
      name: "words",
      startNodeId: "ask",
      nodes: {
        ask: {
          type: "approval",
          approvers: ["person:ana"],
          question: "Why?",
          freeText: true,
          saveAs: "said",
          next: { answered: "done" },
        },
        done: end("{{said.text}}"),
      },
    },
    { requestKey: "3" },
  );
  const ref = question(words).approvalId;
  await text("yes");
  expect((await approval(ref)).status).toBe("pending");
  const code = (await rows("approvalCodes")).find((row) => row.approvalId === ref)!.code;
  expect(await text(`ANSWER ${code}  Yes,  but "later"!`)).toBe("Answered by ana via SMS.");
  expect(JSON.parse((await run(words.runId)).result)).toBe('Yes,  but "later"!');
  expect((await approval(ref)).outcome).toMatchObject({ option: "answered" });
});
