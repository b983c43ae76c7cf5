import { expect, test } from "vitest";
import { type Backend, functions } from "../bot/backend.ts";
import { BackendUnreachable } from "../bot/unreachable.ts";
import type { Actor } from "../contract/actor.ts";
import { FactoryError } from "../contract/errors.ts";
import { nothingCounted, tellingWhatCounted } from "./counted.ts";

const gone = new BackendUnreachable({ url: "http://127.0.0.1:1", dataDir: "/data" }, "no answer within 30 s");
const actor: Actor = { kind: "operator", osUser: "ana", as: null, channel: "cli" };

const failing = (thrown: Error) =>
  tellingWhatCounted({
    mutation: () => Promise.reject(thrown),
    query: () => Promise.reject(thrown),
  } as unknown as Backend);

test("an answer, a start, a cancel without a reply -> it is said that it may have counted, and where to look", async () => {
  const backend = failing(gone);
  const calls = {
    "factory approvals show 4K": backend.mutation(functions.approvals.answer, { actor, ref: "4K", option: "yes" }),
    "factory workflow status r1": backend.mutation(functions.runs.cancel, { actor, runId: "r1" }),
    "factory workflow runs": backend.mutation(functions.runs.restart, { actor, runId: "r1" }),
    "factory audit list": backend.mutation(functions.workflows.remove, { actor, name: "deploy" }),
  };
  for (const [look, call] of Object.entries(calls)) {
    const { info } = await call.then(
      () => expect.unreachable(),
      (thrown: FactoryError) => thrown,
    );
    expect(info).toMatchObject({ code: "backend_unavailable", field: "FACTORY_DATA_DIR", retryable: true });
    expect(info.message).toContain("it is not known whether this counted");
    expect(info.remedy).toContain("npm start");
    expect(info.remedy).toContain(look);
  }
});

test("what was refused, and a question that only reads, are told as they are", async () => {
  const refused = new FactoryError("forbidden", "no");
  await expect(failing(refused).mutation(functions.runs.cancel, { actor, runId: "r1" })).rejects.toBe(refused);
  await expect(failing(gone).query(functions.workflows.list, {})).rejects.toBe(gone);
});

test("before anything was asked -> nothing was changed", () => {
  expect(nothingCounted(gone)).toMatchObject({ info: { message: expect.stringMatching(/; nothing was changed$/) } });
});
