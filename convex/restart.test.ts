// @vitest-environment edge-runtime
/** W12: again from a node, and cancelling all the way down. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, as, end, OWNER, pass, question, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

type Backend = Awaited<ReturnType<typeof startBackend>>;

describe("W12: restart", () => {
  const graph = {
    id: "long",
    agents: [],
    startNodeId: "first",
    nodes: {
      first: { type: "task", prompt: "first {{topic}}", saveAs: "one", next: "second" },
      second: { type: "task", prompt: "second {{one}}", saveAs: "two", next: "ask" },
      ask: approve("Go on with {{two}}?", "third", "third"),
      third: { type: "task", prompt: "third {{one}} {{two}} {{#if three}}again{{/if}}", saveAs: "three", next: "done" },
      done: end("three"),
    },
  };
  const restart = ({ t }: Backend, runId: string, from?: string) =>
    t.mutation(api.runs.restart, { actor: OWNER, runId, ...(from === undefined ? {} : { from }) });
  const broken = { code: "internal", message: "broke", remedy: null, retryable: false, field: null } as const;

  test("from what failed, with the earlier results and the definition of the run before", async () => {
    const backend = await startBackend();
    const { create, start, work, run, answer, prompts } = backend;
    await create(graph);
    const { runId } = await start(graph, { workflow: "long", definition: null, input: '{"topic":"t"}' });
    await create({ ...graph, title: "newer" });
    await work("first", "ONE");
    await work("second", broken);
    const again = await restart(backend, runId);
    expect(again).toMatchObject({ version: 1, input: '{"topic":"t"}' });
    expect((await run(runId)).status).toBe("failed");
    expect(await prompts()).toEqual(["first t", "second ONE", "second ONE"]);
    await work("second", "TWO");
    await answer(question(await run(again.runId)).approvalId, "yes");
    await work("third", "THREE");
    expect(await run(again.runId)).toMatchObject({ status: "completed", result: '"THREE"' });
    // From a node by name: results of that node and of later ones are not there.
    const third = await restart(backend, again.runId, "Third");
    expect((await prompts()).at(-1)).toBe("third ONE TWO");
    await restart(backend, (await cancel(backend, third.runId)).runId);
    expect((await prompts()).at(-1)).toBe("third ONE TWO");
  });

  const cancel = ({ t }: Backend, runId: string) => t.mutation(api.runs.cancel, { actor: OWNER, runId });

  test("refused while it runs, for a node that is not there, inside a parallel block, and for somebody else's run", async () => {
    const backend = await startBackend();
    const { start, person, t } = backend;
    await person("bo");
    const block = {
      startNodeId: "both",
      nodes: {
        both: { type: "parallel", branches: ["a", "b"], next: "done" },
        a: approve("A?", "done", "done"),
        b: approve("B?", "done", "done"),
        done: end(),
      },
    };
    const { runId } = await start(block);
    await expect(restart(backend, runId)).rejects.toMatchObject({ data: { code: "conflict" } });
    await cancel(backend, runId);
    await expect(restart(backend, runId, "bothh")).rejects.toMatchObject({ data: { remedy: 'did you mean "both"?' } });
    await expect(restart(backend, runId, "a")).rejects.toMatchObject({ data: { remedy: 'restart from "both"' } });
    await expect(t.mutation(api.runs.restart, { actor: as("bo"), runId })).rejects.toMatchObject({
      data: { code: "forbidden" },
    });
    // Both branches were cut off: the block begins anew.
    expect((await restart(backend, runId)).waitingFor).toHaveLength(2);
  });

  test("the same request twice is one run; a question's own node asks again", async () => {
    const backend = await startBackend();
    const { t, start, work, run, rows, open } = backend;
    const { runId } = await start(graph, { input: '{"topic":"t"}' });
    await work("first", "ONE");
    await work("second", "TWO");
    await cancel(backend, runId);
    expect(await open()).toEqual([]);
    const args = { actor: OWNER, runId, from: "ask", requestKey: "r" };
    const [a, b] = [await t.mutation(api.runs.restart, args), await t.mutation(api.runs.restart, args)];
    expect(a.runId).toBe(b.runId);
    expect(await rows("runs")).toHaveLength(2);
    expect(question(await run(a.runId)).question).toBe("Go on with TWO?");
  });

  test("cancel goes down to child runs and theirs, and retires their questions", async () => {
    const backend = await startBackend();
    const { create, start, open, rows } = backend;
    await create({ id: "leaf", startNodeId: "ask", nodes: { ask: approve("Leaf?", "done", "done"), done: end() } });
    await create({
      id: "middle",
      startNodeId: "sub",
      nodes: { sub: { type: "run", workflow: "leaf", next: "done" }, done: end() },
    });
    const { runId } = await start({
      startNodeId: "sub",
      nodes: { sub: { type: "run", workflow: "middle", next: "done" }, done: end() },
    });
    // A child starts and ends in a transaction of its own, and each has one.
    for (let level = 0; level < 2; level++) await pass(backend, 10);
    expect(await open()).toHaveLength(1);
    await cancel(backend, runId);
    for (let level = 0; level < 2; level++) await pass(backend, 10);
    expect(await open()).toEqual([]);
    expect((await rows("runs")).map((row) => row.status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    const [approval] = await backend.t.run((ctx) => ctx.db.query("approvals").collect());
    expect(approval!.status).toBe("cancelled");
  });
});
