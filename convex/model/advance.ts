/**
 * One advance of a run: reads its rows once, lets `transition` decide for each event, carries out the effects, writes the rows once.
 * It never throws for a reason of the definition's or the data's: that is a failed node. What it throws is a fault of this program
 * or of the database; then nothing of it stays, and the driver tries again.
 */
import { type ErrorInfo, errorInfo, toErrorInfo } from "../../src/contract/errors.ts";
import type { Definition, Json } from "../../src/flow/definition.ts";
import { emptyState, transition } from "../../src/flow/transition.ts";
import type { Finish, FlowEvent, NodeProgress, RunState, Signal, Transition } from "../../src/flow/types.ts";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { definitionOf } from "./definitions.ts";
import { type Acted, act } from "./effects.ts";
import { finishRun } from "./finish.ts";
import { toJsonText } from "./json.ts";
import { NodeRows } from "./node_rows.ts";
import { noteProgress } from "./progress.ts";
import { statusOf } from "./run_status.ts";
import { signalText, waitKey } from "./signals.ts";

/** Events in one transaction: a chain of inline nodes is one each. What is left goes on in the next, right after. */
const MAX_EVENTS = 200;
const MAX_NODES = 100;
const MAX_SIGNALS = 500;
/** All variables of a run together, in characters: far below what one transaction may read (16 MiB). */
const MAX_VARIABLES_LENGTH = 4_000_000;

/** Rows of one run while it advances: read at the beginning, written by `flush`. */
export class Advance {
  readonly ctx: MutationCtx;
  readonly definition: Definition;
  readonly run: Doc<"runs">;
  state: RunState;
  readonly now = Date.now();
  readonly variables: Record<string, Json> = {};
  private readonly input: Json;
  /** Length of each variable's text: every advance and every view reads all of them in one transaction. */
  private sizes = new Map<string, number>();
  private readonly variableRows = new Map<string, Id<"runVariables">>();
  private readonly touched = new Set<string>();
  private readonly nodes = new Map<string, NodeProgress>();
  private readonly queue: FlowEvent[] = [];
  private finish: Finish | null = null;
  private keepsSignals = false;

  private constructor(ctx: MutationCtx, run: Doc<"runs">, definition: Definition) {
    this.ctx = ctx;
    this.run = run;
    this.definition = definition;
    this.input = JSON.parse(run.input) as Json;
    this.state = run.state === "" ? emptyState() : (JSON.parse(run.state) as RunState);
  }

  /** `takes` false: signals that were kept are left to the transaction that is on its way to them. */
  static async load(ctx: MutationCtx, run: Doc<"runs">, { takes = true } = {}): Promise<Advance> {
    const row = await ctx.db.get("workflows", run.definitionId);
    if (row === null) throw new Error(`run ${run._id} has lost its definition`);
    const advance = new Advance(ctx, run, definitionOf(row));
    const variables = ctx.db.query("runVariables").withIndex("by_runId_and_name", (q) => q.eq("runId", run._id));
    for (const variable of await variables.collect()) {
      advance.variables[variable.name] = JSON.parse(variable.value) as Json;
      advance.sizes.set(variable.name, variable.value.length);
      advance.variableRows.set(variable.name, variable._id);
    }
    if (run.state === "") advance.queue.push({ type: "start", fromNodeId: run.fromNodeId ?? null });
    else if (Object.values(advance.state.tokens).some((token) => token.at === "ready")) advance.continue();
    if (takes) await advance.takeSignals();
    return advance;
  }

  private async takeSignals(): Promise<void> {
    const runId = this.run._id;
    const rows = await this.ctx.db
      .query("signals")
      .withIndex("by_runId_and_consumed", (q) => q.eq("runId", runId).eq("consumed", false))
      .take(MAX_SIGNALS);
    for (const row of rows) {
      this.queue.push({ type: "signal", waitId: row.waitId, signal: JSON.parse(row.signal) as Signal });
      await this.ctx.db.patch("signals", row._id, { consumed: true });
    }
  }

  push(event: FlowEvent): void {
    this.queue.push(event);
  }

  /** Before anything that waited: a cancel. */
  pushFirst(event: FlowEvent): void {
    this.queue.unshift(event);
  }

  private continue(): void {
    this.queue.unshift({ type: "continue" });
  }

  /** Whether the run has ended in this advance. */
  get over(): boolean {
    return this.finish !== null;
  }

  /** Works off the queue and what it leads to. False: there is more, which the next transaction takes up. To be followed by `flush`. */
  async perform(): Promise<boolean> {
    let events = 0;
    for (let event = this.queue.shift(); event !== undefined && this.finish === null; event = this.queue.shift()) {
      const { state, effects, more } = this.decide(event);
      this.state = state;
      for (const effect of effects) await this.carryOut(await act(this, effect));
      if (more) this.continue();
      events += 1;
      if (events >= MAX_EVENTS) break;
    }
    const finished = this.finish !== null || this.queue.length === 0;
    if (!finished) await this.keepSignals();
    this.keepsSignals = !finished;
    return finished;
  }

  /** Results of inline functions that this transaction does not take up any more: their effects are in it, so they must not be lost. */
  private async keepSignals(): Promise<void> {
    const runId = this.run._id;
    for (const event of this.queue) {
      if (event.type !== "signal") continue;
      const { waitId, signal } = event;
      const text = signalText(signal);
      const key = waitKey(runId, waitId);
      await this.ctx.db.insert("signals", { runId, waitId, key, signal: text, consumed: false, at: this.now });
    }
  }

  /** A result that is too large for a row is a failure of the node that gave it. */
  private decide(event: FlowEvent): Transition {
    const decided = transition(this.definition, this.state, event, this.context());
    const error = this.tooLarge(decided);
    if (error === null || event.type !== "signal") return decided;
    const signal: Signal = { kind: "error", error };
    return transition(this.definition, this.state, { ...event, signal }, this.context());
  }

  private tooLarge(decided: Transition): ErrorInfo | null {
    const sizes = new Map(this.sizes);
    for (const effect of decided.effects) {
      if (effect.kind === "deleteVariable") sizes.delete(effect.name);
      if (effect.kind !== "setVariable") continue;
      const what = `variable ${effect.name}`;
      try {
        sizes.set(effect.name, toJsonText(effect.value, what).length);
      } catch (thrown) {
        return toErrorInfo(thrown);
      }
      const total = sum(sizes.values());
      if (total <= MAX_VARIABLES_LENGTH) continue;
      return errorInfo(
        "too_large",
        `with ${what} this run's variables would hold ${total} characters; at most ${MAX_VARIABLES_LENGTH} are kept`,
        { field: what, remedy: "keep large content in a file or a store and pass its address" },
      );
    }
    this.sizes = sizes;
    return null;
  }

  private context(): Parameters<typeof transition>[3] {
    const { _id, title, startedByShown, workflow } = this.run;
    return {
      now: this.now,
      input: this.input,
      variables: this.variables,
      run: { id: _id, title, startedBy: startedByShown, workflow },
      maxNodes: MAX_NODES,
    };
  }

  private async carryOut(acted: Acted): Promise<void> {
    switch (acted.kind) {
      case "signal":
        this.queue.push({ type: "signal", waitId: acted.waitId, signal: acted.signal });
        return;
      case "variable":
        if (acted.value === undefined) delete this.variables[acted.name];
        else this.variables[acted.name] = acted.value;
        this.touched.add(acted.name);
        return;
      case "node":
        this.nodes.set(acted.node.nodeKey, acted.node);
        return;
      case "finish":
        this.finish = acted.finish;
        return;
      case "done":
        return;
    }
  }

  /** Writes the rows, each once. `more`: what else changes in the run's row. */
  async flush(more: Partial<Doc<"runs">> = {}): Promise<void> {
    for (const name of this.touched) await this.flushVariable(name);
    const nodes = await this.flushNodes();
    const told = this.definition.notify.length > 0;
    if (told) await noteProgress(this.ctx, this.run._id, this.definition.notify);
    const change = { state: JSON.stringify(this.state), keepsSignals: this.keepsSignals, ...nodes, ...more };
    if (this.finish === null) {
      await this.ctx.db.patch("runs", this.run._id, { ...change, status: statusOf(this.state) });
    } else {
      await finishRun(this.ctx, this.run, this.finish, change, told);
    }
  }

  private async flushVariable(name: string): Promise<void> {
    const id = this.variableRows.get(name);
    const value = this.variables[name];
    if (value === undefined) {
      if (id !== undefined) await this.ctx.db.delete("runVariables", id);
      return;
    }
    const text = toJsonText(value, `variable ${name}`);
    if (id === undefined) await this.ctx.db.insert("runVariables", { runId: this.run._id, name, value: text });
    else await this.ctx.db.patch("runVariables", id, { value: text });
  }

  private async flushNodes(): Promise<Pick<Doc<"runs">, "nodeCount" | "nodeRows">> {
    const runId = this.run._id;
    let { nodeCount } = this.run;
    if (this.nodes.size === 0) return { nodeCount };
    const rows = new NodeRows(this.ctx, this.run);
    for (const { nodeKey, nodeId, type, status, attempt, startedAt, endedAt, error } of this.nodes.values()) {
      const told = { error: error?.message ?? null, errorInfo: error === null ? undefined : JSON.stringify(error) };
      const fields = { nodeKey, nodeId, type, status, attempt, startedAt, endedAt, ...told };
      const known = await rows.find(nodeKey);
      if (known !== null) await this.ctx.db.patch("runNodes", known, fields);
      const rowId = known ?? (await this.ctx.db.insert("runNodes", { runId, seq: nodeCount++, ...fields }));
      rows.note(nodeKey, rowId);
    }
    return { nodeCount, nodeRows: this.over ? undefined : rows.text };
  }
}

const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};

/** What a node gets when its effect could not be carried out for a reason that is not ours. */
export const failedBy = (thrown: unknown): ErrorInfo => {
  const info = toErrorInfo(thrown);
  return info.code === "internal" ? errorInfo("internal", info.message) : info;
};
