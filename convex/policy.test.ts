// @vitest-environment edge-runtime
/** G1: rules decide when somebody is asked. G4: what was approved is what is done. I4: opting out is explicit and in the record. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, at, end, OWNER, question, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T12:00:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
});

type Harness = Awaited<ReturnType<typeof startBackend>>;
const POLICY = `
rules:
  - name: production
    when: env == prod or cost > 50
    then: ask
    for: [task]
    approvers: [role:release]
    fourEyes: true
    reason: it is shared
  - name: no wipes
    when: payload.key starts_with wipe
    then: block
    reason: nothing is ever wiped
  - name: big runs
    when: input.size > 100
    then: ask
    for: [run]
  - name: never on sundays
    when: input.day == sunday
    then: block
    for: [run]
  - name: two pairs of eyes
    when: input.money == true
    then: ask
    for: [question]
    approvers: [role:release]
    quorum: 2
`;
const setPolicy = (t: Harness["t"], source = POLICY) =>
  t.mutation(api.policy.set, { actor: OWNER, source, file: "policy.yaml" });
const kinds = async (t: Harness["t"], runId: string) =>
  (await t.query(api.audit.list, { runId })).map((row) => row.kind).reverse();
const ship = (config: Record<string, unknown> = {}) => ({
  name: "ship",
  startNodeId: "ship",
  nodes: { ship: { ...record("shipped", "done"), config: { key: "shipped", ...config } }, done: end() },
});
async function withPolicy(source = POLICY) {
  const backend = await startBackend();
  for (const name of ["ana", "bo"]) await backend.person(name, "release");
  await setPolicy(backend.t, source);
  const answer = (name: string, ref: string, option: string, reason: string | null = null) =>
    backend.t.mutation(api.approvals.answer, { actor: at(`terminal:${name}`), ref, option, reason });
  return { ...backend, says: answer };
}

describe("G1: a step", () => {
  test("env == prod turns the task into a hold; approved -> done once; the rule is in the question and the record", async () => {
    const { t, start, run, records, says, approval } = await withPolicy();
    const started = await start(ship(), { input: '{"env":"prod"}' });
    expect(started.status).toBe("waiting");
    expect(await records()).toEqual({});
    const { approvalId, question: words, options } = question(started);
    expect([words, options]).toEqual([
      'Run "ship" (tool::record)? (policy: production, it is shared)',
      ["approve", "deny"],
    ]);
    expect(await approval(approvalId)).toMatchObject({ approvers: ["role:release"], payloadHash: expect.any(String) });
    expect((await says("ana", approvalId, "yes")).outcome).toBe("settled");
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ shipped: 1 });
    expect(await kinds(t, started.runId)).toEqual([
      ...["run.started", "policy.held", "approval.answered", "policy.satisfied", "run.completed"],
    ]);
  });

  test("cost > 50 in the step's own values; otherwise nothing is asked", async () => {
    const { start, records } = await withPolicy();
    expect((await start(ship({ cost: 51 }))).status).toBe("waiting");
    expect((await start(ship({ cost: 50 }))).status).toBe("completed");
    expect(await records()).toEqual({ shipped: 1 });
  });

  test("denied -> the step fails with who and why, and nothing was done", async () => {
    const { start, run, records, says } = await withPolicy();
    const started = await start(ship({ cost: 99 }));
    await says("bo", question(started).approvalId, "deny", "not today");
    expect(await run(started.runId)).toMatchObject({
      status: "failed",
      error: expect.stringContaining('"ship" was not approved, denied by bo: not today'),
    });
    expect(await records()).toEqual({});
  });

  test("I4: four eyes by policy: who started it is refused with the reason", async () => {
    const { start, approval, says } = await withPolicy();
    const started = await start(ship({ cost: 99 }), { actor: at("terminal:ana") });
    const ref = question(started).approvalId;
    expect((await approval(ref)).deliveries.map(({ place }) => place)).toEqual(["terminal:bo"]);
    expect(await says("ana", ref, "approve")).toMatchObject({
      outcome: "refused",
      message: "You asked for this yourself; somebody else has to decide.",
    });
    expect((await says("bo", ref, "approve")).outcome).toBe("settled");
  });

  test("blocked -> fails, named; nothing was done", async () => {
    const { t, start, records } = await withPolicy();
    const failed = await start(ship({ key: "wipe-all" }));
    expect(failed.status).toBe("failed");
    expect(failed.error).toContain('rule "no wipes" does not let "ship" (tool::record) go on: nothing is ever wiped');
    expect(await kinds(t, failed.runId)).toContain("policy.blocked");
    expect(await records()).toEqual({});
  });

  test("nobody has the role -> the step fails and says so", async () => {
    const { t, start } = await startBackend();
    await setPolicy(t);
    const failed = await start(ship({ cost: 99 }));
    expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("role:release gives only 0") });
  });

  test("each item of a fanout and each round of a loop is held by itself", async () => {
    const { start, run, records, says } = await withPolicy();
    const started = await start(
      {
        name: "each",
        startNodeId: "each",
        nodes: {
          each: {
            type: "fanout",
            functionId: "tool::record",
            config: { key: "i{{item}}", cost: "{{item}}" },
            over: "costs",
            saveAs: "made",
            next: "done",
          },
          done: end(),
        },
      },
      { input: '{"costs":[10,60,70]}' },
    );
    expect(await records()).toEqual({ i10: 1 });
    const refs = [question(started, 0).approvalId, question(started, 1).approvalId];
    for (const ref of refs) await says("ana", ref, "approve");
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ i10: 1, i60: 1, i70: 1 });
  });

  test("cancelled while held -> its question is retired", async () => {
    const { t, start, approval } = await withPolicy();
    const started = await start(ship({ cost: 99 }));
    await t.mutation(api.runs.cancel, { actor: OWNER, runId: started.runId });
    expect((await approval(question(started).approvalId)).status).toBe("cancelled");
  });
});

describe("G1: a start, and a question", () => {
  test("a run that is asked about waits before its first node; approved -> it begins", async () => {
    const { t, start, run, records, answer } = await withPolicy();
    const started = await start(ship(), { input: '{"size":500}' });
    expect(started).toMatchObject({ status: "waiting", nodes: [] });
    const { approvalId, question: words } = question(started);
    expect(words).toBe("Start ship? (policy: big runs)");
    expect((await answer(approvalId, "approve")).outcome).toBe("settled");
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ shipped: 1 });
    expect(await kinds(t, started.runId)).toEqual([
      ...["run.started", "policy.held", "approval.answered", "run.completed"],
    ]);
  });

  test("denied -> it has failed; cancelled -> cancelled, its question too; blocked -> failed and in the record", async () => {
    const { t, start, run, records, answer, approval } = await withPolicy();
    const denied = await start(ship(), { input: '{"size":500}', requestKey: "1" });
    await answer(question(denied).approvalId, "deny", { reason: "too big" });
    expect(await run(denied.runId)).toMatchObject({
      status: "failed",
      error: "the start was not approved, denied by root: too big",
    });
    const cancelled = await start(ship(), { input: '{"size":500}', requestKey: "2" });
    await t.mutation(api.runs.cancel, { actor: OWNER, runId: cancelled.runId });
    expect((await run(cancelled.runId)).status).toBe("cancelled");
    expect((await approval(question(cancelled).approvalId)).status).toBe("cancelled");
    const blocked = await start(ship(), { input: '{"day":"sunday"}', requestKey: "3" });
    expect(blocked).toMatchObject({
      status: "failed",
      error: expect.stringMatching(/^blocked by the policy: rule "never on sundays"/),
    });
    expect(await kinds(t, blocked.runId)).toEqual(["run.started", "policy.blocked", "run.failed"]);
    expect(await records()).toEqual({});
  });

  test("a rule makes a definition's own question stricter, never weaker", async () => {
    const { t, start, says, approval } = await withPolicy();
    const graph = {
      name: "pay",
      startNodeId: "ask",
      nodes: { ask: approve("Pay?", "done", "done", { approvers: ["role:release"] }), done: end() },
    };
    const started = await start(graph, { input: '{"money":true}' });
    const ref = question(started).approvalId;
    expect(await approval(ref)).toMatchObject({ quorum: 2 });
    expect((await says("ana", ref, "yes")).outcome).toBe("voted");
    expect((await says("bo", ref, "yes")).outcome).toBe("settled");
    expect(await kinds(t, started.runId)).toContain("policy.stricter");
  });
});

describe("G4: bound to the payload", () => {
  const pay = (between: { type: string; [field: string]: unknown }, more: Record<string, unknown> = {}) => ({
    name: "pay",
    startNodeId: "ask",
    nodes: {
      ask: approve("Pay {{amount}}?", "between", "stop", { payload: { amount: "{{amount}}" }, ...more }),
      between,
      pay: { ...record("paid", "done"), config: { key: "paid-{{amount}}" } },
      stop: end(),
      done: end("{{amount}}"),
    },
  });

  test("approved 82,000, became 820,000 before it was done -> not done, asked anew with what it is now", async () => {
    const { t, start, run, records, answer, approval } = await startBackend();
    const started = await start(pay({ type: "wait", forMs: 60_000, next: "pay" }), { input: '{"amount":82000}' });
    const first = question(started).approvalId;
    await answer(first, "yes");
    expect((await run(started.runId)).waitingFor).toMatchObject([{ kind: "wait" }]);
    await t.run(async (ctx) => {
      const id = ctx.db.normalizeId("runs", started.runId)!;
      await ctx.db.insert("runVariables", { runId: id, name: "amount", value: "820000" });
    });
    await vi.advanceTimersByTimeAsync(61_000);
    await t.finishInProgressScheduledFunctions();
    expect(await records()).toEqual({});
    const again = question(await run(started.runId));
    expect(again.question).toBe("Pay 820000?");
    expect(again.approvalId).not.toBe(first);
    expect((await approval(again.approvalId)).payloadHash).not.toBe((await approval(first)).payloadHash);
    await answer(again.approvalId, "yes");
    await vi.advanceTimersByTimeAsync(61_000);
    await t.finishInProgressScheduledFunctions();
    expect(await records()).toEqual({ "paid-820000": 1 });
    expect((await run(started.runId)).status).toBe("completed");
  });

  test("changed while the question is open -> superseded on every copy, asked anew; a yes to the old one settles nothing", async () => {
    const { start, run, records, answer, approval, rows } = await startBackend();
    const started = await start(
      {
        name: "both",
        startNodeId: "both",
        nodes: {
          both: { type: "parallel", branches: ["ask", "other"], next: "done" },
          ask: approve("Pay {{amount}}?", "pay", "done", { payload: { amount: "{{amount}}" } }),
          pay: { ...record("paid", "done"), config: { key: "paid-{{amount}}" } },
          other: {
            type: "approval",
            question: "How much?",
            freeText: true,
            saveAs: "raised",
            next: { answered: "set" },
          },
          set: { type: "task", functionId: "tool::record", config: { key: "set" }, saveAs: "amount", next: "done" },
          done: end(),
        },
      },
      { input: '{"amount":82000}' },
    );
    const waits = started.waitingFor.filter((wait) => wait.kind === "approval");
    const old = waits.find((wait) => wait.question === "Pay 82000?")!.approvalId;
    const other = waits.find((wait) => wait.question === "How much?")!.approvalId;
    await answer(other, "more");
    expect(await approval(old)).toMatchObject({ status: "superseded" });
    expect((await answer(old, "yes")).outcome).toBe("superseded");
    const card = (await rows("deliveries"))
      .map((row) => JSON.parse(row.message).card)
      .find((one) => one.approvalId === old);
    expect(card.outcomeLine).toBe("Replaced by a newer question");
    const now = question(await run(started.runId));
    expect(now.question).not.toBe("Pay 82000?");
    await answer(now.approvalId, "yes");
    expect((await run(started.runId)).status).toBe("completed");
    expect(Object.keys(await records()).filter((key) => key.startsWith("paid"))).toHaveLength(1);
  });

  test("nothing has changed -> nothing is asked twice, also where the answer itself is part of the payload", async () => {
    const { start, run, records, answer } = await startBackend();
    const graph = pay(
      { type: "branch", cond: "amount > 5", truthy: "pay", falsy: "stop" },
      {
        payload: { amount: "{{amount}}", before: "{{said}}" },
        saveAs: "said",
      },
    );
    const started = await start(graph, { input: '{"amount":82000}' });
    await answer(question(started).approvalId, "yes");
    expect((await run(started.runId)).status).toBe("completed");
    expect(await records()).toEqual({ "paid-82000": 1 });
  });

  test("a held step whose values change before its yes takes effect -> held again", async () => {
    const { t, start, run, records, says } = await withPolicy();
    const started = await start(
      { ...ship(), nodes: { ...ship().nodes, ship: { ...record("x", "done"), config: { key: "s-{{n}}", cost: 99 } } } },
      { input: '{"n":1}' },
    );
    const first = question(started).approvalId;
    await t.run(async (ctx) => {
      const id = ctx.db.normalizeId("runs", started.runId)!;
      await ctx.db.insert("runVariables", { runId: id, name: "n", value: "2" });
    });
    await says("ana", first, "approve");
    expect(await records()).toEqual({});
    const second = question(await run(started.runId));
    expect(second.question).toMatch(/^This is not what was approved\./);
    await says("ana", second.approvalId, "approve");
    expect(await records()).toEqual({ "s-2": 1 });
    expect(await kinds(t, started.runId)).toContain("policy.changed");
  });
});

describe("setting and trying", () => {
  test("only who may manage it sets it; each version and each opting out is in the record; the same again is no version", async () => {
    const { t, person, start } = await startBackend();
    await person("cy");
    await expect(
      t.mutation(api.policy.set, { actor: at("terminal:cy"), source: POLICY, file: "p.yaml" }),
    ).rejects.toMatchObject({ data: { code: "forbidden" } });
    expect(await setPolicy(t)).toEqual({ version: 1, changed: true, rules: 5 });
    expect(await setPolicy(t)).toMatchObject({ version: 1, changed: false });
    const out = `${POLICY}optOuts:\n  - { rule: production, workflow: ship, reason: static pages }\n`;
    expect(await setPolicy(t, out)).toMatchObject({ version: 2 });
    const rows = (await t.query(api.audit.list, {})).filter((row) => row.subject === "policy");
    expect(rows.map((row) => [row.kind, row.person])).toEqual([
      ["policy.optOut", "root"],
      ["policy.set", "root"],
      ["policy.set", "root"],
    ]);
    const run = await start(ship({ cost: 99 }));
    expect(run.status).toBe("completed");
    const used = (await t.query(api.audit.list, { runId: run.runId })).find((row) => row.kind === "policy.optedOut");
    expect(JSON.parse(used!.detail)).toMatchObject({ rule: "production", reason: "static pages" });
  });

  test("a wrong file is refused with its place, and the policy before goes on to count", async () => {
    const { t } = await startBackend();
    await setPolicy(t);
    await expect(setPolicy(t, "rules: [{name: a, when: environ == x, then: ask}]")).rejects.toMatchObject({
      data: { code: "invalid_definition", message: expect.stringContaining("policy.yaml:1:") },
    });
    expect(await t.query(api.policy.show, { actor: OWNER })).toMatchObject({ version: 1, setBy: "root" });
  });

  test("a dry run names the rule that speaks and does nothing", async () => {
    const { t, rows } = await withPolicy();
    const before = (await rows("audit")).length;
    const tried = await t.query(api.policy.test, { actor: OWNER, tool: "tool::record", workflow: "ship", env: "prod" });
    expect(tried).toMatchObject({ decision: "ask", rule: "production", approvers: ["role:release"] });
    expect(tried.text).toBe('ask: rule "production" speaks (env == prod or cost > 50) – it is shared');
    const free = await t.query(api.policy.test, { actor: OWNER, tool: "tool::record", payload: '{"cost":3}' });
    expect(free).toMatchObject({ decision: "allow", rule: null });
    const other = await t.query(api.policy.test, {
      ...{ actor: OWNER, tool: "x", payload: '{"cost":3}' },
      source: "rules: [{name: all, when: kind == task, then: block}]",
    });
    expect(other).toMatchObject({ decision: "block", rule: "all" });
    expect(await rows("audit")).toHaveLength(before);
  });
});
