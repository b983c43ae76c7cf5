/** Starting runs and looking at them, for tests of the backend. Definitions are written in the graph notation, as JSON. */
import type { FunctionArgs, FunctionReturnType } from "convex/server";
import { vi } from "vitest";
import { api, internal } from "../convex/_generated/api.js";
import type { Doc, Id } from "../convex/_generated/dataModel.js";
import type { Actor } from "../src/contract/actor.ts";
import type { ErrorInfo } from "../src/contract/errors.ts";
import { type Backend, createBackend } from "./backend.ts";

export const OWNER: Actor = { kind: "operator", osUser: "root", as: null, channel: "cli" };
export const as = (name: string): Actor => ({ kind: "operator", osUser: "root", as: name, channel: "cli" });
export const at = (handle: string): Actor => ({ kind: "handle", handle, channel: handle.split(":")[0] ?? "" });

export interface Graph {
  name?: string;
  title?: string;
  startNodeId: string;
  nodes: Record<string, { type: string; [field: string]: unknown }>;
  [field: string]: unknown;
}

export const record = (key: string, next: string, more: Record<string, unknown> = {}) => ({
  type: "task",
  functionId: "tool::record",
  config: { key },
  next,
  ...more,
});
export const approve = (question: string, yes: string, no: string, more: Record<string, unknown> = {}) => ({
  type: "approval",
  question,
  options: ["yes", "no"],
  next: { yes, no, ...("expiresInMs" in more ? { expired: no } : {}) },
  ...more,
});
export const end = (result?: string) => ({ type: "end", ...(result === undefined ? {} : { result }) });

/** A workflow of one question: yes is recorded as shipped, no as stopped. */
export const shipIt = (more: Record<string, unknown> = {}): Graph => ({
  name: "ask",
  startNodeId: "ask",
  nodes: {
    ask: approve("Ship it?", "shipped", "stopped", more),
    shipped: record("shipped", "done"),
    stopped: record("stopped", "done"),
    done: end(),
  },
});

export type RunWire = NonNullable<FunctionReturnType<typeof api.runs.get>>;

/** A backend with its owner, named root. */
export async function startBackend() {
  const { gateway: t, anonymous } = createBackend();
  await t.mutation(api.system.ensureOwner, { osUser: "root" });
  return { t, anonymous, ...helpers(t) };
}

function helpers(t: Backend["gateway"]) {
  const answer = (ref: string, option: string, more: Partial<FunctionArgs<typeof api.approvals.answer>> = {}) =>
    t.mutation(api.approvals.answer, { actor: OWNER, ref, option, ...more });
  return {
    start: (graph: Graph, more: Partial<FunctionArgs<typeof api.runs.start>> = {}) =>
      t.mutation(api.runs.start, {
        actor: OWNER,
        workflow: null,
        definition: { source: JSON.stringify(graph), file: `${graph.name ?? "test"}.json` },
        input: "{}",
        origin: null,
        ...more,
      }),
    answer,
    /** Adds a person with a terminal of that name. */
    person: async (name: string, ...roles: string[]) => {
      await t.mutation(api.people.add, { actor: OWNER, name, roles });
      await t.mutation(api.people.link, { actor: OWNER, name, handle: `terminal:${name}` });
    },
    run: async (runId: string) => {
      const run = await t.query(api.runs.get, { runId });
      if (run === null) throw new Error(`no run ${runId}`);
      return run;
    },
    open: (actor: Actor = OWNER) => t.query(api.approvals.list, { actor }),
    approval: async (ref: string) => {
      const found = await t.query(api.approvals.get, { actor: OWNER, ref });
      if (found === null) throw new Error(`no approval ${ref}`);
      return found;
    },
    /** Does the work of a node's oldest open job, as an agent would; under fake timers nothing else does it. */
    work: async (nodeId: string, output: string | ErrorInfo): Promise<void> => {
      const jobs = await t.run((ctx) => ctx.db.query("jobs").collect());
      const job = jobs.find((row) => row.nodeId === nodeId && row.status === "ready");
      if (job === undefined) throw new Error(`no open job of ${nodeId}: ${jobs.map((row) => row.nodeId)}`);
      const held = { jobId: job._id, leaseId: (await t.mutation(internal.jobs.claim, { jobId: job._id }))!.leaseId };
      if (typeof output === "string") await t.mutation(internal.jobs.complete, { ...held, output });
      else await t.mutation(internal.jobs.fail, { ...held, error: output });
    },
    prompts: async (): Promise<string[]> =>
      (await t.run((ctx) => ctx.db.query("jobs").collect())).map((row) => row.prompt),
    create: (definition: object | string, file = "test.yaml", actor: Actor = OWNER) =>
      t.mutation(api.workflows.create, {
        actor,
        source: typeof definition === "string" ? definition : JSON.stringify(definition),
        file,
      }),
    /** A role or a hand, as its file says. */
    install: (kind: "role" | "hand", name: string, head: string, instructions = "Do it well.") =>
      t.mutation(api.profiles.install, {
        actor: OWNER,
        kind,
        file: `${name}.md`,
        source: `---\n${head}\n---\n${instructions}\n`,
      }),
    /** How often each key was recorded. */
    records: () =>
      t.run(async (ctx) =>
        Object.fromEntries((await ctx.db.query("records").collect()).map((row) => [row.key, row.count])),
      ),
    rows: <
      Table extends
        | "workflows"
        | "schedules"
        | "hookEvents"
        | "profiles"
        | "eventWaits"
        | "runNodes"
        | "tasks"
        | "signals"
        | "jobs"
        | "timers"
        | "votes"
        | "approvalCodes"
        | "audit"
        | "runs"
        | "deliveries",
    >(
      table: Table,
    ): Promise<Doc<Table>[]> => t.run((ctx) => ctx.db.query(table).collect()) as Promise<Doc<Table>[]>,
    driverRow: (runId: string) => t.run((ctx) => ctx.db.get("runs", runId as Id<"runs">)),
  };
}

/** Lets so much time pass (under fake timers), with everything scheduled in it. */
export async function pass({ t }: { t: Backend["gateway"] }, ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await t.finishInProgressScheduledFunctions();
}

export const question = (run: RunWire, index = 0) => {
  const waits = run.waitingFor.filter((wait) => wait.kind === "approval");
  const wait = waits[index];
  if (wait === undefined) throw new Error(`run ${run.runId} (${run.status}) asks ${waits.length} questions`);
  return wait;
};
