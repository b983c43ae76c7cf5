// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { as, OWNER, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";
import type { MutationCtx } from "./_generated/server.js";
import { type Acting, resolveActor } from "./model/people.ts";
import { assignTask, createTask, listTasks, projectStatus, transitionTask } from "./model/tasks.ts";

async function setup() {
  const backend = await startBackend();
  const { t } = backend;
  const acting = <T>(body: (ctx: MutationCtx, acting: Acting) => Promise<T>, actor = OWNER) =>
    t.run(async (ctx) => await body(ctx, await resolveActor(ctx, actor)));
  return { ...backend, acting };
}

describe("tasks", () => {
  test("are numbered, go to the backlog, and to ASSIGNED when somebody is named", async () => {
    const { acting, person } = await setup();
    await person("Bo");
    expect(await acting((ctx, who) => createTask(ctx, who, { title: "  one \n two " }))).toMatchObject({
      task: "T1",
      title: "one two",
      status: "BACKLOG",
      priority: "medium",
      assignee: null,
    });
    expect(
      await acting((ctx, who) => createTask(ctx, who, { title: "three", assignee: "bo", priority: "High" })),
    ).toMatchObject({ task: "T2", status: "ASSIGNED", assignee: "Bo", priority: "high" });
  });

  test("S3: an illegal transition is refused, naming the legal ones", async () => {
    const { acting } = await setup();
    await acting((ctx, who) => createTask(ctx, who, { title: "one" }));
    await expect(acting((ctx, who) => transitionTask(ctx, who, { task: "T1", status: "done" }))).rejects.toMatchObject({
      data: {
        code: "conflict",
        message: "T1 is BACKLOG and cannot become COMPLETE",
        remedy: "it can become ASSIGNED, BLOCKED",
      },
    });
  });

  test("the whole way, with a detour over BLOCKED", async () => {
    const { acting } = await setup();
    await acting((ctx, who) => createTask(ctx, who, { title: "one", assignee: "root" }));
    for (const status of ["IN_PROGRESS", "BLOCKED", "IN_PROGRESS", "IN_REVIEW", "COMPLETE"]) {
      expect(await acting((ctx, who) => transitionTask(ctx, who, { task: "t1", status }))).toMatchObject({ status });
    }
    await expect(acting((ctx, who) => assignTask(ctx, who, { task: "T1", assignee: "root" }))).rejects.toMatchObject({
      data: { code: "conflict" },
    });
  });

  test("nobody is invented: an unknown assignee is refused with those who are known", async () => {
    const { acting } = await setup();
    await acting((ctx, who) => createTask(ctx, who, { title: "one" }));
    await expect(acting((ctx, who) => assignTask(ctx, who, { task: "T1", assignee: "Nobody" }))).rejects.toMatchObject({
      data: { code: "not_found", remedy: expect.stringContaining("root, factoryWorker") },
    });
    expect(await acting((ctx, who) => assignTask(ctx, who, { task: "#1", assignee: "factory worker" }))).toMatchObject({
      assignee: "factoryWorker",
      status: "ASSIGNED",
    });
  });

  test("a viewer may look and change nothing; every change is in the record", async () => {
    const { t, acting, person, rows } = await setup();
    await person("viv", "viewer");
    await expect(acting((ctx, who) => createTask(ctx, who, { title: "no" }), as("viv"))).rejects.toMatchObject({
      data: { code: "forbidden" },
    });
    await acting((ctx, who) => createTask(ctx, who, { title: "one", assignee: "root" }));
    await acting((ctx, who) => transitionTask(ctx, who, { task: "T1", status: "IN_PROGRESS" }));
    expect(await t.query(api.tasks.list, { status: "in progress" })).toMatchObject([{ task: "T1" }]);
    const kinds = (await rows("audit")).map((row) => row.kind).filter((kind) => kind.startsWith("task."));
    expect(kinds).toEqual(["task.created", "task.moved"]);
  });

  test("list by status, person and project; counts by status", async () => {
    const { acting } = await setup();
    await acting(async (ctx, who) => {
      await createTask(ctx, who, { title: "one", project: "web" });
      await createTask(ctx, who, { title: "two", project: "web", assignee: "root" });
      await createTask(ctx, who, { title: "three" });
    });
    const titles = async (filter: Parameters<typeof listTasks>[1]) =>
      (await acting((ctx) => listTasks(ctx, filter))).tasks.map((task) => task.title);
    expect(await titles({})).toEqual(["one", "two", "three"]);
    expect(await titles({ project: "web" })).toEqual(["one", "two"]);
    expect(await titles({ status: "ASSIGNED" })).toEqual(["two"]);
    expect(await titles({ assignee: "ROOT" })).toEqual(["two"]);
    expect(await acting((ctx) => projectStatus(ctx, undefined))).toMatchObject({
      total: 3,
      counts: { BACKLOG: 2, ASSIGNED: 1 },
    });
    expect(await acting((ctx) => projectStatus(ctx, "web"))).toMatchObject({ total: 2 });
    await expect(acting((ctx) => projectStatus(ctx, "nowhere"))).rejects.toMatchObject({ data: { code: "not_found" } });
  });

  test("an empty or endless title is refused", async () => {
    const { acting } = await setup();
    for (const title of ["  ", "x".repeat(201)]) {
      await expect(acting((ctx, who) => createTask(ctx, who, { title }))).rejects.toMatchObject({
        data: { code: "invalid_input", field: "title" },
      });
    }
  });
});
