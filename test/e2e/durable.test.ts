/** A1, A8, O10, W8: questions outlive the process; what was answered goes on exactly once. Driven by the command (O5, I10). */
import { afterEach, beforeEach, expect, test } from "vitest";
import { witnesses } from "../bench/workload.ts";
import { Place, WITNESSED } from "./harness.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(async () => await place.dispose());

const SLOW = 120_000;

async function startWitnessed(id: string) {
  const { json } = await place.json("workflow", "run", "witnessed", "--input", JSON.stringify({ id }));
  expect(json).toMatchObject({ workflow: "witnessed", startedBy: expect.any(String) });
  return await place.until(["workflow", "status", json.runId], (run) => run.waitingFor[0]?.kind === "approval");
}

test(
  "asked -> kill -9 -> started again -> the question stands -> answered -> each effect once",
  async () => {
    const first = await place.start();
    await place.json("workflow", "create", place.file("witnessed.json", WITNESSED));
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
    const audit = (await place.ok("audit", "list", "--limit", "200")) as { channel: string; kind: string }[];
    expect(audit.filter((row) => row.kind.startsWith("approval.")).some((row) => row.channel === "cli")).toBe(true);

    await second.end("SIGTERM");
    expect(Object.fromEntries(witnesses(place.dataDir))).toMatchObject({ "a/before": 1, "a/after": 1 });
  },
  SLOW,
);

test(
  "killed right after the answer, at any moment -> the same final state, each effect once",
  async () => {
    let bot = await place.start();
    await place.json("workflow", "create", place.file("witnessed.json", WITNESSED));
    const ids = ["k0", "k1", "k2"];
    const runs: string[] = [];
    for (const id of ids) runs.push((await startWitnessed(id)).runId);
    for (const [index, runId] of runs.entries()) {
      const { waitingFor } = await place.ok("workflow", "status", runId);
      const answering = place.json("approvals", "answer", waitingFor[0].approvalId, "yes");
      // The first two are killed while the command is under way, the last one right after it.
      if (index < 2) await new Promise((done) => setTimeout(done, 150 * index));
      else await answering;
      await bot.end("SIGKILL");
      await answering;
      bot = await place.start();
      // An answer that got lost on the way is given again; one that did not is already there.
      const again = await place.json("approvals", "answer", waitingFor[0].approvalId, "yes");
      expect(["settled", "alreadyAnswered"]).toContain(again.json.outcome);
      await place.until(["workflow", "status", runId], ({ status }) => status === "completed");
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
  "a built-in workflow runs over a restart: build, question, wait, smoke test, end",
  async () => {
    const bot = await place.start();
    const input = '{"version":"1.2","environment":"production"}';
    const started = (await place.json("workflow", "run", "deploy", "--input", input)).json;
    const asked = await place.until(
      ["workflow", "status", started.runId],
      (run) => run.waitingFor[0]?.kind === "approval",
    );
    await bot.end("SIGKILL");
    await place.start();
    expect((await place.json("approvals", "answer", asked.waitingFor[0].code, "yes")).code).toBe(0);
    const watched = await place.json("workflow", "run", "deploy", "--input", input);
    const ended = await place.until(["workflow", "status", started.runId], ({ endedAt }) => endedAt !== null);
    expect(ended).toMatchObject({ status: "completed", result: expect.stringContaining("1.2 is live") });
    expect((await place.json("workflow", "results", started.runId)).code).toBe(0);
    const cancelled = await place.json("workflow", "cancel", watched.json.runId, "--reason", "enough");
    expect(cancelled).toMatchObject({ code: 0, json: { status: "cancelled" } });
    expect((await place.json("workflow", "results", watched.json.runId)).code).toBe(1);
  },
  SLOW,
);
