/** For tests: a run whose effects are carried out in memory, naively, with checks of what every caller may rely on. */

import { problemLine } from "../contract/problem.ts";
import type { Definition, Json } from "./definition.ts";
import { type Known, NOTHING_KNOWN, parseDefinition } from "./parse.ts";
import { emptyState, transition } from "./transition.ts";
import type { Ask, Effect, Finish, FlowEvent, NodeProgress, RunState, Signal, StartWork } from "./types.ts";

export function compile(source: string | object, known: Known = NOTHING_KNOWN): Definition {
  const text = typeof source === "string" ? source : JSON.stringify(source);
  const parsed = parseDefinition(text, "test.yaml", known);
  if (!parsed.ok) throw new Error(parsed.problems.map(problemLine).join("\n"));
  return parsed.definition;
}

export class SimulatedRun {
  state: RunState = emptyState();
  now = 1_000_000;
  variables: Record<string, Json> = {};
  readonly nodes = new Map<string, NodeProgress>();
  /** Waits that were opened by an effect and have been neither closed nor consumed, with the effects that opened them. */
  readonly open = new Map<string, Effect[]>();
  readonly effects: Effect[] = [];
  finishes: Finish[] = [];
  readonly definition: Definition;
  readonly input: Json;
  maxNodes = 100;

  constructor(definition: Definition, input: Json = {}) {
    this.definition = definition;
    this.input = input;
  }

  send(event: FlowEvent): Effect[] {
    const before = JSON.stringify(this.state);
    const context = {
      now: this.now,
      input: this.input,
      variables: this.variables,
      run: { id: "run1", title: "Run", startedBy: "Ana", workflow: this.definition.name },
      maxNodes: this.maxNodes,
    };
    const original = this.state;
    const { state, effects, more } = transition(this.definition, original, event, context);
    if (JSON.stringify(original) !== before) throw new Error("transition changed the state it was given");
    // What is stored is what comes back.
    this.state = JSON.parse(JSON.stringify(state));
    this.carryOut(JSON.parse(JSON.stringify(effects)));
    if (event.type === "signal" && !Object.hasOwn(state.waits, event.waitId)) this.open.delete(event.waitId);
    this.check();
    return more ? [...effects, ...this.send({ type: "continue" })] : effects;
  }

  start(): this {
    this.send({ type: "start" });
    return this;
  }

  signal(waitId: string, signal: Signal): Effect[] {
    return this.send({ type: "signal", waitId, signal });
  }

  private carryOut(effects: Effect[]): void {
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.kind === "setVariable") this.variables = { ...this.variables, [effect.name]: effect.value };
      else if (effect.kind === "deleteVariable") delete this.variables[effect.name];
      else if (effect.kind === "node") this.nodes.set(effect.nodeKey, effect);
      else if (effect.kind === "closeWait") this.open.delete(effect.waitId);
      else if (effect.kind === "finish") this.finishes.push(effect);
      else this.open.set(effect.waitId, [...(this.open.get(effect.waitId) ?? []), effect]);
    }
  }

  /** Holds after every call. */
  private check(): void {
    const fail = (message: string) => {
      throw new Error(`${message}\n${JSON.stringify(this.state, null, 1)}`);
    };
    const waits = Object.keys(this.state.waits);
    if ([...this.open.keys()].sort().join() !== waits.sort().join()) {
      fail(`the open waits outside (${[...this.open.keys()]}) are not those of the state (${waits})`);
    }
    if (this.finishes.length > 1) fail("the run ended twice");
    const ended = this.state.status !== "running";
    if (ended !== (this.finishes.length === 1)) fail("status and finish disagree");
    if (ended && (waits.length > 0 || Object.keys(this.state.tokens).length > 0)) fail("an ended run still waits");
    for (const [id, token] of Object.entries(this.state.tokens)) {
      const mine = Object.values(this.state.waits).filter((wait) => wait.token === id).length;
      const atFanout = Object.values(this.state.frames).some((frame) => frame.kind === "fanout" && frame.token === id);
      const expected = token.at === "ready" || atFanout ? 0 : 1;
      if (mine !== expected) fail(`token ${id} has ${mine} waits`);
    }
    for (const [id, frame] of Object.entries(this.state.frames)) {
      const inside = Object.values(this.state.tokens).filter((token) => token.frame === id).length;
      const nested = Object.values(this.state.frames).filter(
        (other) => other.kind === "parallel" && other.parent === id,
      ).length;
      const expected = frame.kind === "parallel" ? frame.open : frame.begun - frame.done;
      if (inside + nested !== expected)
        fail(`frame ${id} has ${inside} tokens and ${nested} blocks, but expects ${expected}`);
    }
    if (ended && Object.keys(this.variables).some((name) => name.startsWith("~"))) fail("an internal variable is left");
  }

  // ---- what a test says --------------------------------------------------------------------------------------------------------

  /** The open effects of this kind, in the order in which they came. */
  waiting<K extends Effect["kind"]>(kind: K, nodeId?: string): Extract<Effect, { kind: K }>[] {
    const all = [...this.open.values()].flat().filter((effect) => effect.kind === kind) as Extract<
      Effect,
      { kind: K }
    >[];
    return all.filter((effect) => nodeId === undefined || ("nodeId" in effect && effect.nodeId === nodeId));
  }

  work(nodeId?: string): StartWork {
    return one(this.waiting("startWork", nodeId), `work of ${nodeId}`);
  }

  ask(nodeId?: string): Ask {
    return one(this.waiting("ask", nodeId), `question of ${nodeId}`);
  }

  done(nodeId: string, output: Json): Effect[] {
    return this.signal(this.work(nodeId).waitId, { kind: "result", output });
  }

  failed(nodeId: string, message = "it broke"): Effect[] {
    const error = { code: "internal" as const, message, remedy: null, retryable: false, field: null };
    return this.signal(this.work(nodeId).waitId, { kind: "error", error });
  }

  answered(nodeId: string, option: string, more: Partial<Extract<Signal, { kind: "verdict" }>> = {}): Effect[] {
    return this.signal(this.ask(nodeId).waitId, verdict(option, { at: this.now, ...more }));
  }

  /** Moves time to the next timer of the node and fires it. */
  timer(nodeId?: string): Effect[] {
    const timer = one(this.waiting("setTimer", nodeId), `timer of ${nodeId}`);
    this.now = Math.max(this.now, timer.at);
    return this.signal(timer.waitId, { kind: "timer" });
  }

  get finish(): Finish {
    return one(this.finishes, "finish");
  }

  status(nodeKey: string): string | undefined {
    return this.nodes.get(nodeKey)?.status;
  }
}

export function verdict(option: string, more: Partial<Extract<Signal, { kind: "verdict" }>> = {}): Signal {
  return {
    kind: "verdict",
    option,
    reason: null,
    by: "Ana",
    channel: "terminal",
    at: 0,
    text: null,
    fields: null,
    ...more,
  };
}

function one<T>(list: T[], what: string): T {
  if (list.length !== 1) throw new Error(`expected one ${what}, found ${list.length}`);
  return list[0]!;
}
