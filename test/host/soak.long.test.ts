/** Weeks of work in a minute: the ages at which things are swept away are short, everything else is real. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startBackend } from "../../src/host/backend.ts";
import { functionsDir } from "../../src/host/bundle/functions_dir.ts";
import { choosePort } from "../../src/host/ports.ts";
import { fixtureApp, NO_KEYS } from "./running_fixture.ts";

/** The write-ahead log keeps its size (src/host/store/checkpoints.ts), and a little more while it is copied. */
const LOG_BYTES = 20e6;
const SECONDS = Number(process.env.SOAK_SECONDS ?? 90);

test("mutations with sessions, scheduled functions and workflows, for long -> the disk and the memory stay flat", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "convex-soak-"));
  const port = await choosePort("127.0.0.1", 0);
  const backend = await startBackend({
    functionsDir: functionsDir(fixtureApp),
    dataDir,
    cacheDir: join(dataDir, "cache"),
    host: "127.0.0.1",
    port,
    env: { FIXTURE_JWKS: NO_KEYS },
    synchronous: "NORMAL",
    instanceName: "soak",
    adminKey: "soak|key",
    log: () => {},
    limits: { sweepMs: 500, finishedScheduledMs: 3_000, answeredResultMs: 3_000, sessionResultMs: 6_000 },
  });
  const { engine } = backend;
  const caller = { identity: null, isAdmin: true };
  const call = async (name: string, args: Record<string, string | number>, requestId?: number) =>
    (
      await engine.mutation(
        engine.parsePath(name),
        args,
        caller,
        requestId === undefined ? undefined : { sessionId: `s${requestId % 4}`, requestId },
      )
    ).value;
  const disk = () =>
    ["", "-wal"].reduce(
      (sum, end) => sum + (statSync(join(dataDir, `convex.sqlite${end}`), { throwIfNoEntry: false })?.size ?? 0),
      0,
    );
  const sizes: number[] = [];
  const heaps: number[] = [];
  const flows: string[] = [];
  let calls = 0;
  try {
    const began = Date.now();
    let sampled = 0;
    for (let n = 0; Date.now() - began < SECONDS * 1000; n++) {
      await Promise.all([
        ...Array.from({ length: 8 }, (_, i) => call("counters:add", { name: `c${i}`, by: 1 }, n * 8 + i)),
        call("counters:scheduleNothing", { delayMs: (n * 37) % 200 }),
      ]);
      if (n % 10 === 0) {
        const workflowId = JSON.parse(await call("flows:start", { name: "flow" })) as string;
        await call("flows:go", { workflowId });
        flows.push(workflowId);
        // As an application does when a workflow has ended; the youngest are still at work.
        while (flows.length > 20 && (await call("flows:cleanUp", { workflowId: flows[0]! })) === "true") flows.shift();
      }
      calls += 9;
      // Calls of a client come with a turn of the event loop; these do not.
      await new Promise((resolve) => setImmediate(resolve));
      if (Date.now() - began > sampled * 1000) {
        sampled++;
        sizes.push(disk());
        heaps.push(process.memoryUsage().heapUsed);
      }
    }
  } finally {
    await backend.stop(5_000);
    rmSync(dataDir, { recursive: true, force: true });
  }
  const third = Math.floor(sizes.length / 3);
  const middle = Math.max(...sizes.slice(third, 2 * third));
  const end = Math.max(...sizes.slice(2 * third));
  console.log(
    `${calls} calls; disk ${sizes.map((size) => (size / 1e6).toFixed(1)).join(" ")} MB; heap ${Math.max(...heaps) / 1e6} MB`,
  );
  // Every call leaves rows of some hundred bytes; kept, the last third would add as much as each before. Room is left for a machine
  // that works faster at the end: what is not old enough to be swept grows with it.
  expect(end).toBeLessThan(middle * 1.5);
  expect(end - LOG_BYTES).toBeLessThan(calls * 100);
}, 600_000);
