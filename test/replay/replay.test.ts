/** W6, O10: runs that were parked by an earlier version go on under the current one, from the database as that version left it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/functions.ts";
import { type ReplayHost, startReplayHost } from "./host.ts";
import { ACTOR, runOf, SCENES, until } from "./scenes.ts";

const FOLDER = join(import.meta.dirname, "databases");
const recorded = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(/\.json$/, ""));

let dataDir: string;
let host: ReplayHost | null = null;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "factory-replay-"));
});
afterEach(async () => {
  await host?.stop();
  host = null;
  rmSync(dataDir, { recursive: true, force: true });
});

test("there is at least one recorded database", () => {
  expect(recorded.length).toBeGreaterThan(0);
});

test.each(recorded)(
  "the runs recorded in %s go on under this version, and each step after the wait is done once",
  async (name) => {
    const { runs } = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8")) as {
      runs: { scene: string; runId: string }[];
    };
    writeFileSync(join(dataDir, "convex.sqlite"), zstdDecompressSync(readFileSync(join(FOLDER, `${name}.sqlite.zst`))));
    host = await startReplayHost(dataDir);
    const { backend } = host;
    const records: string[] = [];
    for (const { scene: title, runId } of runs) {
      const scene = SCENES.find((one) => one.name === title)!;
      if (scene.event !== undefined) {
        const { name: hook, body } = scene.event;
        await backend.mutation(functions.hooks.receive, { name: hook, key: title, body: JSON.stringify(body) });
      }
      for (const option of scene.answers) await answerNext(runId, option);
      await until(
        title,
        async () => await runOf(backend, runId),
        (run) => run.endedAt !== null,
      );
      const run = await runOf(backend, runId);
      expect([title, run.status, run.error]).toEqual([title, "completed", null]);
      if (scene.result !== undefined) expect(JSON.parse(run.result)).toEqual(scene.result);
      const unusual = run.nodes.filter(({ status }) => status !== "completed").map(({ id, status }) => [id, status]);
      expect(Object.fromEntries(unusual)).toEqual(scene.unusual ?? {});
      records.push(...scene.records);
    }
    await host.stop();
    host = null;
    expect(recordsIn(join(dataDir, "convex.sqlite"))).toEqual(
      Object.fromEntries(records.sort().map((key) => [key, 1])),
    );
  },
  60_000,
);

/** The first open question of the run, or of a run below it. */
async function answerNext(runId: string, option: string): Promise<void> {
  const { backend } = host!;
  const run = await runOf(backend, runId);
  for (const wait of run.waitingFor) {
    if (wait.kind === "run") return await answerNext(wait.runId, option);
    if (wait.kind !== "approval") continue;
    const answer = { actor: ACTOR, ref: wait.approvalId, option };
    expect(await backend.mutation(functions.approvals.answer, answer)).toMatchObject({ outcome: "settled" });
    return;
  }
  throw new Error(`run ${runId} (${run.status}) asks nothing`);
}

function recordsIn(path: string): Record<string, number> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db
      .prepare("SELECT json FROM docs WHERE json LIKE '%\"count\":%' AND json LIKE '%\"key\":%'")
      .all() as { json: string }[];
    const docs = rows.map((row) => JSON.parse(row.json) as { key: string; count: number });
    return Object.fromEntries(docs.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ key, count }) => [key, count]));
  } finally {
    db.close();
  }
}
