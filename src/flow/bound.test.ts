/** G1, G4: work that a policy holds, and approvals that hold for exactly what was shown. SimulatedRun checks the state after every call. */

import { describe, expect, it } from "vitest";
import fc from "../../test/property.ts";
import type { Json } from "./definition.ts";
import { compile, SimulatedRun, verdict } from "./simulated_run.ts";
import type { Effect, Signal } from "./types.ts";

const HOLD: Signal = {
  ...{ kind: "hold", question: "Run it?", payload: { function: "f" }, rule: "prod", approvers: ["role:release"] },
  ...{ quorum: 1, fourEyes: true, tier: "low", channels: null, reasonRequired: true },
};
const task = (next: string, more: object = {}) => ({
  type: "task",
  prompt: "pay {{amount}}",
  saveAs: "out",
  next,
  ...more,
});
const begin = (nodes: object, input: { [key: string]: Json } = {}) =>
  new SimulatedRun(compile({ id: "test", startNodeId: Object.keys(nodes)[0], nodes }), input).start();

describe("held work", () => {
  it("hold -> a question in front of it; approved -> the same work, with the hash that was approved", () => {
    const run = begin({ a: task("z"), z: { type: "end" } }, { amount: 1 });
    run.signal(run.work("a").waitId, HOLD);
    expect(run.ask("a")).toMatchObject({
      ...{ purpose: "hold", options: ["approve", "deny"], reasonRequired: ["deny"], rule: "prod", fourEyes: true },
    });
    expect(run.status("a")).toBe("waiting");
    run.answered("a", "approve", { payload: {}, payloadHash: "h1" });
    expect(run.work("a")).toMatchObject({ approvedHash: "h1", attempt: 1 });
    run.done("a", "done");
    expect(run.finish.status).toBe("completed");
  });

  it("approved, but held again because it has changed -> asked again", () => {
    const run = begin({ a: task("z"), z: { type: "end" } }, { amount: 1 });
    for (const hash of ["h1", "h2"]) {
      run.signal(run.work("a").waitId, HOLD);
      run.answered("a", "approve", { payloadHash: hash });
      expect(run.work("a").approvedHash).toBe(hash);
    }
    run.done("a", "done");
    expect(run.finish.status).toBe("completed");
  });

  it("denied -> failed for good, whatever its retries; by its error mode", () => {
    const run = begin({ a: task("z", { retries: 3 }), z: { type: "end" } }, { amount: 1 });
    run.signal(run.work("a").waitId, HOLD);
    run.answered("a", "deny", { reason: "no budget" });
    expect(run.finish.error).toMatchObject({
      code: "forbidden",
      message: '"a" was not approved, denied by Ana: no budget',
    });
    const skipped = begin({ a: task("z", { onFailure: "skip" }), z: { type: "end" } }, { amount: 1 });
    skipped.signal(skipped.work("a").waitId, HOLD);
    skipped.answered("a", "deny");
    expect([skipped.finish.status, skipped.status("a")]).toEqual(["completed", "skipped"]);
  });

  it("approved work that fails is tried again without asking again", () => {
    const run = begin({ a: task("z", { retries: 1 }), z: { type: "end" } }, { amount: 1 });
    run.signal(run.work("a").waitId, HOLD);
    run.answered("a", "approve", { payloadHash: "h1" });
    run.failed("a");
    run.timer("a");
    expect(run.work("a")).toMatchObject({ attempt: 2, approvedHash: "h1" });
  });
});

describe("approved for exactly this", () => {
  const ask = (next: string, more: object = {}) => ({
    ...{ type: "approval", question: "Pay {{amount}}?", options: ["yes", "no"], payload: { amount: "{{amount}}" } },
    ...{ next: { yes: next, no: "z" }, ...more },
  });
  const asks = (run: SimulatedRun) =>
    run.effects.filter((effect) => effect.kind === "ask").map((effect) => effect.question);

  it("unchanged -> the work begins, and nothing internal is left", () => {
    const run = begin(
      { q: ask("w"), w: { type: "wait", forMs: 5, next: "a" }, a: task("z"), z: { type: "end" } },
      { amount: 1 },
    );
    run.answered("q", "yes");
    run.timer("w");
    run.done("a", "ok");
    expect(run.finish.status).toBe("completed");
    expect(asks(run)).toEqual(["Pay 1?"]);
  });

  it("changed between the answer and the work -> not begun; the question stands again with what it is now", () => {
    const run = begin(
      { q: ask("w"), w: { type: "wait", forMs: 5, next: "a" }, a: task("z"), z: { type: "end" } },
      { amount: 82_000 },
    );
    run.answered("q", "yes");
    run.variables = { ...run.variables, amount: 820_000 };
    run.timer("w");
    expect(run.waiting("startWork")).toEqual([]);
    expect(run.ask("q").question).toBe("Pay 820000?");
    expect(run.nodes.get("a")).toMatchObject({ status: "cancelled", error: { code: "conflict" } });
    run.answered("q", "yes");
    run.timer("w");
    expect(run.work("a").prompt).toBe("pay 820000");
  });

  it("changed when the answer comes -> the answer is void, asked anew", () => {
    const run = begin({ q: ask("a"), a: task("z"), z: { type: "end" } }, { amount: 1 });
    const before = run.ask("q").waitId;
    run.variables = { ...run.variables, amount: 2 };
    run.answered("q", "yes");
    expect(run.ask("q").waitId).not.toBe(before);
    expect(asks(run)).toEqual(["Pay 1?", "Pay 2?"]);
    expect(run.signal(before, verdict("yes"))).toEqual([]);
  });

  it("changed by another branch while it is open -> superseded at once, asked anew", () => {
    const run = begin(
      {
        p: { type: "parallel", branches: ["q", "b"], next: "z" },
        q: ask("a"),
        a: task("z"),
        b: { type: "task", prompt: "raise", saveAs: "amount", next: "z" },
        z: { type: "end" },
      },
      { amount: 1 },
    );
    const old = run.ask("q").waitId;
    const effects = run.done("b", 2);
    expect(effects.find((effect) => effect.kind === "closeWait")).toMatchObject({ waitId: old, superseded: true });
    expect(run.ask("q").question).toBe("Pay 2?");
    run.answered("q", "yes");
    run.done("a", "ok");
    expect(run.finish.status).toBe("completed");
  });

  it("changed before another attempt, or before another item -> asked anew, or that item fails", () => {
    const retried = begin({ q: ask("a"), a: task("z", { retries: 2 }), z: { type: "end" } }, { amount: 1 });
    retried.answered("q", "yes");
    retried.failed("a");
    retried.variables = { ...retried.variables, amount: 2 };
    retried.timer("a");
    expect([retried.waiting("startWork"), retried.ask("q").question]).toEqual([[], "Pay 2?"]);
    const fanout = {
      type: "fanout",
      prompt: "{{item}} {{amount}}",
      over: "list",
      concurrency: 1,
      saveAs: "all",
      next: "z",
    };
    const items = begin({ q: ask("f"), f: fanout, z: { type: "end" } }, { amount: 1, list: [1, 2] });
    items.answered("q", "yes");
    items.variables = { ...items.variables, amount: 2 };
    items.done("f", "ok");
    expect(items.finish.error).toMatchObject({ code: "forbidden", message: expect.stringContaining('"q" approved') });
  });

  it("a denial binds nothing; an end without a result does not look", () => {
    const run = begin({ q: ask("a"), a: task("z"), z: { type: "end" } }, { amount: 1 });
    run.answered("q", "no");
    expect(run.finish.status).toBe("completed");
  });

  it("only the first work after it is bound: what that work changes itself is not asked about", () => {
    const run = begin(
      { q: ask("a"), a: task("b", { saveAs: "amount" }), b: task("z"), z: { type: "end" } },
      { amount: 1 },
    );
    run.answered("q", "yes");
    run.done("a", 5);
    run.done("b", "ok");
    expect([run.finish.status, asks(run)]).toEqual(["completed", ["Pay 1?"]]);
  });

  it("a parallel block after it is the work: its branches begin together or not at all", () => {
    const nodes = {
      q: ask("w"),
      w: { type: "wait", forMs: 5, next: "p" },
      p: { type: "parallel", branches: ["a", "b"], next: "z" },
      a: task("z"),
      b: task("z"),
      z: { type: "end" },
    };
    const run = begin(nodes, { amount: 1 });
    run.answered("q", "yes");
    run.variables = { ...run.variables, amount: 2 };
    run.timer("w");
    expect([run.waiting("startWork").length, run.ask("q").question]).toEqual([0, "Pay 2?"]);
    run.answered("q", "yes");
    run.timer("w");
    expect(run.waiting("startWork")).toHaveLength(2);
  });
});

it("whatever is held, approved, denied, changed and cancelled in whatever order: the state stays whole, the run ends at most once, no work begins that was not approved", () => {
  const definition = compile({
    startNodeId: "p",
    nodes: {
      p: { type: "parallel", branches: ["q", "f", "c"], next: "z" },
      q: {
        ...{ type: "approval", question: "Pay?", options: ["yes", "no"], payload: { amount: "{{amount}}" } },
        next: { yes: "w", no: "z" },
      },
      w: { type: "wait", forMs: 5, next: "a" },
      a: { type: "task", prompt: "{{amount}}", retries: 1, saveAs: "out", next: "z" },
      f: { type: "fanout", prompt: "{{item}}", over: "list", onItemFailure: "skip", saveAs: "fs", next: "z" },
      c: { type: "task", prompt: "raise", saveAs: "amount", onFailure: "ask", next: "z" },
      z: { type: "end", result: "amount" },
    },
  });
  const move = fc.record({
    which: fc.nat(20),
    what: fc.constantFrom("go", "go", "go", "hold", "no", "fail", "change", "cancel", "stale"),
    value: fc.integer({ min: 1, max: 3 }),
  });
  const end = (effect: Effect, what: string, value: number): Signal | null => {
    const error = { code: "internal" as const, message: "broke", remedy: null, retryable: true, field: null };
    switch (effect.kind) {
      case "startWork":
        return what === "hold" ? HOLD : what === "fail" ? { kind: "error", error } : { kind: "result", output: value };
      case "ask":
        if (what === "fail") return { kind: "error", error };
        return verdict(what === "no" ? effect.options.at(-1)! : effect.options[0]!, { payloadHash: `h${value}` });
      case "setTimer":
        return { kind: "timer" };
      default:
        return null;
    }
  };
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const run = new SimulatedRun(definition, { list: [1, 2, 3], amount: 1 }).start();
      const past: [string, Signal][] = [];
      const approved = new Set<string | null>();
      for (const { which, what, value } of moves) {
        if (what === "change") run.variables = { ...run.variables, amount: value };
        else if (what === "cancel" && which === 0) run.send({ type: "cancel", reason: null });
        else if (what === "stale" && past.length > 0) run.signal(...past[which % past.length]!);
        else {
          const open = [...run.open.values()].flat();
          const effect = open[which % Math.max(1, open.length)];
          const signal = effect === undefined ? null : end(effect, what, value);
          if (effect === undefined || signal === null || !("waitId" in effect)) continue;
          past.push([effect.waitId, signal]);
          if (effect.kind === "ask" && effect.nodeId === "q" && signal.kind === "verdict" && signal.option === "yes") {
            approved.add(String((effect.payload as { amount: number }).amount));
          }
          run.signal(effect.waitId, signal);
        }
        const { state } = run;
        // Whatever the amount is by now: each attempt of the work began with what somebody had said yes to.
        for (const work of run.waiting("startWork", "a")) expect(approved).toContain(work.prompt);
        for (const token of Object.values(state.tokens))
          expect(token.bound === undefined || state.status === "running").toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
