/** What the command says of what is over: a cancelled run, and what can no longer be done. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Place, WITNESSED } from "./harness.ts";
import { typist } from "./typed.ts";

const place = new Place();
beforeAll(async () => {
  await place.start();
}, 90_000);
afterAll(async () => await place.dispose());

const SLOW = 60_000;
const { typed, json, ok, expectError } = typist(place.dataDir);

/** A run that stands at its question. */
const asked = async (id: string) =>
  await ok("workflow", "run", place.file("witnessed.json", WITNESSED), "--input", JSON.stringify({ id }));

test(
  "a thing that is there, or over, or somebody else's -> the field at fault and what to do",
  async () => {
    const { runId, startedBy, waitingFor } = await asked("over");
    await ok("people", "add", "Visitor");
    const refused = (args: string[], code: number, error: object) => expectError(args, code, error);
    await refused(["workflow", "cancel", runId, "--as", "Visitor"], 3, { code: "forbidden", field: "runId" });
    await refused(["people", "add", startedBy], 1, { code: "conflict", field: "name" });
    await refused(["people", "unlink", startedBy, "terminal:x"], 4, { code: "not_found", field: "handle" });
    const sms = { field: "HANDLE", message: '"sms:0" is not an SMS handle' };
    await refused(["people", "link", startedBy, "sms:0"], 2, { code: "invalid_input", ...sms });
    await ok("approvals", "answer", waitingFor[0].code, "yes");
    const over = { code: "conflict", field: "ref", message: expect.stringMatching(/^this question has been answered/) };
    await refused(["approvals", "reassign", waitingFor[0].approvalId, "Visitor"], 1, over);
    await refused(["approvals", "resend", waitingFor[0].approvalId], 1, over);
    const message = "the run has completed already";
    await refused(["workflow", "cancel", runId], 1, { code: "conflict", field: "runId", message });
    for (const verb of ["backup", "export"]) {
      const absent = join(place.dataDir, "absent");
      const message = `${absent}/copy.zip cannot be used: there is no folder ${absent}`;
      await refused([verb, `${absent}/copy.zip`], 2, { code: "invalid_input", field: "FILE", message });
    }
  },
  SLOW,
);

test(
  "a cancelled run says by whom and why: in its status, its results, the list and its question",
  async () => {
    const { runId, startedBy, waitingFor } = await asked("stopped");
    expect((await typed(["workflow", "results", runId])).stdout).toBe(`${runId} is waiting; it has no result yet\n`);
    await ok("workflow", "cancel", runId, "--reason", "test over");
    const words = `cancelled by ${startedBy}: test over`;
    expect((await typed(["workflow", "status", runId])).stdout).toContain(`${words} (after `);
    expect((await typed(["workflow", "results", runId])).stdout).toBe(`${runId} was ${words}; it has no result\n`);
    expect((await typed(["workflow", "runs", "--status", "cancelled"])).stdout).toContain(words);
    expect((await typed(["approvals", "show", waitingFor[0].approvalId])).stdout).toMatch(
      new RegExp(`outcome +cancelled by ${startedBy}, .*: test over`),
    );
    const cancelled = { by: startedBy, reason: "test over" };
    expect(await json("workflow", "results", runId)).toMatchObject({ code: 1, json: { result: null, cancelled } });
    expect(await ok("workflow", "status", runId)).toMatchObject({ status: "cancelled", cancelled });
  },
  SLOW,
);
