/** The command against a running bot: shapes, exit codes, and one clear error for each wrong input. */
import { writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BotProcess, Place, WITNESSED } from "./harness.ts";
import { typist } from "./typed.ts";

const place = new Place();
let bot: BotProcess;
beforeAll(async () => {
  bot = await place.start();
}, 90_000);
afterAll(async () => await place.dispose());

const SLOW = 60_000;
const { typed, typedJson, json, ok, expectError } = typist(place.dataDir);

/** A run that stands at its question; the work before it is done at once. */
async function asked(id: string) {
  const file = place.file("witnessed.json", WITNESSED);
  const run = await ok("workflow", "run", file, "--input", JSON.stringify({ id }));
  expect(run.waitingFor).toMatchObject([{ kind: "approval" }]);
  return await ok("workflow", "status", run.runId);
}
const INVALID = "id: broken\nstartNodeId: a\nnodes:\n  a: {type: task, next: nowhere}\n";
const WRONG_FILES = {
  "invalid.yaml": INVALID,
  "syntax.yaml": "nodes: {a: [\n",
  "syntax.json": '{"nodes": ',
  "type.yaml": INVALID.replace("type: task", "type: tsk"),
  "start.yaml": INVALID.replace("startNodeId: a", "startNodeId: b"),
  "empty.yaml": "",
};

describe("wrong input -> one clear error", () => {
  beforeAll(() => {
    for (const [name, content] of Object.entries(WRONG_FILES)) place.file(name, content);
    writeFileSync(join(place.dataDir, "binary.yaml"), Buffer.from([0x69, 0x64, 0x3a, 0xff, 0xfe, 0x00]));
  });
  const invalid = join(place.dataDir, "invalid.yaml");

  test.each([
    ["a file that is not there", ["workflow", "create", "/no/such/file.yaml"], 2, "invalid_input"],
    ["a file that is a folder", ["workflow", "create", place.dataDir], 2, "invalid_input"],
    ["a file that is no text", ["workflow", "create", join(place.dataDir, "binary.yaml")], 2, "invalid_input"],
    ...Object.keys(WRONG_FILES).map(
      (name) =>
        [`${name}, stored`, ["workflow", "create", join(place.dataDir, name)], 2, "invalid_definition"] as const,
    ),
    ["an invalid file, only checked", ["workflow", "create", invalid, "--validate"], 2, "invalid_definition"],
    ["an invalid file, run", ["workflow", "run", invalid], 2, "invalid_definition"],
    ["an unknown workflow", ["workflow", "run", "nothing"], 4, "not_found"],
    ["an unknown workflow, shown", ["workflow", "show", "nothing"], 4, "not_found"],
    ["an unknown workflow, deleted", ["workflow", "delete", "nothing"], 4, "not_found"],
    ["input that is not JSON", ["workflow", "run", "deploy", "--input", "{"], 2, "invalid_input"],
    ["input that is not an object", ["workflow", "run", "deploy", "--input", "[1]"], 2, "invalid_input"],
    ["input that the workflow refuses", ["workflow", "run", "deploy", "--input", "{}"], 2, "invalid_input"],
    ["an input file that is not there", ["workflow", "run", "deploy", "--input", "@/no/input"], 2, "invalid_input"],
    ...["status", "watch", "results", "cancel", "restart"].map(
      (verb) => [`an unknown run, ${verb}`, ["workflow", verb, "nothing"], 4, "not_found"] as const,
    ),
    ["an unknown run, its record", ["audit", "list", "--run", "nothing"], 4, "not_found"],
    ["a status that no run has", ["workflow", "runs", "--status", "lost"], 2, "invalid_input"],
    ["an unknown question", ["approvals", "show", "ZZ9"], 4, "not_found"],
    ["an unknown question, answered", ["approvals", "answer", "ZZ9", "yes"], 4, "not_found"],
    ["an unknown question, its record", ["audit", "list", "--approval", "ZZ9"], 4, "not_found"],
    ...[
      ["people", "list"],
      ["tasks", "list"],
      ["workflow", "runs"],
      ["audit", "list"],
      ["approvals", "list"],
    ].map((args) => [`an unknown person, ${args.join(" ")}`, [...args, "--as", "nobody"], 4, "not_found"] as const),
    ["a handle that is none", ["people", "link", "ana", "fax:1"], 2, "invalid_input"],
    ["an unknown command", ["bogus"], 2, "invalid_input"],
    ["an unknown option", ["workflow", "list", "--bogus"], 2, "invalid_input"],
    ["a missing argument", ["workflow", "run"], 2, "invalid_input"],
    ["an unknown question, handed on", ["approvals", "reassign", "ZZ9", "bo"], 4, "not_found"],
    ["a task without where it goes", ["tasks", "move", "T1"], 2, "invalid_input"],
    ["a policy that is none", ["policy", "set", invalid], 2, "invalid_definition"],
    ["hours that are none", ["people", "quiet", "nobody", "22-7"], 4, "not_found"],
    ["a time that is none", ["people", "oncall", "release", "nobody", "--until", "soon"], 2, "invalid_input"],
  ] as const)(
    "%s",
    async (_name, args, code, error) => await expectError([...args], code, { code: error, retryable: false }),
    SLOW,
  );

  test("an invalid file's error has file, line and remedy of each problem", async () => {
    const { stderr } = await typed(["workflow", "create", join(place.dataDir, "type.yaml")]);
    expect(stderr.match(/type\.yaml:4:\d+ node "a": /g)).toHaveLength(3);
    expect(stderr).toMatch(/there is no node type "tsk" \(did you mean "task"\?\)/);
    expect(stderr).toMatch(/there is no node "nowhere" \(/);
  });

  test("what is only doubtful is said alike when a file is checked and when it is stored", async () => {
    const doubtful = place.file(
      "doubtful.yaml",
      "startNodeId: a\nnodes:\n  a: { type: wait, forMs: 1, next: z }\n  z: { type: end, result: a }\n",
    );
    const doubt = /doubtful\.yaml:4:\d+ node "z": nothing sets the variable "a" \(/;
    const checked = await typedJson(["workflow", "create", doubtful, "--validate"]);
    expect(checked).toMatchObject({
      code: 0,
      json: { ok: true, problems: [], warnings: [expect.stringMatching(doubt)] },
    });
    const shown = await typed(["workflow", "create", doubtful, "--validate"]);
    expect(shown.stdout).toBe("doubtful.yaml is valid\n");
    expect(shown.stderr).toMatch(new RegExp(`^warning: ${doubt.source}`));
    const { json } = await typedJson(["workflow", "create", doubtful]);
    expect(json.warnings).toEqual(checked.json.warnings);
  });

  test("nothing of it was stored", async () => {
    const { json } = await typedJson(["workflow", "list"]);
    expect(json.map(({ name }: { name: string }) => name)).not.toContain("broken");
  });
});

test("every command says with --format json one document on one line; what only reads says it again the same", async () => {
  for (const args of [
    ...[
      ["workflow", "list"],
      ["workflow", "show", "deploy"],
      ["workflow", "runs"],
      ["approvals", "list", "--all"],
    ],
    ...[
      ["people", "list"],
      ["people", "oncall", "release"],
      ["policy", "list"],
      ["tasks", "list"],
      ["audit", "list"],
    ],
    ...[
      ["audit", "verify"],
      ["projects", "list"],
      ["memory", "list"],
      ["files", "list"],
      ["slack", "manifest"],
    ],
    ["deploy-env"],
  ]) {
    const first = await typedJson(args);
    expect([args, first.code]).toEqual([args, 0]);
    expect([args, await typedJson(args)]).toEqual([args, first]);
    const isList = /list|runs|oncall/.test(args.join(" ")) && args[0] !== "policy";
    expect([args, Array.isArray(first.json)]).toEqual([args, isList]);
  }
  for (const args of [["doctor"], ["live"], ["workflow", "create", "workflows/deploy.yaml", "--validate"]])
    expect([args, (await typedJson(args)).code]).toEqual([args, 0]);
});

async function nobodyListens(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return `http://127.0.0.1:${port}`;
}

test(
  "a backend that is down -> exit code 5 and one clear error, on every command",
  async () => {
    const down = { CONVEX_URL: await nobodyListens() };
    const error = { code: "backend_unavailable", retryable: true, field: "CONVEX_URL" };
    for (const args of [
      ...[
        ["workflow", "list"],
        ["workflow", "runs"],
        ["workflow", "run", "deploy"],
        ["workflow", "status", "x"],
      ],
      ...[
        ["workflow", "watch", "x"],
        ["approvals", "list"],
        ["approvals", "answer", "4K", "yes"],
        ["chat", "hello"],
      ],
      ...[
        ["people", "list"],
        ["tasks", "list", "--as", "ana"],
        ["audit", "list"],
        ["audit", "verify"],
      ],
    ])
      await expectError(args, 5, error, down);
    const doctor = await typedJson(["doctor"], down);
    expect(doctor).toMatchObject({ code: 5, json: { ok: false } });
    expect(doctor.json.checks).toContainEqual({
      ...{ name: "backend", ok: false },
      ...{ detail: expect.stringContaining("ECONNREFUSED"), remedy: expect.stringContaining("without CONVEX_URL") },
    });
    const nobody = new Place();
    await expectError(
      ["workflow", "list"],
      5,
      { ...error, field: "FACTORY_DATA_DIR" },
      { FACTORY_DATA_DIR: nobody.dataDir },
    );
    await nobody.dispose();
    // And once as a program of its own.
    expect((await place.cli(["workflow", "list", "--format", "json"], down)).code).toBe(5);
  },
  SLOW,
);

test(
  "a caller without the gateway's key is refused",
  async () => {
    const other = new Place();
    try {
      const answer = await other.cli(["workflow", "list", "--format", "json"], { CONVEX_URL: bot.ready.backend });
      expect(answer).toMatchObject({
        code: 3,
        json: { error: { code: "unauthenticated", field: "FACTORY_GATEWAY_KEY" } },
      });
    } finally {
      await other.dispose();
    }
  },
  SLOW,
);

test(
  "an option that does not exist -> invalid, twice -> alreadyAnswered, and nothing else changes",
  async () => {
    const { runId, waitingFor } = await asked("x");
    const [{ code, approvalId }] = waitingFor;
    // As programs of their own: what a script sees is the process's exit code.
    expect(await place.json("approvals", "answer", code, "maybe")).toMatchObject({
      code: 2,
      json: { outcome: "invalid", message: expect.stringContaining("The options are yes, no") },
    });
    expect(await ok("approvals", "show", code)).toMatchObject({ status: "pending", votes: [] });
    expect(await json("approvals", "answer", code, "no")).toEqual({
      code: 0,
      json: { outcome: "settled", option: "no", approvalId, message: expect.stringMatching(/^Denied by .* via CLI/) },
    });
    for (const ref of [approvalId, code])
      expect(await json("approvals", "answer", ref, "yes")).toMatchObject({
        code: 1,
        json: { outcome: "alreadyAnswered", message: expect.stringMatching(/already answered: no via CLI/) },
      });
    expect((await ok("approvals", "show", approvalId)).votes).toHaveLength(1);
    const ended = await ok("workflow", "status", runId);
    expect(ended).toMatchObject({ status: "completed", result: "x was kept" });
  },
  SLOW,
);

test(
  "I2, I10: --as acts as that person: not asked, so refused; who was asked is settled; both recorded",
  async () => {
    expect(await ok("people", "add", "Bo", "--role", "viewer")).toMatchObject({ name: "Bo", roles: ["viewer"] });
    expect(await ok("people", "role", "Bo", "+release", "-viewer")).toMatchObject({ roles: ["release"] });
    expect(await ok("people", "link", "Bo", "sms:+15550100")).toMatchObject({ handles: ["sms:+15550100"] });
    const [{ approvalId }] = (await asked("y")).waitingFor;
    const refused = await json("approvals", "answer", approvalId, "yes", "--as", "bo");
    expect(refused).toMatchObject({ code: 3, json: { outcome: "refused" } });
    expect((await ok("approvals", "show", approvalId)).status).toBe("pending");
    expect(await ok("approvals", "list", "--as", "Bo")).toEqual([]);
    expect((await ok("approvals", "answer", approvalId, "yes", "--reason", "fine")).outcome).toBe("settled");
    const audit = await ok("audit", "list", "--approval", approvalId);
    const me = userInfo().username;
    expect(audit).toMatchObject([
      { kind: "approval.answered", person: me, channel: "cli", detail: { option: "yes", reason: "fine" } },
      { kind: "approval.refused", person: `operator (${me}) for Bo`, channel: "cli" },
    ]);
  },
  SLOW,
);

test(
  "lists are one array; run, status and approval have the contract's fields; a watched run ends with it",
  async () => {
    const run = await asked("z");
    const fields = "runId workflow version title status startedBy input variables nodes waitingFor result error";
    expect(Object.keys(run)).toEqual(expect.arrayContaining(fields.split(" ")));
    expect(run).toMatchObject({
      ...{ workflow: "witnessed", version: expect.any(Number), title: "witnessed", status: "waiting" },
      ...{ input: { id: "z" }, variables: { before: expect.anything() }, result: null, error: null },
    });
    expect(run.nodes).toMatchObject([
      {
        ...{ id: "before", type: "task", status: "completed", attempt: 1, error: null },
        ...{ startedAt: expect.any(Number), endedAt: expect.any(Number) },
      },
      { id: "ask", type: "approval", status: "waiting", attempt: 1, endedAt: null, error: null },
    ]);
    const [wait] = run.waitingFor;
    const { approvalId, code } = wait;
    expect(wait).toEqual({
      ...{ kind: "approval", approvalId, code: expect.stringMatching(/^[0-9A-Z]{2,}$/) },
      ...{ question: "Go on with z?", options: ["yes", "no"], expiresAt: null },
    });
    const approval = await ok("approvals", "show", code);
    expect(approval).toMatchObject({
      ...{ approvalId, code, status: "pending", question: "Go on with z?", options: ["yes", "no"] },
      ...{ runId: run.runId, nodeId: "ask", requestedBy: run.startedBy, approvers: [`person:${run.startedBy}`] },
      ...{ quorum: 1, tier: "low", createdAt: expect.any(Number), expiresAt: null, votes: [], outcome: null },
    });
    expect(Object.keys(approval)).toEqual(expect.arrayContaining(["payloadHash", "deliveries"]));
    expect(await ok("approvals", "list")).toContainEqual(expect.objectContaining({ approvalId, code }));
    expect(await ok("workflow", "runs", "--status", "waiting")).toContainEqual(
      expect.objectContaining({ runId: run.runId }),
    );
    const watching = place.json("workflow", "watch", run.runId);
    await ok("approvals", "answer", code, "yes", "--reason", "go");
    const watched = await watching;
    expect(watched.code).toBe(0);
    expect(JSON.parse(watched.stdout.trim().split("\n").at(-1)!)).toMatchObject({
      status: "completed",
      result: "z went on",
    });
    const { votes, outcome } = await ok("approvals", "show", approvalId);
    const given = { option: "yes", channel: "cli", reason: "go", at: expect.any(Number) };
    expect({ votes, outcome }).toMatchObject({
      votes: [{ ...given, person: run.startedBy }],
      outcome: { ...given, by: run.startedBy },
    });
    expect((await typed(["workflow", "status", run.runId])).stdout).toContain("completed");
  },
  SLOW,
);

test(
  "factory chat says one message and prints its reply",
  async () => {
    expect((await ok("chat", "which", "workflows", "are", "there?")).reply).toContain("deploy");
  },
  SLOW,
);

describe("tasks, projects, budgets and memories", () => {
  test(
    "a task is made, given, moved and shown; an illegal move is refused with the legal ones",
    async () => {
      expect(
        await typed(["projects", "create", "Apollo", "--repo", "https://github.com/acme/apollo.git", "--budget", "12"]),
      ).toMatchObject({ code: 0, stdout: expect.stringMatching(/acme\/apollo.*\$0\.00 of \$12\.00/s) });
      const made = await json("tasks", "create", "fly to the moon", "--project", "apollo", "--priority", "high");
      const { task } = made.json;
      expect(made.json).toMatchObject({ status: "BACKLOG", project: "Apollo", priority: "high", assignee: null });
      expect((await json("tasks", "assign", task, "factoryWorker")).json).toMatchObject({ status: "ASSIGNED" });
      const illegal = await json("tasks", "move", task, "COMPLETE");
      expect(illegal).toMatchObject({ code: 1, json: { error: { code: "conflict", field: "status" } } });
      expect(illegal.json.error.remedy).toContain("IN_PROGRESS");
      expect((await json("tasks", "move", task, "in progress")).json).toMatchObject({ status: "IN_PROGRESS" });
      const { json: shown } = await json("tasks", "show", task);
      expect(shown.history.map(({ kind }: { kind: string }) => kind)).toEqual([
        "task.created",
        "task.assigned",
        "task.moved",
      ]);
      expect((await typed(["tasks", "show", task])).stdout).toMatch(/can become.*BLOCKED.*moved/s);
      expect((await json("tasks", "list", "--project", "Apollo", "--status", "IN_PROGRESS")).json).toHaveLength(1);
      expect(await json("tasks", "show", "T99999")).toMatchObject({ code: 4, json: { error: { code: "not_found" } } });
      expect((await typed(["projects", "list"])).stdout).toMatch(/Apollo +acme\/apollo +1 +\$0\.00 of \$12\.00/);
    },
    SLOW,
  );

  test(
    "a budget is set, shown and removed; a memory is listed and forgotten",
    async () => {
      expect((await typed(["budget", "set", "50", "--warn", "60"])).stdout).toMatch(
        /^The factory, \d{4}-\d\d: \$0\.00 of \$50\.00\n$/,
      );
      expect((await json("budget", "show")).json[0]).toMatchObject({ project: null, limitUsd: 50, warnAt: 0.6 });
      expect((await typed(["budget", "remove"])).stdout).toContain("no limit");
      expect(await json("budget", "set", "5", "--project", "nothing")).toMatchObject({ code: 4 });
      await typed(["chat", "remember that the canteen closes at two"]);
      expect((await typed(["memory", "list", "canteen"])).stdout).toMatch(/M\d+ .*you .*the canteen closes at two/);
      expect((await typed(["memory", "forget", "canteen"])).stdout).toBe("Forgotten: the canteen closes at two\n");
      expect((await typed(["memory", "forget", "canteen"])).code).toBe(4);
    },
    SLOW,
  );
});

test(
  "files: added, listed, taken away; what nobody could read is refused before it is sent",
  async () => {
    const report = place.file("report.txt", "All is well.\n");
    expect(await ok("files", "add", report)).toMatchObject({ name: "report.txt", bytes: 13 });
    expect(await json("files", "add", report)).toMatchObject({ code: 1, json: { error: { code: "conflict" } } });
    const binary = place.file("blob.txt", "a\0b");
    expect(await json("files", "add", binary)).toMatchObject({ code: 2, json: { error: { field: "file" } } });
    expect(await ok("files", "list")).toMatchObject([{ name: "report.txt", contentType: "text/plain" }]);
    expect(await json("files", "remove", "report.txt")).toMatchObject({ code: 0 });
    expect(await json("files", "remove", "report.txt")).toMatchObject({ code: 4 });
  },
  SLOW,
);
