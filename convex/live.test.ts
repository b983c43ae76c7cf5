// @vitest-environment edge-runtime
/** O3: what the live page is told: the newest of everything, without values, payloads or codes. */
import { expect, test } from "vitest";
import { approve, at, end, OWNER, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

test("a run that waits: its nodes, its question with who was asked where, its copies; no code, no payload, no input", async () => {
  const { t, start, person } = await startBackend();
  await person("ana");
  await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "sms:+15550100" });
  const payload = { card: "5500 0000 0000 0004" };
  const graph = {
    name: "ask",
    startNodeId: "ask",
    nodes: { ask: approve("Ship it?", "done", "done", { approvers: ["person:ana"], payload }), done: end() },
  };
  const { runId } = await start(graph);
  const [runs, questions, deliveries] = [
    await t.query(api.live.runs, {}),
    await t.query(api.live.questions, {}),
    await t.query(api.live.deliveries, {}),
  ];
  expect(runs).toMatchObject([
    {
      runId,
      status: "waiting",
      nodes: [{ id: "ask", status: "waiting" }],
      waitingFor: [{ question: "Ship it?", code: null }],
    },
  ]);
  expect(questions).toMatchObject([
    { runId, question: "Ship it?", approvers: ["person:ana"], votes: 0, copies: [{ channel: "sms", status: "ready" }] },
  ]);
  expect(deliveries).toMatchObject([{ runId, kind: "card", channel: "sms", place: "sms:+15550100", error: null }]);
  const [asked] = await t.query(api.approvals.list, { actor: at("sms:+15550100") });
  const told = JSON.stringify([runs, questions, deliveries, await t.query(api.live.state, {})]);
  expect(told).not.toContain("5500");
  expect(told).not.toMatch(new RegExp(`\\b${asked!.code}\\b`));
});

test("a channel that failed, and why", async () => {
  const { t } = await startBackend();
  const failures = [{ channel: "discord", message: "the token is not accepted", remedy: null }];
  await t.mutation(api.outbox.heartbeat, { gatewayId: "g", channels: { discord: "failed" }, failures });
  expect(await t.query(api.live.state, {})).toEqual({
    gateways: [{ gatewayId: "g", channels: { discord: "failed" }, failures }],
    troubles: [],
  });
});
