// @vitest-environment edge-runtime
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { InboundEvent } from "../src/contract/inbound.ts";
import { approve, end, type Graph, OWNER, pass, question, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const DAYS_45_MS = 45 * 24 * 3600_000;
const PHONE = "+15550100001";
const GO_ON: Graph = {
  startNodeId: "ask",
  nodes: { ask: approve("Go on?", "after", "done"), after: record("after", "done"), done: end() },
};

test.each(["by button", "by SMS"])("A9: answered after 45 days %s -> the run goes on, once", async (how) => {
  const { t, start, run, records } = await startBackend();
  const owner = (await t.query(api.people.list, { actor: OWNER })).find((person) => person.roles.includes("owner"));
  for (const handle of ["slack:T1/UROOT", `sms:${PHONE}`]) {
    await t.mutation(api.people.link, { actor: OWNER, name: owner!.name, handle });
  }
  const started = await start(GO_ON);
  const { approvalId } = question(started);
  await pass({ t }, DAYS_45_MS);
  expect((await run(started.runId)).status).toBe("waiting");
  const common = { threadKey: null, sentAt: Date.now() };
  const sms = { handle: `sms:${PHONE}`, displayName: null };
  const slack = { handle: "slack:T1/UROOT", displayName: null };
  const event: InboundEvent =
    how === "by SMS"
      ? {
          kind: "message",
          channel: "sms",
          place: `sms:${PHONE}`,
          private: true,
          sender: sms,
          ...common,
          eventId: "SM1",
          messageId: "SM1",
          text: "YES",
        }
      : {
          kind: "action",
          channel: "slack",
          place: "slack:C1",
          private: false,
          sender: slack,
          ...common,
          eventId: "E1",
          approvalId,
          option: "yes",
          reason: null,
          fields: null,
        };
  for (let i = 0; i < 2; i++) await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
  expect((await run(started.runId)).status).toBe("completed");
  expect(await records()).toEqual({ after: 1 });
});
