/**
 * One call of `transition` at work: a private copy of the state, the variables as this call has changed them, and the effects so far.
 * Knows tokens, frames, waits and the end of a run; what each node type does is in nodes.ts, what ends a wait in signals.ts.
 */
import { type ErrorInfo, errorInfo, FactoryError } from "../contract/errors.ts";
import type { Definition, FlowNode, Json } from "./definition.ts";
import { own, textOf } from "./json.ts";
import { runScope, type Scope } from "./scope.ts";
import type {
  Context,
  Effect,
  Finish,
  Frame,
  NodeProgress,
  NodeStatus,
  RunState,
  Token,
  Wait,
  WaitKind,
} from "./types.ts";

export const MAX_VARIABLE_CHARACTERS = 400_000;

/** Nodes before whose work the payload of the approval before it must still be what was approved; see bound.ts. */
export const MUST_BE_APPROVED: ReadonlySet<FlowNode["type"]> = new Set([
  ...(["task", "loop", "fanout", "run", "parallel", "end"] as const),
]);
/** The internal variable that keeps what was approved. */
export const boundName = (id: string): string => `~bound.${id}`;

export class Step {
  readonly state: RunState;
  readonly definition: Definition;
  readonly context: Context;
  readonly variables: Map<string, Json>;
  readonly scope: Scope;
  private readonly effects: Effect[] = [];
  private readonly progress = new Map<string, NodeProgress>();
  private finish: Finish | null = null;

  constructor(definition: Definition, state: RunState, context: Context) {
    this.definition = definition;
    this.context = context;
    this.state = {
      ...state,
      tokens: copyEach(state.tokens),
      frames: copyEach(state.frames),
      waits: copyEach(state.waits),
      visits: { ...state.visits },
    };
    this.variables = new Map(Object.entries(context.variables));
    this.scope = runScope(definition, context, this.variables);
  }

  /** In their order: what was decided, then how the nodes stand, then the end of the run. */
  allEffects(): Effect[] {
    return [...this.effects, ...this.progress.values(), ...(this.finish ? [this.finish] : [])];
  }

  emit(effect: Effect): void {
    this.effects.push(effect);
  }

  get running(): boolean {
    return this.state.status === "running";
  }

  node(nodeId: string): FlowNode {
    const node = own(this.definition.nodes, nodeId);
    if (node === undefined) {
      throw new FactoryError("invalid_definition", `the definition has no node "${nodeId}"`, { field: nodeId });
    }
    return node;
  }

  // ---- tokens ------------------------------------------------------------------------------------------------------------------

  spawn(nodeId: string, frame: string | null, more: Partial<Token> = {}): string {
    const id = this.newId("t");
    this.state.tokens[id] = { nodeId, frame, at: "ready", attempt: 1, visit: 0, startedAt: null, ...more };
    return id;
  }

  /** The token that has waited longest to be entered; null when none is ready. */
  nextReady(): string | null {
    let first: string | null = null;
    for (const [id, token] of Object.entries(this.state.tokens)) {
      if (token.at === "ready" && (first === null || serial(id) < serial(first))) first = id;
    }
    return first;
  }

  /** Moves a token on. At the place where its parallel block joins it is taken up; the last one of the block goes on for all of them. */
  arrive(tokenId: string, target: string): void {
    let token = this.state.tokens[tokenId]!;
    let id = tokenId;
    for (;;) {
      const frame = token.frame === null ? undefined : own(this.state.frames, token.frame);
      if (frame?.kind !== "parallel" || this.joinOf(frame) !== target) break;
      delete this.state.tokens[id];
      frame.open--;
      if (frame.open > 0) return;
      delete this.state.frames[token.frame!];
      this.note(frame.nodeId, frame.visit, "completed", { attempt: 1, startedAt: frame.startedAt, error: null });
      id = this.spawn(target, frame.parent);
      token = this.state.tokens[id]!;
    }
    const fresh: Token = { nodeId: target, frame: token.frame, at: "ready", attempt: 1, visit: 0, startedAt: null };
    const { bound } = token;
    if (bound === undefined) this.state.tokens[id] = fresh;
    else if (!MUST_BE_APPROVED.has(this.node(token.nodeId).type)) this.state.tokens[id] = { ...fresh, bound };
    else {
      // What was approved has been done.
      this.state.tokens[id] = fresh;
      this.deleteVariable(boundName(bound.id));
    }
  }

  private joinOf(frame: Frame): string | null {
    const node = own(this.definition.nodes, frame.nodeId);
    return node?.type === "parallel" ? node.next : null;
  }

  // ---- waits -------------------------------------------------------------------------------------------------------------------

  /** Parks the token. The effect that will bring the signal is the caller's to emit, with this id. */
  wait(tokenId: string, kind: WaitKind, purpose: Wait["purpose"] = "node", error?: ErrorInfo): string {
    const token = this.state.tokens[tokenId]!;
    token.at = "waiting";
    const waitId = this.newId("w");
    this.state.waits[waitId] = { kind, purpose, nodeId: token.nodeId, token: tokenId, ...(error && { error }) };
    return waitId;
  }

  closeWait(waitId: string, reason: string, more: { superseded?: true } = {}): void {
    const wait = own(this.state.waits, waitId);
    if (wait === undefined) return;
    delete this.state.waits[waitId];
    // Begun in this very call: nobody needs to hear of it.
    const begun = this.effects.filter((effect) => !("waitId" in effect) || effect.waitId !== waitId);
    if (begun.length < this.effects.length) {
      this.effects.splice(0, this.effects.length, ...begun);
      return;
    }
    this.emit({ kind: "closeWait", waitId, wait: wait.kind, reason, ...more });
  }

  newFrame(frame: Frame): string {
    const id = this.newId("f");
    this.state.frames[id] = frame;
    return id;
  }

  // ---- variables ---------------------------------------------------------------------------------------------------------------

  /** Throws a FactoryError that names the variable when the value is too large to be stored. */
  setVariable(name: string, value: Json): void {
    const size = textOf(value).length;
    if (size > MAX_VARIABLE_CHARACTERS) {
      throw new FactoryError(
        "too_large",
        `variable "${name}" would hold ${size} characters; at most ${MAX_VARIABLE_CHARACTERS} fit`,
        {
          field: name,
          remedy: "let the step answer more briefly, or store the content elsewhere and pass its address",
        },
      );
    }
    this.variables.set(name, value);
    this.emit({ kind: "setVariable", name, value });
  }

  deleteVariable(name: string): void {
    if (!this.variables.delete(name)) return;
    this.emit({ kind: "deleteVariable", name });
  }

  // ---- progress ----------------------------------------------------------------------------------------------------------------

  /** Records how the token's node stands. Tokens of a fanout's items are not shown: their node is. */
  show(token: Token, status: NodeStatus, error: ErrorInfo | null = null): void {
    if (token.index !== undefined) return;
    token.startedAt ??= this.context.now;
    this.note(token.nodeId, token.visit, status, { attempt: token.attempt, startedAt: token.startedAt, error });
  }

  private note(
    nodeId: string,
    visit: number,
    status: NodeStatus,
    more: { attempt: number; startedAt: number; error: ErrorInfo | null },
  ): void {
    const node = own(this.definition.nodes, nodeId);
    if (node === undefined) return;
    const nodeKey = visit > 1 ? `${nodeId}#${visit}` : nodeId;
    const over = status !== "running" && status !== "waiting";
    const { attempt, startedAt, error } = more;
    this.progress.set(nodeKey, {
      kind: "node",
      nodeKey,
      nodeId,
      type: node.type,
      status,
      attempt,
      startedAt,
      endedAt: over ? this.context.now : null,
      error,
    });
  }

  // ---- the end -----------------------------------------------------------------------------------------------------------------

  /** Ends the run, once: every wait is closed, every node under way is cancelled. Later calls change nothing. */
  end(finish: Omit<Finish, "kind">, reason: string): void {
    if (!this.running) return;
    this.state.status = finish.status;
    for (const waitId of Object.keys(this.state.waits).sort(bySerial)) this.closeWait(waitId, reason);
    for (const token of Object.values(this.state.tokens)) {
      if (token.startedAt !== null && token.nodeId !== finish.nodeId) this.show(token, "cancelled");
    }
    for (const frame of Object.values(this.state.frames)) {
      if (frame.kind === "parallel") {
        this.note(frame.nodeId, frame.visit, "cancelled", { attempt: 1, startedAt: frame.startedAt, error: null });
      }
    }
    for (const name of [...this.variables.keys()]) if (name.startsWith("~")) this.deleteVariable(name);
    this.state.tokens = {};
    this.state.frames = {};
    this.state.waits = {};
    this.finish = { kind: "finish", ...finish };
  }

  endFailed(nodeId: string | null, error: ErrorInfo): void {
    this.end({ status: "failed", result: null, outputs: [], nodeId, error }, "the run failed");
  }

  private newId(prefix: "t" | "f" | "w"): string {
    this.state.lastId++;
    return `${prefix}${this.state.lastId}`;
  }
}

const serial = (id: string): number => Number(id.slice(1));
export const bySerial = (a: string, b: string): number => serial(a) - serial(b);

function copyEach<T extends object>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([id, value]) => [id, { ...value }]));
}

/** What a failed node carries for anything thrown while it was decided. */
export function nodeError(thrown: unknown): ErrorInfo {
  if (thrown instanceof FactoryError) return thrown.info;
  return errorInfo("internal", thrown instanceof Error ? thrown.message : String(thrown));
}
