/** Which rows the nodes of a run have, while it advances. As long as they are few, the run's own row remembers them. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/** What a text in the run's row is worth. Of more nodes each is looked up. */
const MAX_REMEMBERED = 16;

export class NodeRows {
  private readonly ctx: QueryCtx;
  private readonly run: Doc<"runs">;
  /** All of them, by their keys; null: they are to be looked up. */
  private readonly known: Map<string, Id<"runNodes">> | null;

  constructor(ctx: QueryCtx, run: Doc<"runs">) {
    this.ctx = ctx;
    this.run = run;
    const text = run.nodeRows ?? (run.nodeCount === 0 ? "{}" : null);
    this.known = text === null ? null : new Map(Object.entries(JSON.parse(text) as Record<string, Id<"runNodes">>));
  }

  /** Null: it has none yet. */
  async find(nodeKey: string): Promise<Id<"runNodes"> | null> {
    if (this.known !== null) return this.known.get(nodeKey) ?? null;
    const row = await this.ctx.db
      .query("runNodes")
      .withIndex("by_runId_and_nodeKey", (q) => q.eq("runId", this.run._id).eq("nodeKey", nodeKey))
      .unique();
    return row?._id ?? null;
  }

  note(nodeKey: string, rowId: Id<"runNodes">): void {
    this.known?.set(nodeKey, rowId);
  }

  /** For the run's row. */
  get text(): string | undefined {
    if (this.known === null || this.known.size > MAX_REMEMBERED) return undefined;
    return JSON.stringify(Object.fromEntries(this.known));
  }
}
