import { expect, test } from "vitest";
import { startError, withoutKnownStack } from "./embedded.ts";

const failure = (code: string, more: object = {}) =>
  startError(Object.assign(new Error("reason"), { code, ...more }), { backendPort: 3210, dataDir: "/data" }).info;

test.each([
  ["EADDRINUSE", "port_in_use", "BACKEND_PORT"],
  ["in_use", "bot_running", "FACTORY_DATA_DIR"],
  ["disk_full", "disk_full", "FACTORY_DATA_DIR"],
  ["corrupt", "data_corrupt", "FACTORY_DATA_DIR"],
  ["newer_version", "conflict", "FACTORY_DATA_DIR"],
])("the host's %s -> %s, at %s, with a remedy", (theirs, code, field) => {
  const info = failure(theirs);
  expect(info).toMatchObject({ code, field });
  expect(info.remedy).not.toBeNull();
});

test("the neighbour's port is named when that is the one in use", () => {
  expect(failure("EADDRINUSE", { port: 3211 }).message).toContain("3211");
});

test("a known refusal of the host is logged without where in the host it was; a bug keeps its stack", () => {
  expect(withoutKnownStack("HostError: The disk is full.\n    at storageError (x.ts:1:2)\n    at y")).toBe(
    "The disk is full.",
  );
  const bug = "TypeError: x is not y\n    at z (z.ts:1:2)";
  expect(withoutKnownStack(bug)).toBe(bug);
});
