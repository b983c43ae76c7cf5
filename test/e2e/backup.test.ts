/** A copy made while the bot runs is a whole bot: its open question is answered elsewhere and goes on there. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Place, WITNESSED } from "./harness.ts";

let place: Place;
let other: Place;
let out: string;
beforeEach(() => {
  place = new Place();
  other = new Place();
  out = mkdtempSync(join(tmpdir(), "factory-copies-"));
});
afterEach(async () => {
  await Promise.all([place.dispose(), other.dispose()]);
  rmSync(out, { recursive: true, force: true });
});

test("asked -> copied while the bot runs -> restored in another folder -> answered there; and an export for Convex", async () => {
  const file = join(out, "copy");
  const bot = await place.start();
  await place.json("workflow", "create", place.file("witnessed.json", WITNESSED));
  const { runId } = await place.ok("workflow", "run", "witnessed", "--input", '{"id":"b"}');
  await place.until(["workflow", "status", runId], (run) => run.waitingFor[0]?.kind === "approval");

  expect(await place.ok("backup", file)).toMatchObject({ file, documents: expect.any(Number) });
  expect(await place.json("restore", file)).toMatchObject({ code: 1, json: { error: { code: "bot_running" } } });
  const exported = await place.ok("export", join(out, "export.zip"));
  expect(exported).toMatchObject({ tables: { runs: 1, approvals: 1 }, scheduledLeftOut: expect.any(Number) });
  await bot.end("SIGTERM");
  expect(await place.json("restore", file)).toMatchObject({
    code: 1,
    json: { error: { code: "conflict", remedy: expect.stringContaining("--replace") } },
  });

  const unusable = { code: "invalid_input", field: "FILE", remedy: "give a file that factory backup made" };
  expect(await other.json("restore", join(out, "none"))).toMatchObject({ code: 2, json: { error: unusable } });
  expect(await other.ok("restore", file)).toMatchObject({ movedTo: null, createdAt: expect.any(String) });
  await other.start();
  const [open] = await other.ok("approvals", "list");
  expect(open).toMatchObject({ question: "Go on with b?", runId });
  expect(await other.json("approvals", "answer", open.code, "yes")).toMatchObject({ json: { outcome: "settled" } });
  const ended = await other.until(["workflow", "status", runId], ({ endedAt }) => endedAt !== null);
  expect(ended).toMatchObject({ status: "completed", result: "b went on" });

  expect(await place.ok("restore", file, "--replace")).toMatchObject({
    movedTo: expect.stringContaining("backend.before-"),
  });
}, 120_000);
