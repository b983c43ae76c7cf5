/** A disk that is really full, under a running bot: each command is told so once, nothing is lost and nothing done twice. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { toErrorInfo } from "../../src/contract/errors.ts";
import { witnesses } from "../bench/workload.ts";
import { OWNER } from "../runs.ts";
import { fatalOf, Place, WITNESSED } from "./harness.ts";
import { typist } from "./typed.ts";

const place = new Place();
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", place.dataDir]).status === 0;
afterAll(async () => {
  // Lazily: what still runs on it is killed next.
  if (mounted) spawnSync("umount", ["-l", place.dataDir]);
  await place.dispose();
});

const filler = join(place.dataDir, "filler");
/** Writes until nothing more fits. */
function fill(): void {
  const file = openSync(filler, "w");
  const block = Buffer.alloc(4096, 1);
  try {
    for (;;) writeSync(file, block);
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: "ENOSPC" });
  } finally {
    closeSync(file);
  }
}

const FULL = {
  code: "disk_full",
  retryable: true,
  field: "FACTORY_DATA_DIR",
  remedy: expect.stringContaining("space"),
};

test.skipIf(!mounted)(
  `a full disk -> disk_full on every write, reads go on; after kill -9 and with space again all is there, once${mounted ? "" : " (skipped: no small disk can be mounted here)"}`,
  async () => {
    const { ok, json, expectError } = typist(place.dataDir);
    const bot = await place.start();
    const file = place.file("witnessed.json", WITNESSED);
    const start = (id: string) => ["workflow", "run", file, "--input", JSON.stringify({ id })];
    const asked = async (id: string) => (await ok(...start(id))).waitingFor[0].approvalId as string;
    const questions = [await asked("a"), await asked("b")];

    fill();
    // What room the files themselves still have is used up first.
    const backend = await place.backend();
    const begun: string[] = [];
    for (let full = false; !full; ) {
      const id = `more${begun.length}`;
      const args = {
        actor: OWNER,
        workflow: "witnessed",
        definition: null,
        input: JSON.stringify({ id }),
        origin: null,
      };
      const run = await backend.mutation(functions.runs.start, args).catch((thrown: unknown) => toErrorInfo(thrown));
      full = "code" in run;
      if ("code" in run) expect(run).toMatchObject(FULL);
      else begun.push(run.runId);
    }
    await backend.close();
    await expectError(start("c"), 1, FULL);
    for (const ref of questions) await expectError(["approvals", "answer", ref, "yes"], 1, FULL);
    await expectError(["chat", "hello"], 1, FULL);
    expect(await ok("workflow", "runs", "--limit", "1000")).toHaveLength(2 + begun.length);
    expect((await ok("approvals", "show", questions[0]!)).status).toBe("pending");
    const doctor = await json("doctor");
    expect(doctor).toMatchObject({ code: 1, json: { ok: false } });
    expect(doctor.json.checks.filter((check: { ok: boolean }) => !check.ok)).toMatchObject([{ name: "disk" }]);

    await bot.end("SIGKILL");
    const refused = await place.startRefused();
    expect([refused.code, fatalOf(refused)]).toMatchObject([1, FULL]);

    rmSync(filler);
    const again = await place.start();
    for (const ref of questions)
      expect(await ok("approvals", "answer", ref, "yes")).toMatchObject({ outcome: "settled" });
    const runs = (await ok("workflow", "runs", "--limit", "1000")) as { status: string }[];
    expect(runs.filter(({ status }) => status === "completed")).toHaveLength(2);
    expect(runs.filter(({ status }) => status === "waiting")).toHaveLength(begun.length);
    expect(await ok("audit", "verify")).toMatchObject({ ok: true });
    await again.end("SIGTERM");
    const done = { "a/before": 1, "a/after": 1, "b/before": 1, "b/after": 1 };
    const others = Object.fromEntries(begun.map((_, at) => [`more${at}/before`, 1]));
    expect(Object.fromEntries(witnesses(place.dataDir))).toEqual({ ...done, ...others });
  },
  120_000,
);
