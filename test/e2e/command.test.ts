/** The command against a running bot: shapes, exit codes, and one clear error for each wrong input. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { run } from "../../src/cli/program.ts";
import { type BotProcess, Place, WITNESSED } from "./harness.ts";

const place = new Place();
let bot: BotProcess;
beforeAll(async () => {
  bot = await place.start();
}, 90_000);
afterAll(async () => await place.dispose());

const SLOW = 60_000;
const asked = async (id: string) => {
  const { json } = await place.json(
    "workflow",
    "run",
    place.file("witnessed.json", WITNESSED),
    "--input",
    JSON.stringify({ id }),
  );
  return await place.until(["workflow", "status", json.runId], (run) => run.waitingFor[0]?.kind === "approval");
};

describe("wrong input -> one clear error", () => {
  const invalid = join(place.dataDir, "invalid.yaml");
  test.each([
    ["a file that is not there", ["workflow", "create", "/no/such/file.yaml"], 2, "invalid_input"],
    ["a file that is a folder", ["workflow", "create", place.dataDir], 2, "invalid_input"],
    ["a file that is no workflow", ["workflow", "create", invalid], 2, "invalid_definition"],
    ["the same, only checked", ["workflow", "create", invalid, "--validate"], 2, "invalid_definition"],
    ["the same, run", ["workflow", "run", invalid], 2, "invalid_definition"],
    ["an unknown workflow", ["workflow", "run", "nothing"], 4, "not_found"],
    ["an unknown workflow, shown", ["workflow", "show", "nothing"], 4, "not_found"],
    ["input that is not JSON", ["workflow", "run", "deploy", "--input", "{"], 2, "invalid_input"],
    ["input that is not an object", ["workflow", "run", "deploy", "--input", "[1]"], 2, "invalid_input"],
    ["input that the workflow refuses", ["workflow", "run", "deploy", "--input", "{}"], 2, "invalid_input"],
    ["an input file that is not there", ["workflow", "run", "deploy", "--input", "@/no/input"], 2, "invalid_input"],
    ["an unknown run", ["workflow", "status", "nothing"], 4, "not_found"],
    ["an unknown run, watched", ["workflow", "watch", "nothing"], 4, "not_found"],
    ["an unknown run, cancelled", ["workflow", "cancel", "nothing"], 4, "not_found"],
    ["a status that no run has", ["workflow", "runs", "--status", "lost"], 2, "invalid_input"],
    ["an unknown question", ["approvals", "show", "ZZ9"], 4, "not_found"],
    ["an unknown question, answered", ["approvals", "answer", "ZZ9", "yes"], 4, "not_found"],
    ["an unknown person", ["people", "list", "--as", "nobody"], 4, "not_found"],
    ["a handle that is none", ["people", "link", "ana", "fax:1"], 2, "invalid_input"],
    ["an unknown command", ["bogus"], 2, "invalid_input"],
    ["a missing argument", ["workflow", "run"], 2, "invalid_input"],
    ["an unknown question, handed on", ["approvals", "reassign", "ZZ9", "bo"], 4, "not_found"],
    ["a task without where it goes", ["tasks", "move", "T1"], 2, "invalid_input"],
    ["a policy that is none", ["policy", "set", invalid], 2, "invalid_definition"],
    ["hours that are none", ["people", "quiet", "nobody", "22-7"], 4, "not_found"],
    ["a time that is none", ["people", "oncall", "release", "nobody", "--until", "soon"], 2, "invalid_input"],
  ])(
    "%s",
    async (_name, args, code, error) => {
      place.file("invalid.yaml", "id: broken\nstartNodeId: a\nnodes:\n  a: {type: task, next: nowhere}\n");
      const answer = await place.json(...args);
      expect(answer).toMatchObject({
        code,
        json: { error: { code: error, message: expect.any(String), retryable: false } },
      });
      expect(answer.json.error.remedy).not.toBeNull();
      const forPeople = await place.cli(args);
      expect(forPeople).toMatchObject({ code, stdout: "" });
      expect(forPeople.stderr).toMatch(/^error: /);
      expect(forPeople.stderr).not.toMatch(/\n {4}at /);
    },
    SLOW,
  );

  test(
    "an invalid file's error has file, line and remedy",
    async () => {
      const { stderr } = await place.cli([
        "workflow",
        "create",
        place.file("bad.yaml", "id: broken\nstartNodeId: a\nnodes:\n  a: {type: task, next: nowhere}\n"),
      ]);
      expect(stderr).toMatch(/bad\.yaml:\d+:\d+/);
      expect(stderr).toContain("nowhere");
    },
    SLOW,
  );
});

test(
  "a backend that is down -> exit code 5, on every command",
  async () => {
    const down = { CONVEX_URL: "http://127.0.0.1:9" };
    for (const args of [["workflow", "list"], ["approvals", "list"], ["chat", "hello"], ["doctor"]]) {
      const answer = await place.cli([...args, "--format", "json"], down);
      expect([args, answer.code]).toEqual([args, 5]);
    }
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
    const run = await asked("x");
    const { code } = run.waitingFor[0];
    expect(await place.json("approvals", "answer", code, "maybe")).toMatchObject({
      code: 2,
      json: { outcome: "invalid" },
    });
    expect((await place.json("approvals", "show", code)).json).toMatchObject({ status: "pending", votes: [] });
    expect(await place.json("approvals", "answer", code, "no")).toMatchObject({
      code: 0,
      json: { outcome: "settled", option: "no" },
    });
    const again = await place.json("approvals", "answer", run.waitingFor[0].approvalId, "yes");
    expect(again).toMatchObject({ code: 1, json: { outcome: "alreadyAnswered" } });
    const ended = await place.until(["workflow", "status", run.runId], ({ endedAt }) => endedAt !== null);
    expect(ended).toMatchObject({ status: "completed", result: "x was kept" });
  },
  SLOW,
);

test(
  "I2, I10: --as acts as that person: not asked, so refused; who was asked is settled; both recorded",
  async () => {
    expect((await place.json("people", "add", "Bo", "--role", "viewer")).json).toMatchObject({
      name: "Bo",
      roles: ["viewer"],
    });
    expect((await place.json("people", "role", "Bo", "+release", "-viewer")).json).toMatchObject({
      roles: ["release"],
    });
    expect((await place.json("people", "link", "Bo", "sms:+15550100")).json).toMatchObject({
      handles: ["sms:+15550100"],
    });
    const run = await asked("y");
    const { approvalId } = run.waitingFor[0];
    const refused = await place.json("approvals", "answer", approvalId, "yes", "--as", "Bo");
    expect(refused).toMatchObject({ code: 3, json: { outcome: "refused" } });
    expect((await place.json("approvals", "show", approvalId)).json.status).toBe("pending");
    expect(await place.ok("approvals", "list", "--as", "Bo")).toEqual([]);
    expect((await place.json("approvals", "answer", approvalId, "yes")).code).toBe(0);
    const audit = JSON.stringify(await place.ok("audit", "list", "--limit", "500"));
    expect(audit).toMatch(/operator \([^)]+\) for Bo/);
  },
  SLOW,
);

test(
  "lists are one array; run, status and approval have the contract's fields; a watched run ends with it",
  async () => {
    const run = await asked("z");
    expect(run).toMatchObject({
      runId: expect.any(String),
      workflow: "witnessed",
      version: expect.any(Number),
      title: expect.any(String),
      status: "waiting",
      startedBy: expect.any(String),
      input: { id: "z" },
      variables: expect.any(Object),
      nodes: expect.arrayContaining([
        expect.objectContaining({ id: "before", type: "task", status: "completed", attempt: 1, error: null }),
      ]),
      waitingFor: [{ kind: "approval", question: "Go on with z?", options: ["yes", "no"], code: expect.any(String) }],
      result: null,
      error: null,
    });
    expect(await place.ok("workflow", "runs", "--status", "waiting")).toEqual(
      expect.arrayContaining([expect.objectContaining({ runId: run.runId })]),
    );
    const watching = place.json("workflow", "watch", run.runId);
    await place.json("approvals", "answer", run.waitingFor[0].code, "yes");
    const watched = await watching;
    expect(watched.code).toBe(0);
    expect(JSON.parse(watched.stdout.trim().split("\n").at(-1)!)).toMatchObject({
      status: "completed",
      result: "z went on",
    });
    const shown = await place.cli(["workflow", "status", run.runId]);
    expect(shown.stdout).toContain("completed");
  },
  SLOW,
);

test(
  "factory chat says one message and prints its reply",
  async () => {
    const answer = await place.json("chat", "which", "workflows", "are", "there?");
    expect(answer.code).toBe(0);
    expect(answer.json.reply).toContain("deploy");
  },
  SLOW,
);

describe("tasks, projects, budgets and memories", () => {
  /** In this process: a program each would take most of the time. */
  const typed = async (...args: string[]) => {
    const said = { stdout: "", stderr: "" };
    const into = (name: "stdout" | "stderr") => ({
      write: (text: string) => {
        said[name] += text;
      },
    });
    vi.stubEnv("FACTORY_DATA_DIR", place.dataDir);
    const code = await run(args, { stdout: into("stdout"), stderr: into("stderr"), env: {} });
    vi.unstubAllEnvs();
    return { code, ...said };
  };
  const json = async (...args: string[]) => {
    const { code, stdout } = await typed(...args, "--format", "json");
    return { code, json: JSON.parse(stdout) };
  };

  test(
    "a task is made, given, moved and shown; an illegal move is refused with the legal ones",
    async () => {
      expect(
        await typed("projects", "create", "Apollo", "--repo", "https://github.com/acme/apollo.git", "--budget", "12"),
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
      expect((await typed("tasks", "show", task)).stdout).toMatch(/can become.*BLOCKED.*moved/s);
      expect((await json("tasks", "list", "--project", "Apollo", "--status", "IN_PROGRESS")).json).toHaveLength(1);
      expect(await json("tasks", "show", "T99999")).toMatchObject({ code: 4, json: { error: { code: "not_found" } } });
      expect((await typed("projects", "list")).stdout).toMatch(/Apollo +acme\/apollo +1 +\$0\.00 of \$12\.00/);
    },
    SLOW,
  );

  test(
    "a budget is set, shown and removed; a memory is listed and forgotten",
    async () => {
      expect((await typed("budget", "set", "50", "--warn", "60")).stdout).toMatch(
        /^The factory, \d{4}-\d\d: \$0\.00 of \$50\.00\n$/,
      );
      expect((await json("budget", "show")).json[0]).toMatchObject({ project: null, limitUsd: 50, warnAt: 0.6 });
      expect((await typed("budget", "remove")).stdout).toContain("no limit");
      expect(await json("budget", "set", "5", "--project", "nothing")).toMatchObject({ code: 4 });
      await place.cli(["chat", "remember that the canteen closes at two"]);
      expect((await typed("memory", "list", "canteen")).stdout).toMatch(/M\d+ .*you .*the canteen closes at two/);
      expect((await typed("memory", "forget", "canteen")).stdout).toBe("Forgotten: the canteen closes at two\n");
      expect((await typed("memory", "forget", "canteen")).code).toBe(4);
    },
    SLOW,
  );
});

test(
  "files: added, listed, taken away; what nobody could read is refused before it is sent",
  async () => {
    const report = place.file("report.txt", "All is well.\n");
    expect((await place.json("files", "add", report)).json).toMatchObject({ name: "report.txt", bytes: 13 });
    expect(await place.json("files", "add", report)).toMatchObject({ code: 1, json: { error: { code: "conflict" } } });
    const binary = place.file("blob.txt", "a\0b");
    expect(await place.json("files", "add", binary)).toMatchObject({ code: 2, json: { error: { field: "file" } } });
    expect((await place.json("files", "list")).json).toMatchObject([{ name: "report.txt", contentType: "text/plain" }]);
    expect(await place.json("files", "remove", "report.txt")).toMatchObject({ code: 0 });
    expect(await place.json("files", "remove", "report.txt")).toMatchObject({ code: 4 });
  },
  SLOW,
);
