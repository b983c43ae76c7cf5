/** Which rows the nodes of a run have, while it advances. The run's own row remembers those of the nodes under way. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

/** As many as a text in the run's row is worth; of more each is looked up. */
const FEW = 64;

export class NodeRows {
  private readonly ctx: QueryCtx;
  private readonly run: Doc<"runs">;
  /** Null: not known, each is looked up. */
  private readonly open: Map<string, Id<"runNodes">> | null;

  private constructor(ctx: QueryCtx, run: Doc<"runs">, open: Map<string, Id<"runNodes">> | null) {
    this.ctx = ctx;
    this.run = run;
    this.open = open;
  }

  static of(ctx: QueryCtx, run: Doc<"runs">): NodeRows {
    const { openNodes, nodeCount } = run;
    if (openNodes === undefined) return new NodeRows(ctx, run, nodeCount === 0 ? new Map() : null);
    return new NodeRows(ctx, run, new Map(Object.entries(JSON.parse(openNodes) as Record<string, Id<"runNodes">>)));
  }

  /** `fresh`: the node begins in this very transaction, so that it has no row unless it is under way already. Null: there is none. */
  async find(nodeKey: string, fresh: boolean): Promise<Id<"runNodes"> | null> {
    const known = this.open?.get(nodeKey);
    if (known !== undefined) return known;
    if (this.run.nodeCount === 0 || (fresh && this.open !== null)) return null;
    const row = await this.ctx.db
      .query("runNodes")
      .withIndex("by_runId_and_nodeKey", (q) => q.eq("runId", this.run._id).eq("nodeKey", nodeKey))
      .unique();
    return row?._id ?? null;
  }

  /** Null: it has ended. */
  note(nodeKey: string, rowId: Id<"runNodes"> | null): void {
    if (rowId === null) this.open?.delete(nodeKey);
    else this.open?.set(nodeKey, rowId);
  }

  /** For the run's row. */
  get text(): string | undefined {
    return this.open === null || this.open.size > FEW ? undefined : JSON.stringify(Object.fromEntries(this.open));
  }
}
