// @vitest-environment edge-runtime
/** W10, W21: what starts and resumes runs besides a person: the clock, and events from outside. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { approve, as, end, OWNER, pass, record, startBackend } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";

const MORNING = Date.UTC(2027, 0, 4, 6, 30);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

beforeEach(() => {
  vi.useFakeTimers({ now: MORNING });
});
afterEach(() => {
  vi.useRealTimers();
});

type Backend = Awaited<ReturnType<typeof startBackend>>;
const daily = (more: object = {}) => ({
  id: "daily",
  schedule: { cron: "0 7 * * *", timeZone: "UTC", input: { day: "x" }, ...more },
  startNodeId: "work",
  nodes: { work: record("{{run.id}}", "done"), done: end("day") },
});
const plain = { ...daily(), schedule: undefined };
const add = ({ t }: Backend, more: object = {}) =>
  t.mutation(api.schedules.add, {
    actor: OWNER,
    workflow: "daily",
    cron: "0 7 * * *",
    timeZone: "UTC",
    input: "{}",
    ...more,
  });

describe("W21: a schedule in the file", () => {
  test("is installed with the definition, listed, and starts a run at its time, each day once", async () => {
    const backend = await startBackend();
    const { t, create, rows } = backend;
    await create(daily());
    const [listed] = await t.query(api.workflows.list, {});
    expect(listed!.schedules).toMatchObject([{ cron: "0 7 * * *", timeZone: "UTC", nextAt: MORNING + HOUR / 2 }]);
    await pass(backend, HOUR / 2 - 1);
    expect(await rows("runs")).toEqual([]);
    await pass(backend, 1);
    expect(await rows("runs")).toMatchObject([{ workflow: "daily", status: "completed", startedByShown: "root" }]);
    await pass(backend, DAY);
    expect(await rows("runs")).toHaveLength(2);
  });

  test("by the wall clock of its zone, over the change to summer time", async () => {
    vi.setSystemTime(Date.UTC(2027, 2, 27, 12));
    const { t, create } = await startBackend();
    await create(daily({ timeZone: "Europe/Berlin" }));
    const [schedule] = await t.query(api.schedules.list, {});
    // 7 in Berlin is 6 UTC in winter and 5 UTC from 28 March 2027 on.
    expect(schedule!.nextAt).toBe(Date.UTC(2027, 2, 28, 5));
  });

  test("a new version replaces it, one without ends it, and so does removing the workflow", async () => {
    const { t, create, rows } = await startBackend();
    await create(daily());
    await create(daily({ cron: "30 8 * * *" }));
    expect((await rows("schedules")).map((row) => row.cron)).toEqual(["30 8 * * *"]);
    await create(plain);
    expect(await rows("schedules")).toEqual([]);
    await create(daily());
    await t.mutation(api.workflows.remove, { actor: OWNER, name: "daily" });
    expect(await rows("schedules")).toEqual([]);
  });
});

describe("W10: schedules", () => {
  test("after three days of downtime: one run, and then the next day's", async () => {
    const backend = await startBackend();
    const { t, create, rows } = backend;
    await create(daily());
    const [schedule] = await rows("schedules");
    // The clock's call comes late, as after downtime.
    vi.setSystemTime(MORNING + 3 * DAY);
    await t.mutation(internal.schedules.fire, { scheduleId: schedule!._id, due: schedule!.nextAt! });
    await t.mutation(internal.schedules.fire, { scheduleId: schedule!._id, due: schedule!.nextAt! });
    expect(await rows("runs")).toHaveLength(1);
    expect((await rows("schedules"))[0]).toMatchObject({ nextAt: MORNING + 3 * DAY + HOUR / 2, lastError: null });
  });

  test("set and ended by command; the input is checked, and the record says who", async () => {
    const backend = await startBackend();
    const { t, create, rows } = backend;
    await create({ ...plain, inputs: { type: "object", properties: { day: { type: "string" } }, required: ["day"] } });
    const input = '{"day":"d"}';
    await expect(add(backend)).rejects.toMatchObject({ data: { code: "invalid_input", field: "input.day" } });
    await expect(add(backend, { cron: "99 7 * * *", input })).rejects.toMatchObject({ data: { field: "cron" } });
    await expect(add(backend, { cron: "0 0 30 2 *", input })).rejects.toMatchObject({ data: { field: "cron" } });
    await expect(add(backend, { timeZone: "Mars/Base", input })).rejects.toMatchObject({ data: { field: "timeZone" } });
    const schedule = await add(backend, { input });
    await pass(backend, HOUR);
    expect(await rows("runs")).toMatchObject([{ status: "completed", result: '"d"' }]);
    await t.mutation(api.schedules.remove, { actor: OWNER, scheduleId: schedule.scheduleId });
    await pass(backend, 2 * DAY);
    expect(await rows("runs")).toHaveLength(1);
    await expect(
      t.mutation(api.schedules.remove, { actor: OWNER, scheduleId: schedule.scheduleId }),
    ).rejects.toMatchObject({ data: { code: "not_found" } });
    expect((await rows("audit")).map((row) => row.kind)).toEqual(
      expect.arrayContaining(["workflow.scheduled", "workflow.unscheduled"]),
    );
  });

  test("a workflow that asks whoever started it is refused, with the place in its file", async () => {
    const backend = await startBackend();
    await backend.create({
      id: "daily",
      startNodeId: "ask",
      nodes: { ask: approve("Go?", "done", "done"), done: end() },
    });
    await expect(add(backend)).rejects.toMatchObject({
      data: {
        code: "invalid_definition",
        message: expect.stringMatching(/test\.yaml:1:\d+ .*nobody to ask.*add approvers/),
      },
    });
  });

  test("a start that is refused is told to the operators, and the schedule goes on", async () => {
    const backend = await startBackend();
    const { t, create, rows, person } = backend;
    await person("ana", "admin");
    await create(plain);
    await add(backend, { actor: as("ana") });
    await t.mutation(api.people.setRoles, { actor: OWNER, name: "ana", add: ["viewer"], remove: ["admin"] });
    await pass(backend, HOUR);
    expect(await rows("runs")).toEqual([]);
    expect((await rows("schedules"))[0]).toMatchObject({
      lastError: expect.stringContaining("runs.start"),
      nextAt: MORNING + DAY + HOUR / 2,
    });
    expect((await rows("deliveries")).map((row) => row.message).join()).toContain("The schedule of **daily**");
  });

  test("a schedule whose call got lost is mended", async () => {
    const backend = await startBackend();
    const { t, create, rows } = backend;
    await create(daily());
    const [schedule] = await rows("schedules");
    await t.run(async (ctx) => {
      await ctx.scheduler.cancel(schedule!.scheduledId!);
    });
    await pass(backend, HOUR);
    expect(await rows("runs")).toEqual([]);
    await t.mutation(internal.schedules.mend, {});
    await pass(backend, 10);
    expect(await rows("runs")).toHaveLength(1);
    expect((await rows("schedules"))[0]!.nextAt).toBe(MORNING + DAY + HOUR / 2);
  });
});

const hooked = (hook: unknown, more: object = {}) => ({
  id: "hooked",
  hook,
  startNodeId: "work",
  nodes: { work: record("{{run.id}}", "done"), done: end("input") },
  ...more,
});

describe("W10: events from outside", () => {
  const send = ({ t }: Backend, body: unknown, key = JSON.stringify(body), name = "deploy-done") =>
    t.mutation(api.hooks.receive, { name, key, body: typeof body === "string" ? body : JSON.stringify(body) });

  test("start a run with the body as its input; the same event again starts none", async () => {
    const backend = await startBackend();
    const { create, rows } = backend;
    await create(hooked("deploy-done"));
    const first = await send(backend, { version: "1.2" });
    expect(first).toMatchObject({ duplicate: false, refused: 0, resumed: 0 });
    expect(await send(backend, { version: "1.2" })).toEqual({ ...first, duplicate: true });
    expect(await rows("runs")).toMatchObject([{ _id: first.started[0], result: '{"version":"1.2"}' }]);
    expect(await send(backend, { version: "1.2" }, "other", "other")).toMatchObject({ started: [] });
  });

  test("an event that its sender signs anew is the same by its id", async () => {
    const backend = await startBackend();
    const { t, create, rows } = backend;
    await create(hooked("deploy-done"));
    const event = { name: "deploy-done", body: "{}", eventId: "e1" };
    await t.mutation(api.hooks.receive, { ...event, key: "k1" });
    expect(await t.mutation(api.hooks.receive, { ...event, key: "k2" })).toMatchObject({ duplicate: true });
    expect(await rows("runs")).toHaveLength(1);
  });

  test("with a condition and an input made of the body", async () => {
    const backend = await startBackend();
    const { create, rows } = backend;
    await create(
      hooked({
        name: "deploy-done",
        when: "body.state == ok",
        input: { v: "{{body.build.version}}", all: "{{body}}" },
      }),
    );
    await send(backend, { state: "broken" });
    expect(await rows("runs")).toEqual([]);
    const body = { state: "ok", build: { version: 7 } };
    await send(backend, body);
    expect(JSON.parse((await rows("runs"))[0]!.result!)).toEqual({ v: 7, all: body });
  });

  test("a body that the input cannot be made of: no run, the operators are told, the other workflow starts", async () => {
    const backend = await startBackend();
    const { create, rows } = backend;
    await create(hooked({ name: "deploy-done", input: { v: "{{body.version}}" } }));
    await create({ ...hooked("deploy-done"), id: "second" });
    expect(await send(backend, { nothing: 1 })).toMatchObject({ refused: 1, started: [expect.any(String)] });
    expect((await rows("runs")).map((row) => row.workflow)).toEqual(["second"]);
    expect((await rows("deliveries")).map((row) => row.message).join()).toContain("could not start **hooked**");
  });

  const waiting = (key?: string) => ({
    startNodeId: "wait",
    nodes: {
      wait: {
        type: "event",
        name: "merged",
        saveAs: "got",
        timeoutMs: DAY,
        next: { received: "done", expired: "late" },
        ...(key === undefined ? {} : { key }),
      },
      done: end("got"),
      late: end(),
    },
  });

  test("resume the runs that wait for them, by name and key, once; who asks later waits for the next", async () => {
    const backend = await startBackend();
    const { start, run, rows } = backend;
    const any = await start(waiting());
    const seven = await start(waiting("7"));
    const eight = await start(waiting("8"));
    expect(any).toMatchObject({ status: "waiting", waitingFor: [{ kind: "wait" }, { kind: "event", name: "merged" }] });
    expect(await send(backend, { key: 7, sha: "abc" }, "a", "merged")).toMatchObject({ resumed: 2 });
    expect(await run(any.runId)).toMatchObject({ status: "completed", result: '{"key":7,"sha":"abc"}' });
    expect((await run(seven.runId)).status).toBe("completed");
    expect((await run(eight.runId)).status).toBe("waiting");
    const later = await start(waiting("7"));
    expect(await send(backend, { key: 7, sha: "abc" }, "a", "merged")).toMatchObject({ duplicate: true });
    expect((await run(later.runId)).status).toBe("waiting");
    await pass(backend, DAY + 1000);
    expect(await run(later.runId)).toMatchObject({ status: "completed", nodes: [{}, { id: "late" }] });
    expect((await rows("eventWaits")).filter((row) => row.open)).toEqual([]);
    expect((await rows("timers")).filter((row) => row.status === "pending")).toEqual([]);
  });

  test("more waiting runs than one transaction takes are all resumed", async () => {
    const backend = await startBackend();
    const { start, rows } = backend;
    for (let i = 0; i < 60; i++) await start(waiting());
    expect((await send(backend, {}, "a", "merged")).resumed).toBe(50);
    await pass(backend, 10);
    expect((await rows("runs")).filter((row) => row.status === "completed")).toHaveLength(60);
    expect((await rows("hookEvents"))[0]).toMatchObject({ resumed: 60, done: true, body: "null" });
  });

  test.each([
    ["no JSON", "{", "invalid_input"],
    ["nothing", "", "invalid_input"],
    ["too much", JSON.stringify("x".repeat(300_000)), "too_large"],
    ["a bad number", "NaN", "invalid_input"],
  ])("%s is refused and leaves nothing", async (_what, body, code) => {
    const backend = await startBackend();
    await backend.create(hooked("deploy-done"));
    await expect(send(backend, body, "k")).rejects.toMatchObject({ data: { code } });
    expect(await backend.rows("hookEvents")).toEqual([]);
    expect(await backend.rows("runs")).toEqual([]);
  });

  test("W5: a workflow that a hook starts may not ask whoever started it", async () => {
    const { create } = await startBackend();
    const asking = { startNodeId: "ask", nodes: { ask: approve("Go?", "done", "done"), done: end() } };
    await expect(create({ ...hooked("deploy-done"), ...asking })).rejects.toMatchObject({
      data: { code: "invalid_definition", message: expect.stringContaining("nobody to ask") },
    });
    await expect(create(hooked({ name: "a b", when: "state == 1", input: { v: "{{x}}" } }))).rejects.toMatchObject({
      data: {
        message: expect.stringMatching(
          /cannot be a hook's name[\s\S]*nothing sets "state" here[\s\S]*nothing sets "x" here/,
        ),
      },
    });
  });

  test("old events are forgotten", async () => {
    const backend = await startBackend();
    await send(backend, {});
    await pass(backend, 8 * DAY);
    await backend.t.mutation(internal.hooks.sweep, {});
    expect(await backend.rows("hookEvents")).toEqual([]);
  });
});
