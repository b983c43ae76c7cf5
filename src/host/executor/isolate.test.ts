import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type BundledApp, bundleApp } from "../bundle/app.ts";
import { loadDeployment } from "./deployment.ts";
import { FakeExecution, path } from "./execution.test-support.ts";
import type { IsolateExecutor } from "./isolate.ts";

const appDir = join(import.meta.dirname, "../../../test/host/fixture_app/convex");
const env = { CONVEX_CLOUD_URL: "http://cloud", CONVEX_SITE_URL: "http://site", SECRET: "s", FIXTURE_JWKS: "data:," };
let app: BundledApp;
let executor: IsolateExecutor;

beforeAll(async () => {
  app = await bundleApp(appDir, null);
  executor = loadDeployment(app, env).executor;
});
afterAll(() => executor.close());

async function run(name: string, args: object = {}, prepare?: (execution: FakeExecution) => void) {
  const info = await executor.describe(path(name));
  if (info === null) throw new Error(`no ${name}`);
  const execution = new FakeExecution(path(name), info.udfType);
  prepare?.(execution);
  const value = JSON.parse(await executor.invoke(path(name), execution, JSON.stringify([args])));
  return { value, execution };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("what there is", () => {
  test("a function is described by its registration", async () => {
    expect(await executor.describe(path("probes:arguments_"))).toEqual({
      udfType: "query",
      visibility: "public",
      args: { type: "object", value: { text: { fieldType: { type: "string" }, optional: false } } },
      returns: { type: "object", value: { text: { fieldType: { type: "string" }, optional: false } } },
    });
    expect(await executor.describe(path("counters:record"))).toMatchObject({
      udfType: "mutation",
      visibility: "internal",
      returns: { type: "any" },
    });
  });

  test("what is not there is null, never an error", async () => {
    expect(await executor.describe(path("probes:absent"))).toBeNull();
    expect(await executor.describe(path("absent:absent"))).toBeNull();
    expect(await executor.describe(path("constructor:name"))).toBeNull();
    expect(await executor.describe(path("schema:default"))).toBeNull();
  });

  test("the listing holds every function of a component", async () => {
    const names = (await executor.listFunctions("")).map(({ path }) => `${path.module}:${path.name}`);
    expect(names).toContain("counters:add");
    expect(names).toContain("flows:wait");
    const pool = await executor.listFunctions("workflow/workpool");
    expect(pool.map(({ path }) => `${path.component} ${path.module}:${path.name}`)).toContain(
      "workflow/workpool lib:enqueue",
    );
  });

  test("the deployment knows components, schemas, crons and token issuers", () => {
    const { deployment } = loadDeployment(app, env);
    expect([...deployment.components.keys()]).toEqual([
      "",
      "workflow",
      "workflow/workpool",
      "workflow/workpool/batchWorker",
      "agent",
    ]);
    expect(deployment.components.get("")?.schema?.tables.map(({ tableName }) => tableName)).toEqual([
      "counters",
      "ran",
    ]);
    expect(deployment.components.get("workflow/workpool/batchWorker")?.env).toEqual({
      LOG_LEVEL: "REPORT",
      CONVEX_CLOUD_URL: "http://cloud",
      CONVEX_SITE_URL: "http://site",
    });
    expect(deployment.crons).toEqual([
      {
        name: "count up",
        component: "",
        udfPath: "counters:add",
        args: { name: "cron", by: 1 },
        schedule: { type: "interval", hours: 1 },
      },
    ]);
    expect(deployment.authProviders).toMatchObject([{ type: "customJwt", jwks: "data:,", algorithm: "ES256" }]);
  });

  test("an issuer whose variable is missing is told by field", () => {
    expect(() => loadDeployment(app, {})).toThrow(/auth\.config.*provider 1 has no "jwks".*variable/);
  });
});

describe("a context", () => {
  test("buffers of the host's crypto and Blob are instances of its ArrayBuffer", async () => {
    const { value } = await run("probes:buffers");
    expect(value.slice(0, 3)).toEqual([true, true, true]);
    expect(value[3]).toEqual({ $bytes: expect.any(String) });
  });

  test("errors of the host and of V8 are instances of its Error classes", async () => {
    const { value } = await run("probes:errors");
    expect(value).toEqual([
      [true, true, false],
      [true, true, false],
      [true, false, false],
    ]);
  });

  test("time stands still in a mutation", async () => {
    const { value } = await run("probes:dates");
    expect(value).toEqual({ frozen: true, now: 1_700_000_000_000, text: "string", own: true, given: 2020, spun: true });
  });

  test("fetch and timers exist in a query, and refuse", async () => {
    const { value } = await run("probes:outside");
    expect(value).toEqual([
      expect.stringMatching(/^Can't use fetch\(\) in queries and mutations/),
      expect.stringMatching(/^Can't use setTimeout in queries/),
      expect.stringMatching(/^Can't use setInterval in queries/),
    ]);
  });

  test("the globals are Convex's, not Node's, and may be replaced", async () => {
    const { value } = await run("probes:globals");
    expect(value).toEqual({
      absent: [],
      missing: [],
      self: true,
      writable: true,
      environment: ["CONVEX_CLOUD_URL", "CONVEX_SITE_URL", "FIXTURE_JWKS", "SECRET"],
    });
  });

  test("eval is refused", async () => {
    await expect(run("probes:useEval")).rejects.toThrow(/Code generation from strings disallowed/);
  });

  test("structuredClone makes the context's own objects, cycles included", async () => {
    expect((await run("probes:clone")).value).toEqual([true, true, true, true, true]);
  });

  test("streams of the web work in actions", async () => {
    expect((await run("probes:streams")).value).toEqual(["HELLO", true, true, true]);
  });

  test("fetch in an action answers with the context's Response and objects", async () => {
    const server = createServer((request, response) => response.end(`{"got":["${request.headers["x-test"]}"]}`));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      expect((await run("probes:fetchJson", { url })).value).toEqual([true, true, true, { got: ["1"] }]);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  test("console writes to the running call, formatted as Convex does", async () => {
    const { execution } = await run("probes:prints");
    expect(execution.logs).toEqual([
      "log 'text' { a: [ 1 ] } 5",
      "info 'inside'",
      "warn   'indented'",
      "info default: 1",
      "info default: 2",
    ]);
  });

  test("a stack shows the application's files and lines and nothing of the host", async () => {
    const error = await run("probes:fail").then(
      () => null,
      (thrown: { message: string; stack: string }) => thrown,
    );
    expect(error?.message).toBe("on purpose");
    const frames = error!.stack.split("\n").slice(1);
    expect(frames[0]).toMatch(/at deep \(convex\/probes\.ts:\d+:\d+\)/);
    expect(frames[1]).toMatch(/convex\/probes\.ts:\d+:\d+/);
    expect(error!.stack).not.toMatch(/isolate\.ts|convex-script/);
  });
});

describe("contexts are reused, but", () => {
  test("a function that leaves globals changed loses its context", async () => {
    await run("probes:patchGlobals", { restore: false });
    expect((await run("probes:mathIsWhole")).value).toBe(true);
  });

  test("a function that replaces globals across an await is alone in its context", async () => {
    let go = () => {};
    const waiting = run("probes:patchGlobals", { restore: true }, (execution) => {
      execution.answer = () => new Promise((resolve) => (go = () => resolve('{"value":null,"done":true}')));
    });
    await pause(5);
    expect((await run("probes:mathIsWhole")).value).toBe(true);
    go();
    await waiting;
    expect((await run("probes:mathIsWhole")).value).toBe(true);
  });

  test("a promise that outlives its mutation may not write", async () => {
    const { execution } = await run("probes:zombie", {}, (fake) => {
      fake.answer = async (op) => {
        await pause(5);
        return op.endsWith("queryStreamNext") ? '{"value":null,"done":true}' : '{"_id":"x"}';
      };
    });
    expect(execution.done).toBe(true);
    await pause(20);
    expect(execution.syscalls).not.toContain("1.0/insert");
    // The refusal reaches the floating promise as a rejection, which the process must expect (see below).
    await expect.poll(() => rejections.some((reason) => /after the function had returned/.test(reason))).toBe(true);
  });

  test("a rejection nobody awaits does not end the call", async () => {
    expect((await run("probes:floatingRejection")).value).toBeNull();
    await expect.poll(() => rejections.includes("nobody awaits me")).toBe(true);
  });

  test("a timer does not fire after its action, and its id is a number", async () => {
    const { value, execution } = await run("probes:floatingTimer");
    expect(value).toBe("number");
    await pause(15);
    expect(execution.logs).toEqual([]);
  });

  test("what a module puts on the global while it is loaded does not cost the context", async () => {
    // The agent's libraries register themselves so.
    await executor.describe(path("agents:ask"));
    const before = executor.contexts()[""];
    for (let i = 0; i < 20; i++) await run("probes:registers");
    expect(executor.contexts()[""]! - before!).toBeLessThanOrEqual(1);
  });

  test("module state of a context lives on", async () => {
    expect((await run("probes:moduleLoads")).value).toBe(1);
  });
});

test("many actions at once share a context and never mix", async () => {
  const runs = await Promise.all(
    Array.from({ length: 60 }, (_, i) => run("probes:sleep", { ms: (i * 7) % 11, name: `action ${i}` })),
  );
  for (const [i, { value, execution }] of runs.entries()) {
    expect(value).toBe(`action ${i}`);
    expect(execution.logs).toEqual([`log 'action ${i}'`]);
  }
});

describe("http", () => {
  test("a route is found by method, path and prefix", async () => {
    expect(await executor.routeHttp("", "POST", "/echo")).toEqual({
      component: "",
      method: "POST",
      routePath: "/echo",
    });
    expect(await executor.routeHttp("", "GET", "/stream/a/b")).toMatchObject({ routePath: "/stream/*" });
    expect(await executor.routeHttp("", "GET", "/echo")).toBeNull();
    expect(await executor.routeHttp("workflow", "GET", "/echo")).toBeNull();
  });

  test("an http action reads the request and answers", async () => {
    const target = (await executor.routeHttp("", "POST", "/echo"))!;
    const execution = new FakeExecution(path("http:default"), "httpAction");
    const request = new Request("http://localhost/echo", { method: "POST", body: '{"a":[1]}' });
    const response = await executor.invokeHttp(target, execution, request);
    expect(await response.json()).toEqual({ isRequest: true, isObject: true, body: { a: [1] } });
    expect(response.headers.get("content-type")).toBe("application/json");
    await expect.poll(() => execution.done).toBe(true);
  });

  test("the call goes on until its body is read", async () => {
    const target = (await executor.routeHttp("", "GET", "/stream/x"))!;
    const execution = new FakeExecution(path("http:default"), "httpAction");
    const response = await executor.invokeHttp(target, execution, new Request("http://localhost/stream/x"));
    expect(execution.done).toBe(false);
    expect(await response.text()).toBe("/stream/x 0\n/stream/x 1\n/stream/x 2\n");
    expect(execution.done).toBe(true);
  });

  test("a client that goes away ends the call", async () => {
    const target = (await executor.routeHttp("", "GET", "/stream/x"))!;
    const execution = new FakeExecution(path("http:default"), "httpAction");
    const response = await executor.invokeHttp(target, execution, new Request("http://localhost/stream/x"));
    await response.body!.cancel();
    expect(execution.done).toBe(true);
  });
});

const rejections: string[] = [];
/** As the worker does: what floats is written down, and the process goes on. */
const collect = (reason: unknown) => void rejections.push(String((reason as { message?: string })?.message ?? reason));
beforeAll(() => {
  known = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
});
afterAll(() => {
  process.off("unhandledRejection", collect);
  for (const listener of known) process.on("unhandledRejection", listener);
});
let known: NodeJS.UnhandledRejectionListener[] = [];
