/** Parsing of command lines, without a backend; with one: test/e2e/command.test.ts. */
import { expect, test } from "vitest";
import { readRoles } from "./people.ts";
import { run } from "./program.ts";

async function typed(...args: string[]) {
  let stdout = "";
  let stderr = "";
  const code = await run(args, {
    stdout: {
      write(text) {
        stdout += text;
      },
    },
    stderr: {
      write(text) {
        stderr += text;
      },
    },
    env: {},
  });
  return { code, stdout, stderr };
}

test("help goes to stdout with exit code 0 and names every group", async () => {
  const { code, stdout } = await typed("--help");
  expect(code).toBe(0);
  for (const group of ["chat", "workflow", "approvals", "people", "audit", "doctor"]) expect(stdout).toContain(group);
});

test.each([
  [["workflow"]],
  [["workflow", "bogus"]],
  [["bogus"]],
  [["workflow", "run"]],
  [["--format", "xml", "doctor"]],
  [["workflow", "list", "--nope"]],
])("%j is wrong usage: exit code 2, one error", async (args) => {
  const { code, stdout, stderr } = await typed(...args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr.match(/^error: /gm)).toHaveLength(1);
  expect(stderr).toContain("remedy");
});

test("a group without a command, or with an unknown one, names those there are", async () => {
  for (const args of [["tasks"], ["tasks", "remove"]]) {
    const { stderr } = await typed(...args);
    expect(stderr).toContain("one of list, show, create, assign, move; what each does: factory tasks --help");
  }
});

test("with --format json a wrong usage is a JSON error too, wherever the option stands", async () => {
  for (const args of [
    ["--format", "json", "bogus"],
    ["bogus", "--format=json"],
  ]) {
    const { code, stdout, stderr } = await typed(...args);
    expect([code, stderr]).toEqual([2, ""]);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "invalid_input", message: expect.stringContaining("bogus") },
    });
  }
});

test.each([
  [["tasks", "move", "T1"], "status"],
  [["tasks", "assign", "T1"], "name"],
  [["budget", "set", "much"], "not an amount"],
  [["budget", "set", "5", "--warn", "120"], "not a share"],
  [["memory", "forget"], "memory"],
])("%j is refused for what it lacks", async (args, words) => {
  const { code, stderr } = await typed(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(words);
});

test("a role is given with + and taken with -", () => {
  expect(readRoles(["+release", "-viewer", "+ops"])).toEqual({ add: ["release", "ops"], remove: ["viewer"] });
  expect(() => readRoles(["release"])).toThrow(/not a change of a role/);
  expect(() => readRoles(["-"])).toThrow();
});
