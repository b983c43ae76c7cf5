/** Whatever comes in whatever order: SimulatedRun checks after every call that tokens, waits and frames agree and that a run ends once. */

import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import { compile, SimulatedRun, verdict } from "./simulated_run.ts";
import type { Effect, Signal } from "./types.ts";

const error = { code: "internal" as const, message: "it broke", remedy: null, retryable: true, field: null };

const ask = (next: string, more: object = {}) => ({
  type: "approval",
  question: "ok {{n}}?",
  options: ["yes", "no"],
  expiresInMs: 1000,
  next: { yes: next, no: next, expired: next },
  ...more,
});
const work = (next: string, more: object = {}) => ({
  type: "task",
  prompt: "do",
  retries: 1,
  saveAs: "out",
  next,
  ...more,
});

const DEFINITIONS = [
  {
    startNodeId: "p",
    nodes: {
      p: { type: "parallel", branches: ["a", "q", "w"], next: "j" },
      a: ask("a2"),
      a2: work("j", { onFailure: "ask" }),
      q: { type: "parallel", branches: ["b", "c"], next: "k" },
      b: ask("k"),
      c: work("k", { onFailure: "skip" }),
      k: { type: "branch", cond: "b.option == yes", truthy: "j", falsy: "x" },
      x: { type: "wait", forMs: 10, next: "j" },
      w: { type: "event", name: "e", timeoutMs: 50, next: { received: "j", expired: "r" } },
      r: { type: "run", workflow: "child", onFailure: "skip", next: "j" },
      j: work("z"),
      z: { type: "end", result: "out" },
    },
  },
  {
    startNodeId: "l",
    nodes: {
      l: { type: "loop", prompt: "{{iteration}}", until: "DONE", maxIterations: 3, retries: 1, next: "p" },
      p: { type: "parallel", branches: ["f", "g"], next: "again" },
      f: {
        type: "fanout",
        prompt: "{{item}}",
        over: "list",
        concurrency: 2,
        onItemFailure: "fail",
        onFailure: "ask",
        next: "again",
      },
      g: {
        type: "fanout",
        prompt: "{{item}}",
        over: "list",
        concurrency: 5,
        onItemFailure: "skip",
        retries: 1,
        next: "again",
      },
      again: ask("t"),
      t: { type: "branch", cond: "again.option == yes", truthy: "l", falsy: "z", maxVisits: 3 },
      z: { type: "end", result: "f" },
    },
  },
  {
    id: "s",
    steps: [
      { name: "One", promptTemplate: "one", outputVar: "list_out" },
      {
        name: "Maybe",
        promptTemplate: "maybe",
        mode: "conditional",
        condition: "list_out contains D",
        approval: "sync",
        errorMode: "skip",
      },
      { name: "Each", promptTemplate: "{{item}}", mode: "fanout", over: "list", errorMode: "retry", maxRetries: 1 },
      { name: "All", promptTemplate: "{{results}}", mode: "collect", errorMode: "ask" },
    ],
  },
].map((definition, index) => compile({ id: `w${index}`, ...definition }));

/** One of the signals that could come for what is open; `how` chooses which. */
function signalFor(effects: Effect[], how: number): Signal {
  const [first] = effects;
  const timer = effects.some(({ kind }) => kind === "setTimer");
  if (how % 11 === 10) return { kind: "error", error };
  if (first?.kind === "startWork")
    return how % 3 === 0
      ? { kind: "error", error }
      : { kind: "result", output: ["fine", "DONE", '{"a":1}', 7][how % 4]! };
  if (first?.kind === "ask")
    return verdict([...first.options, "expired", "nonsense"][how % (first.options.length + 2)]!);
  if (first?.kind === "awaitEvent") return how % 2 === 0 && timer ? { kind: "timer" } : { kind: "event", payload: how };
  if (first?.kind === "startRun")
    return { kind: "child", status: (["completed", "failed", "cancelled"] as const)[how % 3]!, result: 1, error: "x" };
  return { kind: "timer" };
}

const move = fc.record({
  which: fc.nat(20),
  how: fc.nat(100),
  what: fc.constantFrom(
    ...Array.from({ length: 12 }, () => "signal" as const),
    "stale" as const,
    "wrong" as const,
    "rare" as const,
  ),
});

function play(run: SimulatedRun, moves: { which: number; how: number; what: string }[]): Map<string, number> {
  const consumed = new Map<string, number>();
  const seen: string[] = [];
  for (const { which, how, what } of moves) {
    const ids = [...run.open.keys()];
    run.now += how;
    if (what === "rare" && how % 10 === 0) run.send({ type: "cancel", reason: null });
    else if (what === "stale" && seen.length > 0) {
      const id = seen[which % seen.length]!;
      if (!run.open.has(id)) {
        const before = JSON.stringify(run.state);
        expect(run.signal(id, verdict("yes"))).toEqual([]);
        expect(JSON.stringify(run.state)).toBe(before);
      }
    } else if (what === "wrong") expect(run.signal("w999999", { kind: "timer" })).toEqual([]);
    else if (ids.length > 0) {
      const id = ids[which % ids.length]!;
      seen.push(id);
      run.signal(id, signalFor(run.open.get(id)!, how));
      if (!run.open.has(id)) consumed.set(id, (consumed.get(id) ?? 0) + 1);
    }
  }
  return consumed;
}

describe("whatever comes in whatever order", () => {
  it.each(DEFINITIONS.map((definition) => [definition.name, definition] as const))(
    "%s: each wait takes one signal, tokens agree, the run ends at most once",
    (_, definition) => {
      fc.assert(
        fc.property(fc.array(move, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (moves, maxNodes) => {
          const run = new SimulatedRun(definition, { list: ["a", "b", "c"], n: 1 });
          run.maxNodes = maxNodes;
          run.start();
          for (const count of play(run, moves).values()) expect(count).toBe(1);
        }),
        { numRuns: 150 },
      );
    },
  );

  it("with every question answered in the end, every run ends", () => {
    fc.assert(
      fc.property(fc.constantFrom(...DEFINITIONS), fc.array(move, { maxLength: 20 }), (definition, moves) => {
        const run = new SimulatedRun(definition, { list: ["a", "b", "c"], n: 1 }).start();
        play(run, moves);
        for (let count = 0; run.state.status === "running"; count++) {
          expect(count).toBeLessThan(300);
          const [id, effects] = [...run.open][0]!;
          const signal = signalFor(effects, 1);
          // Going round again would be legitimate for ever; "no" leaves every cycle.
          run.signal(
            id,
            signal.kind === "verdict"
              ? verdict(effects[0]?.kind === "ask" ? effects[0].options.at(-1)! : "no")
              : signal,
          );
        }
        expect(run.finishes).toHaveLength(1);
        for (const node of run.nodes.values()) expect(["running", "waiting"]).not.toContain(node.status);
      }),
      { numRuns: 150 },
    );
  });

  it("how many nodes a call may enter changes nothing about the outcome", () => {
    fc.assert(
      fc.property(fc.constantFrom(...DEFINITIONS), fc.array(move, { maxLength: 40 }), (definition, moves) => {
        const results = [1, 3, 100].map((maxNodes) => {
          const run = new SimulatedRun(definition, { list: ["a", "b"], n: 1 });
          run.maxNodes = maxNodes;
          run.start();
          play(run, moves);
          return JSON.stringify([run.state, run.variables, [...run.nodes].map(([key, node]) => [key, node.status])]);
        });
        expect(new Set(results).size).toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  it("signals that come in a burst for different branches: the order does not matter to where the run stands", () => {
    const definition = compile({
      id: "burst",
      startNodeId: "p",
      nodes: {
        p: { type: "parallel", branches: ["a", "b", "c", "d"], next: "z" },
        ...Object.fromEntries(["a", "b", "c", "d"].map((id) => [id, ask("z")])),
        z: { type: "end", result: "{{a.option}}{{b.option}}{{c.option}}{{d.option}}" },
      },
    });
    fc.assert(
      fc.property(fc.shuffledSubarray(["a", "b", "c", "d"], { minLength: 4 }), (order) => {
        const run = new SimulatedRun(definition, { n: 1 }).start();
        for (const id of order) run.answered(id, id === "a" ? "no" : "yes");
        expect(run.finish.result).toBe("noyesyesyes");
      }),
    );
  });
});
