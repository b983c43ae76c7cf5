/**
 * `node test/replay/record.ts NAME`: writes the scenes with the code as it is now and keeps the stopped database, compressed, beside
 * a list of its runs. To be done once a release; a recorded database is never written again.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { constants, zstdCompressSync } from "node:zlib";
import { functions } from "../../src/bot/functions.ts";
import { startReplayHost } from "./host.ts";
import { ACTOR, CHILD, INPUT, runOf, SCENES, until } from "./scenes.ts";

const name = process.argv[2];
const folder = join(import.meta.dirname, "databases");
const target = join(folder, `${name}.sqlite.zst`);
if (name === undefined || existsSync(target)) {
  console.error(name === undefined ? "usage: node test/replay/record.ts NAME" : `${target} is there already`);
  process.exit(2);
}

const dataDir = mkdtempSync(join(tmpdir(), "factory-record-"));
const host = await startReplayHost(dataDir);
const { backend } = host;
await backend.mutation(functions.system.ensureOwner, { osUser: "replay" });
for (const definition of [CHILD, ...SCENES.map((scene) => scene.definition)]) {
  await backend.mutation(functions.workflows.create, {
    actor: ACTOR,
    source: JSON.stringify(definition),
    file: `${definition.id}.json`,
  });
}
const runs: { scene: string; runId: string }[] = [];
for (const scene of SCENES) {
  const run = await backend.mutation(functions.runs.start, {
    actor: ACTOR,
    workflow: scene.definition.id,
    definition: null,
    input: INPUT,
    origin: null,
    requestKey: `replay:${scene.name}`,
  });
  runs.push({ scene: scene.name, runId: run.runId });
}
for (const { scene, runId } of runs) {
  const { parkedAt } = SCENES.find((one) => one.name === scene)!;
  const kinds = async () => {
    const { status, error, waitingFor } = await runOf(backend, runId);
    return { status, error, kinds: waitingFor.map((wait) => wait.kind) };
  };
  await until(scene, kinds, (found) => found.kinds.join() === parkedAt.join());
}
await host.stop();
const path = join(dataDir, "convex.sqlite");
const db = new DatabaseSync(path);
db.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; VACUUM");
db.close();
const params = { [constants.ZSTD_c_compressionLevel]: 19 };
writeFileSync(target, zstdCompressSync(readFileSync(path), { params }));
writeFileSync(join(folder, `${name}.json`), `${JSON.stringify({ runs }, null, 2)}\n`);
rmSync(dataDir, { recursive: true, force: true });
console.log(`kept ${runs.length} parked runs in ${target}`);
process.exit(0);
