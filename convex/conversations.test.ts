// @vitest-environment edge-runtime
import { describe, expect, test } from "vitest";
import { createBackend } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { api } from "./_generated/api.js";

async function setup() {
  const backend = createBackend();
  await backend.gateway.mutation(api.system.ensureOwner, { osUser: "ana" });
  return { backend, t: backend.gateway, ana: createChat(backend, "terminal:ana") };
}

describe("conversation", () => {
  test("a plain request does its work and is answered by one delivery", async () => {
    const { ana } = await setup();
    const said = await ana.ask('create a task "fix the login page"');
    expect(said).toEqual([expect.stringContaining('Created **T1** "fix the login page"')]);
    const list = await ana.ask("list tasks");
    expect(list[0]).toContain("**T1** fix the login page (backlog)");
  });
});
