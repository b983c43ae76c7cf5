/** Policy, people's times, handing on and the record by command, over the wire (O5): G1, G3, A12, A13, I10. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { backendFolder } from "../../src/bot/data_dir.ts";
import { Place, WITNESSED } from "./harness.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(async () => await place.dispose());

const SLOW = 180_000;
const POLICY = `
rules:
  - name: production
    when: env == prod or cost > 50
    then: ask
    for: [task]
    approvers: [person:bo]
  - name: no wipes
    when: input.id == wipe
    then: block
    for: [run]
`;

test(
  "G1, O5: a policy is tried, set and holds a step; the question is handed on and answered by command; the record is whole until a byte changes",
  async () => {
    const bot = await place.start();
    const backend = await place.backend();
    const actor = { kind: "operator", osUser: "root", as: null, channel: "cli" } as const;
    for (const name of ["ana", "bo"]) {
      await backend.mutation(functions.people.add, { actor, name, roles: [] });
      await backend.mutation(functions.people.link, { actor, name, handle: `terminal:${name}` });
    }
    const source = JSON.stringify(WITNESSED);
    await backend.mutation(functions.workflows.create, { actor, source, file: "witnessed.json" });
    const file = place.file("policy.yaml", POLICY);
    const tried = await place.typed("policy", "test", "--tool", "tool::record", "--cost", "60", "--file", file);
    expect(tried).toMatchObject({ code: 0, json: { decision: "ask", rule: "production" } });
    expect((await place.typed("policy", "set", file)).json).toMatchObject({ version: 1, changed: true, rules: 2 });
    expect((await place.typed("policy", "set", file, "--as", "ana")).code).toBe(3);
    expect((await place.cli(["policy", "test", "--tool", "tool::record", "--env", "prod"])).stdout).toMatch(
      /^ask: rule "production" speaks/,
    );

    const input = JSON.stringify({ id: "a", env: "prod" });
    const { json: started } = await place.typed("workflow", "run", "witnessed", "--input", input);
    const held = await place.until(["workflow", "status", started.runId], (run) => run.waitingFor.length > 0);
    expect(held).toMatchObject({ status: "waiting", waitingFor: [{ kind: "approval", options: ["approve", "deny"] }] });
    const ref = held.waitingFor[0].approvalId as string;
    // The policy names bo, so it is bo who hands it on; the owner's shell acts for bo, recorded as such.
    expect((await place.typed("approvals", "answer", ref, "approve")).code).toBe(3);
    const handed = await place.typed("approvals", "reassign", ref, "ana", "--as", "bo");
    expect(handed).toMatchObject({ code: 0, json: { done: true, from: "bo", to: "ana" } });
    expect((await place.typed("approvals", "answer", ref, "approve", "--as", "bo")).code).toBe(3);
    expect((await place.typed("approvals", "resend", ref)).json.places).toEqual(["terminal:ana"]);
    const answered = await place.typed("approvals", "answer", ref, "approve", "--as", "ana", "--reason", "fine");
    expect(answered).toMatchObject({ code: 0, json: { outcome: "settled" } });
    const shown = (await place.typed("approvals", "show", ref)).json;
    expect(shown.outcome).toMatchObject({ channel: "cli", by: expect.stringMatching(/^operator \(.+\) for ana$/) });
    const record = (await place.typed("audit", "list", "--approval", ref)).json as { kind: string }[];
    expect(record.map((row) => row.kind)).toEqual(
      expect.arrayContaining(["approval.reassigned", "approval.resent", "approval.answered"]),
    );

    const until = new Date(Date.now() + 3600_000).toISOString();
    expect((await place.typed("people", "oncall", "release", "ana", "--until", until)).json).toMatchObject([
      { role: "release", name: "ana" },
    ]);
    expect((await place.typed("people", "quiet", "ana", "22:00-07:00", "Europe/Berlin")).json).toMatchObject({
      quiet: "22:00-07:00 Europe/Berlin",
    });
    expect((await place.typed("people", "prefer", "ana", "terminal:ana")).json.preferredHandle).toBe("terminal:ana");
    const blocked = await place.typed("workflow", "run", "witnessed", "--input", '{"id":"wipe"}');
    expect(blocked).toMatchObject({
      code: 3,
      json: { status: "failed", error: expect.stringContaining('"no wipes"') },
    });

    const whole = await place.typed("audit", "verify");
    expect(whole).toMatchObject({ code: 0, json: { ok: true, fault: null } });
    const out = join(place.dataDir, "record.jsonl");
    await place.typed("audit", "export", "--out", out);
    const script = join(import.meta.dirname, "../../scripts/verify_audit_export.mjs");
    expect(execFileSync(process.execPath, [script, out], { encoding: "utf8" })).toMatch(
      /^whole: \d+ rows in \d+ chains/,
    );

    await bot.end("SIGTERM");
    tamper(place.dataDir, '\\"option\\":\\"approve\\"', '\\"option\\":\\"deny\\"   ');
    const again = await place.start();
    const broken = await place.typed("audit", "verify");
    expect(broken).toMatchObject({ code: 1, json: { ok: false, fault: { subject: `run:${started.runId}` } } });
    await again.end("SIGTERM");
  },
  SLOW,
);

/** Past all code: in the file itself, while nobody has it open. */
function tamper(dataDir: string, from: string, to: string): void {
  const db = new DatabaseSync(join(backendFolder(dataDir), "convex.sqlite"));
  try {
    const changed = db
      .prepare(
        "UPDATE docs SET json = replace(json, ?, ?) WHERE json LIKE '%approval.answered%' AND json LIKE '%\"prev\"%'",
      )
      .run(from, to);
    if (Number(changed.changes) === 0) throw new Error("no row of the record was changed");
  } finally {
    db.close();
  }
}
