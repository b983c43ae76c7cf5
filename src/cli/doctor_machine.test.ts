import { expect, test } from "vitest";
import { readConfig } from "../bot/config.ts";
import type { Machine } from "../bot/machine.ts";
import { examineMachine } from "./doctor_machine.ts";

const look = (machine: Partial<Machine>, env: Record<string, string> = { FACTORY_WORKSPACE: "/repo" }) =>
  examineMachine(readConfig(env), async () => ({ sandboxes: [], workspace: true, lacking: [], ...machine }));

test("without a workspace nothing is wrong, and it is said that workers are off", async () => {
  expect(await look({}, {})).toEqual([
    { name: "workers", ok: true, detail: expect.stringContaining("off: FACTORY_WORKSPACE"), remedy: null },
  ]);
});

test("I10: no sandbox -> executeCommand is off, with why for each and the remedy", async () => {
  const lacking = [
    { what: "bubblewrap" as const, why: "there is no program bwrap", remedy: "install bubblewrap" },
    { what: "docker" as const, why: "no engine answers", remedy: "start it" },
  ];
  expect((await look({ lacking }))[1]).toEqual({
    name: "sandbox",
    ok: false,
    detail:
      "executeCommand and tool::shell_exec are off: bubblewrap: there is no program bwrap; docker: no engine answers",
    remedy: "install bubblewrap",
  });
});

test("a workspace that is no repository is named with the remedy; what works is said plainly", async () => {
  const lacking = [{ what: "workspace" as const, why: "it is not a git repository", remedy: "git init" }];
  expect(await look({ workspace: false, lacking, sandboxes: ["bubblewrap"] })).toEqual([
    { name: "workspace", ok: false, detail: "it is not a git repository", remedy: "git init" },
    { name: "sandbox", ok: true, detail: "bubblewrap", remedy: null },
  ]);
});
