import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { findMachine, succeeds } from "./machine.ts";

test("W16: a sandbox counts when it really starts: a docker client asks its engine, bubblewrap runs something", async () => {
  const asked: string[] = [];
  const machine = await findMachine(undefined, async (command, args) => {
    asked.push([command, ...args].join(" "));
    return command === "docker";
  });
  expect(machine).toEqual({ sandboxes: ["docker"], workspace: false });
  expect(asked).toEqual([
    "bwrap --ro-bind / / --unshare-all --die-with-parent true",
    "docker version --format {{.Server.Version}}",
  ]);
});

test("a workspace counts when the folder is there", async () => {
  const none = async () => false;
  expect(await findMachine(tmpdir(), none)).toEqual({ sandboxes: [], workspace: true });
  expect((await findMachine("/no/such/folder", none)).workspace).toBe(false);
});

test("a command that is not there, or fails, does not succeed", async () => {
  expect(await succeeds("no-such-command", [])).toBe(false);
  expect(await succeeds(process.execPath, ["-e", "process.exit(3)"])).toBe(false);
  expect(await succeeds(process.execPath, ["-e", ""])).toBe(true);
});
