/** A1, A8, O10, W7: questions and waits outlive the process; what ends them goes on exactly once. Driven by the command (O5). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import type { Actor } from "../../src/contract/actor.ts";
import { witnesses } from "../bench/workload.ts";
import { Place, WITNESSED } from "./harness.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(async () => await place.dispose());

const SLOW = 120_000;
const OPERATOR: Actor = { kind: "operator", osUser: "operator", as: null, channel: "cli" };

async function startWitnessed(id: string) {
  const { json } = await place.typed("workflow", "run", "witnessed", "--input", JSON.stringify({ id }));
  expect(json).toMatchObject({ workflow: "witnessed", startedBy: expect.any(String) });
  return await place.until(["workflow", "status", json.runId], (run) => run.waitingFor[0]?.kind === "approval");
}

test(
  "asked -> kill -9 -> started again -> the question stands -> answered -> each effect once",
  async () => {
    const first = await place.start();
    await place.typed("workflow", "create", place.file("witnessed.json", WITNESSED));
    const run = await startWitnessed("a");
    await first.end("SIGKILL");

    const second = await place.start();
    const [open] = await place.ok("approvals", "list");
    expect(open).toMatchObject({
      status: "pending",
      question: "Go on with a?",
      runId: run.runId,
      code: expect.any(String),
    });
    const answer = await place.json("approvals", "answer", open.code, "1", "--reason", "looks good");
    expect(answer).toMatchObject({ code: 0, json: { outcome: "settled", option: "yes" } });
    const ended = await place.until(["workflow", "status", run.runId], ({ endedAt }) => endedAt !== null);
    expect(ended).toMatchObject({ status: "completed", result: "a went on", waitingFor: [], error: null });
    expect(ended.nodes.map((node: { id: string; attempt: number }) => [node.id, node.attempt])).toEqual([
      ["before", 1],
      ["ask", 1],
      ["after", 1],
      ["done", 1],
    ]);
    const audit = await place.ok("audit", "list", "--approval", open.approvalId);
    expect(audit).toMatchObject([
      { kind: "approval.answered", channel: "cli", person: open.requestedBy, detail: { reason: "looks good" } },
    ]);

    await second.end("SIGTERM");
    expect(Object.fromEntries(witnesses(place.dataDir))).toMatchObject({ "a/before": 1, "a/after": 1 });
  },
  SLOW,
);

test(
  "killed while answers are under way, at different moments -> the same final state, each effect once",
  async () => {
    let bot = await place.start();
    await place.typed("workflow", "create", place.file("witnessed.json", WITNESSED));
    const ids: string[] = [];
    for (const killAfterMs of [0, 2, 6]) {
      // Connected before, so that the kill comes between answers and not before the first of them.
      const before = await place.backend();
      const asked: { runId: string; ref: string }[] = [];
      for (let i = 0; i < 4; i++) {
        const id = `k${ids.length}`;
        ids.push(id);
        const input = JSON.stringify({ id });
        const what = { actor: OPERATOR, workflow: "witnessed", definition: null, input, origin: null };
        const { runId, waitingFor } = await before.mutation(functions.runs.start, what);
        const [wait] = waitingFor;
        if (wait?.kind !== "approval") throw new Error(`run ${runId} does not ask`);
        asked.push({ runId, ref: wait.approvalId });
      }
      const [first] = asked.map(({ ref }) =>
        before.mutation(functions.approvals.answer, { actor: OPERATOR, ref, option: "yes" }).catch(() => null),
      );
      await first;
      if (killAfterMs > 0) await new Promise((done) => setTimeout(done, killAfterMs));
      await bot.end("SIGKILL");
      await before.close();
      bot = await place.start();
      const after = await place.backend();
      for (const { runId, ref } of asked) {
        // An answer that got lost on the way is given again; one that did not is already there.
        const again = await after.mutation(functions.approvals.answer, { actor: OPERATOR, ref, option: "yes" });
        expect(["settled", "alreadyAnswered"]).toContain(again.outcome);
        expect(await after.query(functions.runs.get, { runId })).toMatchObject({ status: "completed" });
      }
    }
    await bot.end("SIGTERM");
    const expected = Object.fromEntries(
      ids.flatMap((id) => [
        [`${id}/before`, 1],
        [`${id}/after`, 1],
      ]),
    );
    expect(Object.fromEntries(witnesses(place.dataDir))).toMatchObject(expected);
  },
  SLOW,
);

test(
  "W7: a wait of three days and a question that expires meanwhile, over kill -9 and two restarts -> each fires once",
  async () => {
    const days3 = 3 * 24 * 3600 * 1000;
    const recorded = (key: string) => ({ type: "task", functionId: "tool::record", config: { key }, next: "done" });
    const nodes = {
      both: { type: "parallel", branches: ["later", "ask"], next: "done" },
      later: { type: "wait", forMs: days3, next: "waited" },
      ask: {
        type: "approval",
        question: "Still wanted?",
        options: ["yes"],
        expiresInMs: days3 - 1000,
        next: { yes: "answered", expired: "expired" },
      },
      ...{ waited: recorded("waited"), answered: recorded("answered"), expired: recorded("expired") },
      done: { type: "end", result: "{{run.id}} is over" },
    };
    const first = await place.start();
    const file = place.file("patient.json", { id: "patient", startNodeId: "both", nodes });
    const { runId } = await place.ok("workflow", "run", file);
    await first.end("SIGKILL");

    const early = await place.start();
    expect((await place.ok("workflow", "status", runId)).status).toBe("waiting");
    await early.end("SIGKILL");

    const clock = (ms: number) => ({
      NODE_OPTIONS: `--import=${new URL(`../shifted_clock.mjs?ms=${ms}`, import.meta.url)}`,
    });
    const late = await place.start(clock(days3 + 60_000));
    // The command's tokens are of its own clock.
    const then = async (...args: string[]) => await place.cli([...args, "--format", "json"], clock(days3 + 60_000));
    const over = async () => (await then("workflow", "status", runId)).json.endedAt !== null;
    while (!(await over()));
    const [question] = (await then("approvals", "list", "--all")).json;
    expect(question).toMatchObject({ status: "expired", outcome: { option: "expired", by: null } });
    const tooLate = await then("approvals", "answer", question.approvalId, "yes");
    expect(tooLate).toMatchObject({ code: 1, json: { outcome: "expired" } });
    await late.end("SIGKILL");
    const again = await place.start(clock(days3 + 120_000));
    expect((await then("workflow", "status", runId)).json.status).toBe("completed");
    await again.end("SIGTERM");
    const { waited, expired, answered } = Object.fromEntries(witnesses(place.dataDir));
    expect({ waited, expired, answered }).toEqual({ waited: 1, expired: 1, answered: undefined });
  },
  SLOW,
);

test(
  "a built-in workflow runs over a restart: build, question, wait, smoke test, end",
  async () => {
    const bot = await place.start();
    const input = '{"version":"1.2","environment":"production"}';
    const started = (await place.json("workflow", "run", "deploy", "--input", input)).json;
    await place.until(["workflow", "status", started.runId], (run) => run.waitingFor[0]?.kind === "approval");
    await bot.end("SIGKILL");
    // A1: in the terminal, where it was asked, its number still answers it.
    const terminal = place.talk();
    terminal.say("1");
    await terminal.heard("Approved by");
    const watched = await place.typed("workflow", "run", "deploy", "--input", input);
    const ended = await place.until(["workflow", "status", started.runId], ({ endedAt }) => endedAt !== null);
    expect(ended).toMatchObject({ status: "completed", result: expect.stringContaining("1.2 is live") });
    expect((await place.typed("workflow", "results", started.runId)).code).toBe(0);
    const cancelled = await place.json("workflow", "cancel", watched.json.runId, "--reason", "enough");
    expect(cancelled).toMatchObject({ code: 0, json: { status: "cancelled" } });
    expect((await place.typed("workflow", "results", watched.json.runId)).code).toBe(1);
  },
  SLOW,
);
