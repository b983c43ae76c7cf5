/** The workflows of the benches, and the calls they make. Every step leaves a row, so that what ran twice or not at all is seen. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { backendFolder } from "../../src/bot/data_dir.ts";
import { functions, type WireRun } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";
import type { AnswerResult } from "../../src/contract/approval.ts";
import type { Bot } from "./bot_process.ts";
import { pooled } from "./report.ts";

export const ACTOR: Actor = { kind: "operator", osUser: "bench", as: null, channel: "cli" };

const record = (key: string, next: string) => ({
  type: "task",
  functionId: "tool::record",
  config: { key: `{{id}}/${key}`, value: "1" },
  next,
});

/** recorded step → question → recorded step → end */
export const PARK = {
  id: "bench-park",
  startNodeId: "before",
  nodes: {
    before: record("before", "ask"),
    ask: {
      type: "approval",
      question: "Go on with {{id}}?",
      options: ["yes", "no"],
      next: { yes: "after", no: "after" },
    },
    after: record("after", "done"),
    done: { type: "end" },
  },
};

/** `length` recorded steps in a row. */
export function chain(length: number): object {
  const nodes: Record<string, object> = { done: { type: "end" } };
  for (let i = 0; i < length; i++) nodes[`n${i}`] = record(`n${i}`, i + 1 < length ? `n${i + 1}` : "done");
  return { id: `bench-chain-${length}`, startNodeId: "n0", nodes };
}

export async function install(bot: Bot, definition: object & { id?: string }): Promise<void> {
  await bot.client.mutation(functions.system.ensureOwner, { osUser: "bench" }, { skipQueue: true });
  await bot.client.mutation(
    functions.workflows.create,
    { actor: ACTOR, source: JSON.stringify(definition), file: `${definition.id}.json` },
    { skipQueue: true },
  );
}

export interface Parked {
  id: string;
  runId: string;
  approvalId: string;
}

export async function start(bot: Bot, workflow: string, id: string): Promise<WireRun> {
  return await bot.client.mutation(
    functions.runs.start,
    { actor: ACTOR, workflow, definition: null, input: JSON.stringify({ id }), origin: null, requestKey: id },
    { skipQueue: true },
  );
}

/** Starts `count` runs, 16 at a time; each stands at its question when this resolves. */
export async function park(bot: Bot, count: number, prefix: string): Promise<Parked[]> {
  const parked: Parked[] = [];
  const ids = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  await pooled(ids, 16, async (id) => {
    const run = await start(bot, "bench-park", id);
    const waits = run.waitingFor[0];
    if (waits?.kind !== "approval") throw new Error(`run ${id} does not wait for its question: ${JSON.stringify(run)}`);
    parked.push({ id, runId: run.runId, approvalId: waits.approvalId });
  });
  return parked;
}

export async function answer(bot: Bot, parked: Parked): Promise<AnswerResult> {
  return await bot.client.mutation(
    functions.approvals.answer,
    { actor: ACTOR, ref: parked.approvalId, option: "yes" },
    { skipQueue: true },
  );
}

/** Resolves when the run's last step has been committed and can be read. */
export async function untilCompleted(bot: Bot, runId: string): Promise<void> {
  for (;;) {
    const run = await bot.client.query(functions.runs.get, { runId });
    if (run?.status === "completed") return;
    if (run === null || run.status === "failed") throw new Error(`run ${runId}: ${run?.error ?? "is gone"}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** How often each step's effect was done, read from the file itself, past all code under test. The bot must have ended. */
export function witnesses(dataDir: string): Map<string, number> {
  const db = new DatabaseSync(join(backendFolder(dataDir), "convex.sqlite"), { readOnly: true });
  try {
    const rows = db
      .prepare("SELECT json FROM docs WHERE json LIKE '%\"count\":%' AND json LIKE '%\"key\":%'")
      .all() as { json: string }[];
    return new Map(
      rows.map((row) => {
        const doc = JSON.parse(row.json) as { key: string; count: number };
        return [doc.key, doc.count];
      }),
    );
  } finally {
    db.close();
  }
}
