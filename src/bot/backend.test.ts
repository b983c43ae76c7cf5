import { ConvexError } from "convex/values";
import { describe, expect, test } from "vitest";
import { errorInfo } from "../contract/errors.ts";
import { decodeRun, toFactoryError } from "./backend.ts";

const AT = { url: "http://127.0.0.1:3210", dataDir: null };

describe("errors of the backend", () => {
  test("what the backend threw on purpose arrives unchanged", () => {
    const info = errorInfo("not_found", "no run r1", { field: "runId", remedy: "list them" });
    expect(toFactoryError(new ConvexError({ ...info }), AT).info).toEqual(info);
  });

  test.each([
    ["fetch failed", "backend_unavailable"],
    ["[CONVEX M(inbound:receive)] Server Error\nUncaught Error: database or disk is full", "disk_full"],
    ["The disk is full: nothing of this transaction was written to /data/convex.sqlite.", "disk_full"],
    ["[CONVEX Q(runs:get)] ArgumentValidationError: Value does not match", "invalid_input"],
    ["[CONVEX Q(x:y)] Could not find public function for 'x:y'", "backend_unavailable"],
    ["boom", "internal"],
  ])("%s -> %s, with a remedy", (text, code) => {
    const { info } = toFactoryError(new Error(text), AT);
    expect(info.code).toBe(code);
    expect(info.remedy).not.toBeNull();
  });

  test("one that cannot be reached is named by what the person has", () => {
    const { info } = toFactoryError(new Error("fetch failed"), { ...AT, dataDir: "/data" });
    expect(info.message).toContain("the bot of the data folder /data");
    expect(info).toMatchObject({ field: "FACTORY_DATA_DIR", remedy: expect.stringContaining("npm start") });
    const other = toFactoryError(new Error("fetch failed"), AT).info;
    expect(other).toMatchObject({ field: "CONVEX_URL", remedy: expect.not.stringContaining("npm start") });
  });

  test("the request id and the stack of an unknown failure are left out", () => {
    const text =
      "[CONVEX M(a:b)] [Request ID: 12ab] Server Error\nUncaught TypeError: x is not y\n    at foo (../a.ts:1:2)\n  Called by client";
    expect(toFactoryError(new Error(text), AT).info.message).toBe("Uncaught TypeError: x is not y");
  });
});

test("a run's foreign JSON is decoded, null stays null", () => {
  const wire = {
    runId: "r1",
    workflow: "deploy",
    version: 1,
    title: "deploy",
    status: "running" as const,
    startedBy: "Ana",
    input: '{"version":"1.2"}',
    variables: "{}",
    nodes: [],
    waitingFor: [],
    result: "null",
    error: null,
    startedAt: 1,
    endedAt: null,
  };
  expect(decodeRun(wire)).toMatchObject({ input: { version: "1.2" }, variables: {}, result: null });
});
