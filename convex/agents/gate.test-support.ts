/** A person, a peer that plays the model, and what the gate and outside calls leave behind; the test is the machine. */
import { vi } from "vitest";
import { createBackend, until } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { says } from "../../test/model_peer.ts";
import { at, OWNER } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import { addProbes } from "./probes.test-support.ts";

addProbes();

export const WIRE = { id: "w1", name: "wire", input: { amount: 82_000, approved: true, verdict: "yes" } };
export const DONE = says("It is done.");

export async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  vi.spyOn(console, "error").mockImplementation(() => {});
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  await t.mutation(api.people.add, { actor: OWNER, name: "Bo", roles: ["release"] });
  await t.mutation(api.people.link, { actor: OWNER, name: "Bo", handle: "terminal:bo" });
  const ana = createChat(backend, "terminal:ana");
  const approvals = () => t.run((ctx) => ctx.db.query("approvals").collect());
  const gates = () => t.run((ctx) => ctx.db.query("gatedCalls").collect());
  const outside = () => t.run((ctx) => ctx.db.query("outsideCalls").collect());
  const turns = () => t.run((ctx) => ctx.db.query("turns").collect());
  const answer = async (option: string, { by = "terminal:ana", which = -1 } = {}) =>
    await t.mutation(api.approvals.answer, { actor: at(by), ref: (await approvals()).at(which)!._id, option });
  const ready = async (count = 1) => {
    await until(`${count} calls ready`, async () => (await t.query(api.outside_work.ready, {})).length === count);
    return (await t.query(api.outside_work.ready, {}))[0]!.callId;
  };
  const claim = async () => await t.mutation(api.outside_work.claim, { callId: await ready(), machine: "m1" });
  const complete = async (result: unknown) => {
    const { callId, leaseId } = (await claim())!;
    await t.mutation(api.outside_work.complete, { callId, leaseId, result: JSON.stringify(result) });
  };
  const texts = async () => (await ana.read()).filter((said) => !said.startsWith("{"));
  const setPolicy = (...rules: string[]) =>
    t.mutation(api.policy.set, { actor: OWNER, source: `rules:\n${rules.join("\n")}`, file: "policy.yaml" });
  const record = async () =>
    (await t.run((ctx) => ctx.db.query("audit").collect()))
      .map(({ kind }) => kind)
      .filter((kind) => /^(tool|policy)\./.test(kind));
  return {
    backend,
    t,
    ana,
    approvals,
    gates,
    outside,
    turns,
    answer,
    ready,
    claim,
    complete,
    texts,
    setPolicy,
    record,
  };
}

export const rule = (name: string, when: string, then: string, more = "") =>
  `  - {name: ${name}, when: ${when}, then: ${then}${more}}`;
