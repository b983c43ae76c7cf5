/** Workflows by command, over HTTP and from code, against the real bot: W10, W13, W14, W17, W21, W12. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createClient, defineWorkflow } from "../../src/sdk/index.ts";
import { type BotProcess, Place } from "./harness.ts";

const place = new Place();
const SECRET = "hook secret";
let bot: BotProcess;
beforeAll(async () => {
  bot = await place.start({ HOOK_SECRET_DEPLOY_DONE: SECRET, FACTORY_SIMULATE: "off" });
}, 90_000);
afterAll(async () => await place.dispose());

const SLOW = 60_000;

async function post(body: string, atS = Math.floor(Date.now() / 1000)) {
  const v1 = createHmac("sha256", SECRET).update(`${atS}.${body}`).digest("hex");
  const response = await fetch(`${bot.ready.http}/hooks/deploy-done`, {
    method: "POST",
    headers: { "x-factory-signature": `t=${atS},v1=${v1}` },
    body,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

test(
  "W10: a signed event starts a run and resumes one; the same request again does neither",
  async () => {
    const hooked = {
      id: "hooked",
      hook: { name: "deploy-done", when: "body.start == yes", input: { v: "{{body.v}}" } },
      inputs: { type: "object", properties: { v: { type: "string" } } },
      startNodeId: "wait",
      nodes: {
        wait: { type: "event", name: "deploy-done", key: "{{v}}", saveAs: "got", next: "done" },
        done: { type: "end", result: "{{v}} {{got.state}}" },
      },
    };
    await place.typed("workflow", "create", place.file("hooked.json", hooked));
    const atS = Math.floor(Date.now() / 1000);
    const first = await post('{"start":"yes","v":"1.2"}', atS);
    expect(first).toMatchObject({ status: 202, body: { duplicate: false, resumed: 0 } });
    expect(await post('{"start":"yes","v":"1.2"}', atS)).toEqual({
      status: 200,
      body: { ...first.body, duplicate: true },
    });
    const runs = (await place.typed("workflow", "runs")).json as { runId: string; workflow: string; status: string }[];
    expect(runs.map(({ workflow, status }) => [workflow, status])).toEqual([["hooked", "waiting"]]);
    expect(await post('{"key":"1.1","state":"ok"}')).toMatchObject({ status: 202, body: { resumed: 0 } });
    expect(await post('{"key":"1.2","state":"ok"}')).toMatchObject({ status: 202, body: { resumed: 1 } });
    expect((await place.typed("workflow", "results", runs[0]!.runId)).json).toMatchObject({ result: "1.2 ok" });
    expect((await post("{}", 1000)).status).toBe(401);
  },
  SLOW,
);

test(
  "W21, W14: a schedule by command is shown by list, and ended by its id",
  async () => {
    const set = await place.typed(
      "workflow",
      "schedule",
      "backlog-report",
      "0 7 * * 1-5",
      "--time-zone",
      "Europe/Berlin",
    );
    expect(set).toMatchObject({ code: 0, json: { cron: "0 7 * * 1-5", timeZone: "Europe/Berlin", origin: "command" } });
    const listed = (await place.typed("workflow", "list")).json as { name: string; schedules: object[] }[];
    expect(listed.find(({ name }) => name === "backlog-report")!.schedules).toHaveLength(1);
    expect((await place.typed("workflow", "unschedule", set.json.scheduleId)).code).toBe(0);
    expect((await place.typed("workflow", "schedule", "deploy", "0 7 * * *")).code).toBe(2);
  },
  SLOW,
);

test(
  "W17, W12: a role of one's own for one run, and the run again from a node",
  async () => {
    const role = "---\ntitle: My architect\n---\nPlan on one line.\n";
    const file = place.file("my-architect.md", role);
    expect(await place.typed("workflow", "create", file)).toMatchObject({
      code: 0,
      json: { kind: "role", changed: true },
    });
    const input = '{"feature_description":"x"}';
    const args = ["workflow", "run", "feature-build", "--input", input, "--agent"];
    expect((await place.typed(...args, "plumber=my-architect")).code).toBe(2);
    const { json: run } = await place.typed(...args, "architect=my-architect");
    await place.until(["workflow", "status", run.runId], ({ status }) => status === "completed");
    const again = await place.typed("workflow", "restart", run.runId, "--from", "merge");
    const ended = await place.until(["workflow", "status", again.json.runId], ({ endedAt }) => endedAt !== null);
    expect(ended.nodes.map(({ id }: { id: string }) => id)).toEqual(["merge", "end"]);
    expect(Object.keys(ended.variables).sort()).toEqual([
      "implementation",
      "merge_status",
      "review_result",
      "tech_spec",
    ]);
  },
  SLOW,
);

test(
  "W13: from code, without any configuration but the data folder",
  async () => {
    const definition = defineWorkflow({
      startNodeId: "ask",
      nodes: {
        ask: { type: "approval", question: "Go?", options: ["yes", "no"], next: { yes: "done", no: "done" } },
        done: { type: "end", result: "{{ask.option}} by {{ask.by}}" },
      },
    });
    process.env.FACTORY_DATA_DIR = place.dataDir;
    const client = createClient();
    try {
      const run = await client.startWorkflow({ definition, title: "From code" });
      expect(await run.status()).toBe("waiting");
      const result = run.result();
      const [open] = (await place.typed("approvals", "list")).json;
      await place.typed("approvals", "answer", open.code, "yes");
      expect(await result).toMatchObject({
        status: "completed",
        result: expect.stringMatching(/^yes by /),
        error: null,
      });
      const other = await client.startWorkflow({ definition });
      await other.cancel("enough");
      expect(await client.run(other.runId).result()).toEqual({ status: "cancelled", result: null, error: null });
      await expect(client.startWorkflow({ definition: "nothing" })).rejects.toMatchObject({
        info: { code: "not_found" },
      });
    } finally {
      delete process.env.FACTORY_DATA_DIR;
      await client.close();
    }
  },
  SLOW,
);
