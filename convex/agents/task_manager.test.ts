// @vitest-environment edge-runtime
/** S3: the Task Manager's five tools, the task machine, and what it looks at before it recommends. */
import { describe, expect, test } from "vitest";
import { talkWith } from "../../test/crew.ts";
import { OWNER } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import { CREW } from "./crew.ts";

const setup = async () => {
  const world = await talkWith("taskManager");
  await world.t.mutation(api.people.add, { actor: OWNER, name: "Bo", roles: [] });
  return { ...world, tasks: () => world.t.run((ctx) => ctx.db.query("tasks").collect()) };
};

describe("S3: the Task Manager", () => {
  test("has the five tools of a task's life, and no other", () => {
    expect(CREW.taskManager.tools).toEqual(["listTasks", "getTask", "createTask", "assignTask", "transitionTask"]);
  });

  test("what it makes is made by the agent; for whom stands in the record", async () => {
    const { ask, tasks, t } = await setup();
    expect(await ask('create an urgent task "restore the backups"')).toContain("Created **T1**");
    expect(await tasks()).toMatchObject([{ createdBy: "agent:taskManager", priority: "urgent", status: "BACKLOG" }]);
    const record = (await t.run((ctx) => ctx.db.query("audit").collect())).find(({ kind }) => kind === "task.created");
    expect(record).toMatchObject({ person: "ana", channel: "terminal" });
  });

  test("an illegal move is refused with the legal ones named; BLOCKED goes back to where it was", async () => {
    const { ask, tasks } = await setup();
    await ask('create a task "write the report" and assign it to Bo');
    expect(await ask("T1 is done")).toContain("It can become IN_PROGRESS, BACKLOG, BLOCKED.");
    expect(await ask("start T1")).toContain("now in progress");
    expect(await ask("T1 is blocked because the data is missing")).toContain("now blocked");
    expect(await ask("move T1 to review")).toContain("It can become IN_PROGRESS.");
    expect(await ask("unblock T1")).toContain("now in progress");
    expect(await tasks()).toMatchObject([{ status: "IN_PROGRESS", blockedFrom: null }]);
  });

  test("the workload names everybody a task can be given to, the least busy first", async () => {
    const { ask } = await setup();
    await ask('create a high priority task "fix the build" and assign it to Bo');
    await ask('create a task "tidy up" and assign it to Bo');
    await ask("start T2");
    const said = await ask("who has the least to do?");
    expect(said).toMatch(/\*\*ana\*\*: nothing open\n- \*\*Factory Worker\*\*: nothing open\n- \*\*Bo\*\*: 2 open/);
    expect(said).toContain("2 open (1 in progress, 1 pressing)");
  });

  test("one task in full: where it may move, its tags and issues, its history", async () => {
    const { ask, t, tasks } = await setup();
    await ask('create a task "fix the login" and assign it to Bo');
    const [row] = await tasks();
    await t.run((ctx) => ctx.db.patch("tasks", row!._id, { tags: ["web"], issues: ["acme/site#12"] }));
    const said = await ask("details of T1");
    for (const part of [
      "**T1** fix the login",
      "assigned, medium priority, Bo",
      "tags web",
      "issues acme/site#12",
      "made by the Task Manager",
      "can become in progress, backlog, blocked",
      "1 change on record",
    ])
      expect(said).toContain(part);
    expect(await ask("details of T9")).toContain('there is no task "T9"');
  });
});
