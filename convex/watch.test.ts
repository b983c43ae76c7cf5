// @vitest-environment edge-runtime
/** O4: what is stuck is told to the operators within two minutes, once, and taken back when it goes on. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, as, at, end, OWNER, question, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import type { Id } from "./_generated/dataModel.js";
import { MAX_ATTEMPTS } from "./model/delivery_leases.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Harness = Awaited<ReturnType<typeof startBackend>>;
/** Crons do not run in this facade: the looks of so many half minutes. */
async function looks(t: Harness["t"], count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    vi.setSystemTime(Date.now() + 30_000);
    await t.mutation(internal.watch.look, {});
  }
}
const ask = (more: Record<string, unknown> = {}) => ({
  name: "ask",
  startNodeId: "ask",
  nodes: { ask: approve("Ship it?", "done", "done", more), done: end() },
});
const told = async (rows: Harness["rows"]) =>
  (await rows("deliveries"))
    .filter((row) => row.key.startsWith("operators:"))
    .map((row) => ({ place: row.place, text: JSON.parse(row.message).text as string }));

async function withAna() {
  const backend = await startBackend();
  await backend.person("ana");
  await backend.t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "sms:+15550100" });
  await backend.t.mutation(api.people.prefer, { actor: OWNER, name: "ana", handle: "sms:+15550100" });
  return backend;
}
const gateway = (t: Harness["t"], state: string) =>
  t.mutation(api.outbox.heartbeat, { gatewayId: "g1", channels: { sms: state, terminal: "on" } });
async function failOnce(t: Harness["t"], retryable: boolean) {
  const [held] = await t.mutation(api.outbox.claim, { gatewayId: "g1", filters: [{ channel: "sms" }], limit: 10 });
  const error = {
    code: "platform_refused",
    message: "not_in_channel",
    remedy: "invite the bot",
    retryable,
    field: null,
  };
  await t.mutation(api.outbox.fail, {
    deliveryId: held!.deliveryId,
    leaseId: held!.leaseId,
    error,
    retryAfterMs: null,
  });
}

describe("channels", () => {
  const failed = { channel: "sms", message: "the token is not accepted", remedy: "set a new one" };
  const beat = (t: Harness["t"], sms: string, failures = sms === "failed" ? [failed] : []) =>
    t.mutation(api.outbox.heartbeat, { gatewayId: "g:1", channels: { sms, slack: "on", terminal: "off" }, failures });

  test("a channel that does not work -> told once over another that does, with why and what to do; mended when it works", async () => {
    const { t, rows } = await startBackend();
    for (const handle of ["sms:+15550100", "slack:T1/U1"])
      await t.mutation(api.people.link, { actor: OWNER, name: "root", handle });
    await t.mutation(api.people.prefer, { actor: OWNER, name: "root", handle: "sms:+15550100" });
    for (let n = 0; n < 6; n++) {
      await beat(t, "failed");
      await looks(t, 1);
    }
    expect(await told(rows)).toEqual([
      {
        place: "slack:T1/U1",
        text:
          "Stuck: SMS is not connected: nothing is heard from there and nothing said. " +
          "The token is not accepted. Set a new one.",
      },
    ]);
    // Nothing is known of a bot that is not running.
    await looks(t, 4);
    expect((await told(rows))[0]!.text).toMatch(/^Stuck/);
    await beat(t, "on");
    await looks(t, 1);
    expect((await told(rows))[0]!.text).toMatch(/^Mended: Stuck/);
    expect(await t.query(api.watch.troubles, {})).toEqual([]);
  });

  test("a connection that comes back by itself within half a minute is no trouble", async () => {
    const { t, rows } = await startBackend();
    await beat(t, "failed", []);
    await looks(t, 1);
    await beat(t, "on");
    await looks(t, 3);
    expect(await told(rows)).toEqual([]);
  });
});

describe("copies", () => {
  test("no bot serves the channel -> within two minutes one message with run, question, cause and remedy", async () => {
    const { t, start, rows } = await withAna();
    const started = await start(ask({ approvers: ["person:ana"] }));
    await looks(t, 4);
    const [message, ...more] = await told(rows);
    expect(more).toEqual([]);
    expect(message!.place).toBe("terminal:root");
    expect(message!.text).toBe(
      `Stuck: Question "Ship it?" (${question(started).approvalId}, run ${started.runId}) does not reach sms:+15550100. ` +
        "No bot serves sms. factory doctor says what is wrong with the channel; it is tried again by itself.",
    );
    await looks(t, 10);
    expect(await told(rows)).toHaveLength(1);
    expect(await t.query(api.watch.troubles, {})).toMatchObject([{ runId: started.runId, cause: "no bot serves sms" }]);
    expect((await t.query(api.audit.list, { runId: started.runId }))[0]).toMatchObject({ kind: "trouble.found" });
  });

  test("sent after all -> the message says that it is mended; broken anew -> a new one", async () => {
    const { t, start, rows } = await withAna();
    await start(ask({ approvers: ["person:ana"] }));
    await looks(t, 3);
    expect(await told(rows)).toHaveLength(1);
    const [held] = await t.mutation(api.outbox.claim, { gatewayId: "g1", filters: [{ channel: "sms" }], limit: 10 });
    await t
      .mutation(api.outbox.confirm, { ...held!, deliveryId: held!.deliveryId, receipt: "SM1" } as never)
      .catch(async () => {
        const { deliveryId, leaseId, version } = held!;
        await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt: "SM1" });
      });
    await looks(t, 1);
    expect((await told(rows)).map(({ text }) => text.slice(0, 15))).toEqual(["Mended: Stuck: "]);
    expect(await t.query(api.watch.troubles, {})).toEqual([]);
    // The answer is to be shown there, and nobody brings it.
    await t.mutation(api.approvals.answer, {
      actor: as("ana"),
      ref: (await rows("approvalCodes"))[0]!.code,
      option: "no",
    });
    await looks(t, 3);
    expect((await told(rows)).map(({ text }) => text.includes("is not brought up to date at"))).toEqual([false, true]);
  });

  test("the channel has failed, or a try fails again and again -> its reason is the cause", async () => {
    const { t, start, rows } = await withAna();
    await start(ask({ approvers: ["person:ana"] }));
    await gateway(t, "failed");
    await looks(t, 1);
    await gateway(t, "failed");
    await looks(t, 1);
    const [channel, copy] = (await told(rows)).map(({ text }) => text);
    expect(channel).toContain("SMS is not connected");
    expect(copy).toContain("Sms is failed.");
    const second = await withAna();
    await second.start(ask({ approvers: ["person:ana"] }));
    await failOnce(second.t, true);
    await looks(second.t, 3);
    expect((await told(second.rows))[0]!.text).toMatch(/Not_in_channel\. invite the bot\.$/i);
  });

  test("refused for good -> told at once, the next channel is asked; over with the question", async () => {
    const { t, start, rows, answer } = await withAna();
    const ref = question(await start(ask({ approvers: ["person:ana"] }))).approvalId;
    await failOnce(t, false);
    const [message] = await told(rows);
    expect(message!.text).toMatch(
      /did not reach sms:\+15550100.*Not_in_channel\. Asked instead: ana at terminal:ana\. invite the bot\.$/,
    );
    await looks(t, 3);
    expect(await told(rows)).toHaveLength(1);
    await answer(ref, "yes", { actor: at("terminal:ana") });
    await looks(t, 1);
    expect((await told(rows))[0]!.text).toMatch(/^Mended: /);
    expect(MAX_ATTEMPTS).toBeGreaterThan(1);
  });

  test("what is on its way, and a terminal that is closed, are no trouble", async () => {
    const { t, start, rows } = await withAna();
    await start(ask());
    await looks(t, 6);
    await start(ask({ approvers: ["person:ana"] }), { requestKey: "2" });
    await looks(t, 1);
    const [held] = await t.mutation(api.outbox.claim, { gatewayId: "g1", filters: [{ channel: "sms" }], limit: 10 });
    const { deliveryId, leaseId, version } = held!;
    await t.mutation(api.outbox.confirm, { deliveryId, leaseId, version, receipt: "SM1" });
    await looks(t, 5);
    expect(await told(rows)).toEqual([]);
    expect(await t.run((ctx) => ctx.db.query("troubles").collect())).toEqual([]);
  });

  test("told where FACTORY_OPERATORS says; not at the place that is broken", async () => {
    const { t, start, rows } = await withAna();
    process.env.FACTORY_OPERATORS = "slack:#ops, sms:+15550100";
    try {
      await start(ask({ approvers: ["person:ana"] }));
      await looks(t, 3);
      expect((await told(rows)).map(({ place }) => place)).toEqual(["slack:#ops"]);
    } finally {
      delete process.env.FACTORY_OPERATORS;
    }
  });
});

describe("questions", () => {
  test("its last approver has left -> told at once; the role given to somebody and sent again -> mended", async () => {
    const { t, start, person, rows } = await startBackend();
    for (const name of ["ana", "bo"]) await person(name);
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: ["release"], remove: [] });
    const started = await start(ask({ approvers: ["role:release"] }));
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: [], remove: ["release"] });
    const [message] = await told(rows);
    expect(message!.text).toContain("Nobody is asked, 1 must answer: role:release.");
    expect(message!.text).toContain(`run ${started.runId}`);
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "bo", add: ["release"], remove: [] });
    await looks(t, 1);
    expect((await told(rows))[0]!.text).toMatch(/^Mended: /);
    expect((await t.query(api.approvals.list, { actor: at("terminal:bo") })).map((row) => row.approvalId)).toEqual([
      question(started).approvalId,
    ]);
  });

  test("nowhere to ask -> told; a handle linked and sent again -> mended", async () => {
    const { t, start, rows } = await startBackend();
    await t.mutation(api.people.add, { actor: OWNER, name: "ana", roles: [] });
    const ref = question(await start(ask({ approvers: ["person:ana"] }))).approvalId;
    await looks(t, 2);
    expect((await told(rows))[0]!.text).toContain("There is no place where those who are asked can be reached.");
    await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "terminal:ana" });
    await t.mutation(api.approvals.resend, { actor: OWNER, ref, requestKey: "r" });
    await looks(t, 1);
    expect((await told(rows))[0]!.text).toMatch(/^Mended: /);
  });

  test("a question without a run (its run gone from under it) -> told", async () => {
    const { t, start, rows } = await startBackend();
    const started = await start(ask());
    await t.run((ctx) => ctx.db.patch("runs", started.runId as Id<"runs">, { status: "failed", endedAt: Date.now() }));
    await looks(t, 2);
    expect((await told(rows))[0]!.text).toContain("Its run has failed already.");
  });

  test("over age -> told once, also when thousands wait; answered -> mended", async () => {
    const { t, start, rows, answer } = await startBackend();
    await start(ask(), { requestKey: "old" });
    await looks(t, 1);
    const day = 24 * 3600_000;
    const ids = [];
    for (let n = 0; n < 3; n++) ids.push(question(await start(ask(), { requestKey: `${n}` })).approvalId);
    vi.setSystemTime(Date.now() + 7 * day - 60_000);
    await t.mutation(internal.watch.look, {});
    expect(await told(rows)).toEqual([]);
    await looks(t, 4);
    expect(await told(rows)).toHaveLength(4);
    await looks(t, 20);
    expect(await told(rows)).toHaveLength(4);
    expect((await told(rows))[0]!.text).toContain("Asked 7 days ago, and nobody has answered.");
    await answer(ids[0]!, "yes");
    await looks(t, 1);
    expect((await told(rows)).filter(({ text }) => text.startsWith("Mended: "))).toHaveLength(1);
  });
});

describe("work and events", () => {
  test("a job that nobody takes up -> told; taken up -> mended", async () => {
    const { t, start, rows } = await startBackend();
    const started = await start({
      name: "work",
      startNodeId: "think",
      nodes: { think: { type: "task", functionId: "agent::chat", prompt: "Think", next: "done" }, done: end() },
    });
    const job = (await rows("jobs")).find((row) => row.runId === started.runId)!;
    // Whoever should have taken it died, and so did what looks after it.
    await t.run((ctx) => ctx.db.patch("jobs", job._id, { status: "ready", leaseId: null, leaseUntil: null }));
    await looks(t, 3);
    expect((await told(rows)).map(({ text }) => text)).toEqual([
      expect.stringContaining(`The work of "think" (run ${started.runId})`),
    ]);
    await t.run((ctx) => ctx.db.patch("jobs", job._id, { status: "cancelled", endedAt: Date.now() }));
    await looks(t, 1);
    expect((await told(rows))[0]!.text).toMatch(/^Mended: /);
  });
});
