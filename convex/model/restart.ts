/**
 * Beginning again at a node: a new run of the definition that the run before was pinned to, with the input and with every result that
 * was there before the node was first entered. The run before stays as it is, so the record of both can be read.
 */
import type { Definition, Json } from "../../src/flow/definition.ts";
import { targetsOf } from "../../src/flow/draft.ts";
import { didYouMean } from "../../src/flow/suggest.ts";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { doneBy, record } from "./audit.ts";
import { beginRun } from "./begin.ts";
import { definitionOf } from "./definitions.ts";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";
import { demand, may } from "./rights.ts";
import { insertRun, runOfRequest } from "./runs.ts";

export async function restartRun(
  ctx: MutationCtx,
  before: Doc<"runs">,
  acting: Acting,
  options: { from: string | null; requestKey: string | null },
): Promise<Doc<"runs">> {
  const { requestKey } = options;
  const known = await runOfRequest(ctx, requestKey);
  if (known !== null) return known;
  demand(acting, "runs.start");
  if (before.startedBy !== acting.person._id && !may(acting.person, "runs.cancelAny")) {
    fail("forbidden", `only ${before.startedByShown} or an admin may restart this run`);
  }
  if (before.endedAt === null) {
    fail("conflict", `the run is ${before.status}`, { remedy: `factory workflow cancel ${before._id} ends it first` });
  }
  const row = await ctx.db.get("workflows", before.definitionId);
  if (row === null) fail("not_found", "the definition of this run is gone");
  const definition = definitionOf(row);
  const nodes = await nodesOf(ctx, before);
  const fromNodeId = whereFrom(definition, nodes, options.from);
  const run = await insertRun(ctx, row, {
    title: before.title,
    input: JSON.parse(before.input) as Json,
    startedBy: acting.person._id,
    startedByShown: acting.shown,
    requester: acting.countsAs,
    origin: before.origin,
    requestKey,
    parentId: null,
    parentWaitId: null,
    depth: 0,
    restartOf: before._id,
    fromNodeId,
    ...(before.agents === undefined ? {} : { agents: before.agents }),
  });
  await copyVariables(ctx, before, run, droppedVariables(definition, nodes, fromNodeId));
  await record(ctx, {
    subject: `run:${run._id}`,
    kind: "run.started",
    ...doneBy(acting),
    detail: { workflow: run.workflow, version: run.version, restartOf: before._id, from: fromNodeId },
  });
  await beginRun(ctx, run._id);
  return (await ctx.db.get("runs", run._id))!;
}

async function nodesOf(ctx: MutationCtx, run: Doc<"runs">): Promise<Doc<"runNodes">[]> {
  return await ctx.db
    .query("runNodes")
    .withIndex("by_runId_and_seq", (q) => q.eq("runId", run._id))
    .collect();
}

/** Named, else what failed or was cut off, else the beginning. Inside of a parallel block it is the block: its branches need each other. */
function whereFrom(definition: Definition, rows: Doc<"runNodes">[], named: string | null): string {
  if (named === null) {
    const stuck = rows.find((row) => row.status === "failed") ?? rows.find((row) => row.status === "cancelled");
    // An end that says why the run failed did its work: what led there is what has to be repeated, and nobody can guess it.
    const from = stuck === undefined || definition.nodes[stuck.nodeId]?.type === "end" ? null : stuck.nodeId;
    return from === null ? definition.startNodeId : (blockAround(definition, from) ?? from);
  }
  const ids = Object.keys(definition.nodes);
  const slug = named
    .trim()
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
  const from = ids.find((id) => id === named) ?? ids.find((id) => id.toLowerCase() === slug);
  if (from === undefined) {
    const near = didYouMean(named, ids);
    const shown = ids.filter((id) => !id.includes("."));
    fail("not_found", `the workflow has no node "${named.slice(0, 64)}"`, {
      field: "from",
      remedy: near ? `did you mean "${near}"?` : `its nodes are ${shown.slice(0, 30).join(", ")}`,
    });
  }
  const block = blockAround(definition, from);
  if (block === null) return from;
  return fail("invalid_input", `"${from}" runs beside others inside of "${block}"`, {
    field: "from",
    remedy: `restart from "${block}"`,
  });
}

/** The outermost parallel node in whose branches the node lies; null: none. */
function blockAround(definition: Definition, nodeId: string): string | null {
  const holding = Object.entries(definition.nodes).filter(
    ([, node]) => node.type === "parallel" && reach(definition, node.branches, node.next).has(nodeId),
  );
  const ids = holding.map(([id]) => id);
  // An inner block lies in the branches of the outer one.
  return ids.find((id) => blockAroundOnly(definition, id, ids) === null) ?? null;
}

function blockAroundOnly(definition: Definition, nodeId: string, among: string[]): string | null {
  return (
    among.find((id) => {
      const node = definition.nodes[id];
      return id !== nodeId && node?.type === "parallel" && reach(definition, node.branches, node.next).has(nodeId);
    }) ?? null
  );
}

function reach(definition: Definition, from: readonly string[], stop: string): Set<string> {
  const found = new Set<string>();
  const waiting = [...from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = definition.nodes[id];
    if (node === undefined || id === stop || found.has(id)) continue;
    found.add(id);
    waiting.push(...targetsOf(node));
  }
  return found;
}

/** Variables that the run before only had because of `from` and what came after it. Null: all, the run begins at its beginning. */
function droppedVariables(definition: Definition, rows: Doc<"runNodes">[], from: string): Set<string> | null {
  if (from === definition.startNodeId) return null;
  const owner = from.replace(/\.(approval|if)$/, "");
  const first = rows.find((row) => [from, owner, `${owner}.approval`].includes(row.nodeId));
  const [before, since] = [new Set<string>(), new Set<string>()];
  for (const row of rows) {
    const node = definition.nodes[row.nodeId];
    if (node === undefined || !("saveAs" in node) || node.saveAs === null) continue;
    (first === undefined || row.seq < first.seq ? before : since).add(node.saveAs);
  }
  return new Set([...since].filter((name) => !before.has(name)));
}

async function copyVariables(
  ctx: MutationCtx,
  before: Doc<"runs">,
  run: Doc<"runs">,
  dropped: Set<string> | null,
): Promise<void> {
  if (dropped === null) return;
  const rows = await ctx.db
    .query("runVariables")
    .withIndex("by_runId_and_name", (q) => q.eq("runId", before._id))
    .collect();
  for (const { name, value } of rows) {
    if (name.startsWith("~") || dropped.has(name)) continue;
    await ctx.db.insert("runVariables", { runId: run._id, name, value });
  }
}
