/** G1, G4, G5, S12: what has consequences outside is asked about first, and only what was approved is done, once. */
import { describe, expect, test } from "vitest";
import { until } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { calls, model, says } from "../../test/model_peer.ts";
import { OWNER } from "../../test/runs.ts";
import { api, internal } from "../_generated/api.js";
import { MAX_CONTINUED } from "../model/turns.ts";
import { DONE, rule, setup, WIRE } from "./gate.test-support.ts";

describe("the gate", () => {
  test("without a rule the person served is asked: they see tool, agent, for whom and the exact input; yes -> done once, and the turn goes on", async () => {
    const { t, ana, approvals, outside, turns, answer, complete, texts, record } = await setup();
    const requests = await model(calls(WIRE), DONE);
    const said = await ana.ask("wire it");
    expect(said.join()).toContain(
      'I have asked you: "Wire 82000 to the bank? (wire)" I go on here as soon as it is answered.',
    );
    const [asked] = await approvals();
    expect(asked).toMatchObject({ agent: "factoryManager", approvers: ["person:ana"], options: ["yes", "no"] });
    expect(asked?.payload).toBe('{"amount":82000,"to":"the bank"}');
    const card = (await ana.read()).find((each) => each.startsWith("{"));
    expect(card).toContain(`asked by the Factory Manager for ana · payload ${asked?.payloadHash?.slice(0, 12)}`);
    expect(await outside()).toEqual([]);
    expect(await answer("yes")).toMatchObject({ outcome: "settled" });
    await complete({ wired: 82_000 });
    expect((await texts()).at(-1)).toBe("It is done.");
    expect(requests).toHaveLength(2);
    expect(requests[1]?.messages.at(-1)).toMatchObject({ role: "tool", content: expect.stringContaining("82000") });
    expect(await outside()).toMatchObject([{ status: "done", claims: 1, machine: "m1" }]);
    expect((await turns()).map(({ status }) => status)).toEqual(["done", "done"]);
    expect(await record()).toEqual(["policy.held", "policy.satisfied", "tool.called", "tool.done"]);
    expect(await t.run((ctx) => ctx.db.query("toolEffects").collect())).toHaveLength(1);
  });

  test("no -> that is the result, and nothing is done; nobody answers -> neither", async () => {
    const { t, ana, approvals, outside, answer, texts, record } = await setup();
    const requests = await model(
      calls(WIRE),
      says("Then not."),
      calls({ ...WIRE, id: "w2" }),
      says("Nobody answered."),
    );
    await ana.ask("wire it");
    await answer("no");
    expect((await texts()).at(-1)).toBe("Then not.");
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("ana said no to wire");
    await ana.ask("wire it now");
    await t.run(async (ctx) =>
      ctx.db.patch("approvals", (await ctx.db.query("approvals").order("desc").first())!._id, { expiresAt: 1 }),
    );
    await t.mutation(internal.approvals.expire, { approvalId: (await approvals()).at(-1)!._id });
    expect((await texts()).at(-1)).toBe("Nobody answered.");
    expect(JSON.stringify(requests[3]?.messages.at(-1))).toContain("expired");
    expect(await outside()).toEqual([]);
    expect(await record()).toEqual(["policy.held", "tool.refused", "policy.held", "tool.refused"]);
  });

  test("a rule lets it pass -> nobody is asked, and the result is part of the same reply; a rule blocks it -> refused", async () => {
    const { ana, approvals, turns, complete, setPolicy, texts, record } = await setup();
    await setPolicy(
      rule("small", "tool == wire and payload.amount < 100", "allow"),
      rule("never", "payload.amount > 1000000", "block, for: [tool], reason: too much"),
    );
    const requests = await model(
      calls({ ...WIRE, input: { amount: 5 } }),
      DONE,
      calls({ ...WIRE, id: "w2", input: { amount: 2_000_000 } }),
      says("I may not."),
    );
    await ana.type("wire 5");
    await complete({ wired: 5 });
    expect(await texts()).toEqual(["It is done."]);
    expect(await turns()).toHaveLength(1);
    expect(await record()).toEqual(["policy.set", "policy.allowed", "tool.called", "tool.done"]);
    expect(await ana.ask("wire two million")).toEqual(["I may not."]);
    expect(JSON.stringify(requests[3]?.messages.at(-1))).toMatch(/blocked by the policy: rule .*never.*too much/);
    expect(await approvals()).toEqual([]);
  });

  test("a rule names the approvers -> they are asked, and who is served cannot answer for them", async () => {
    const { ana, approvals, outside, answer, ready, setPolicy } = await setup();
    await setPolicy(rule("release", "tool == wire", "ask, approvers: [role:release], reason: money"));
    await model(calls(WIRE), DONE);
    expect((await ana.ask("wire it")).join()).toContain(
      'I have asked the role release: "Wire 82000 to the bank? (wire) (policy: release, money)',
    );
    expect(await approvals()).toMatchObject([{ approvers: ["role:release"], rule: "release" }]);
    expect(await answer("yes")).toMatchObject({ outcome: "refused" });
    expect(await outside()).toEqual([]);
    expect(await answer("yes", { by: "terminal:bo" })).toMatchObject({ outcome: "settled" });
    await ready();
  });

  test("several calls in one step: each is asked, the reply points to each, and the turn goes on after the last", async () => {
    const { ana, approvals, turns, answer, complete, texts } = await setup();
    await model(calls(WIRE, { ...WIRE, id: "w2", input: { amount: 7 } }), DONE);
    const [said] = (await ana.ask("wire both")).filter((each) => !each.startsWith("{"));
    expect(said).toContain("Wire 82000");
    expect(said).toContain("Wire 7 ");
    expect(await approvals()).toHaveLength(2);
    await answer("yes", { which: 0 });
    await complete("first");
    expect(await turns()).toHaveLength(1);
    await answer("no", { which: 1 });
    expect((await texts()).at(-1)).toBe("It is done.");
    expect(await turns()).toHaveLength(2);
  });

  test("a gated effect is done once, after the yes; the same asked again meanwhile points to the open question", async () => {
    const { t, ana, approvals, answer, texts } = await setup();
    const announce = (id: string) => calls({ id, name: "announce", input: { text: "hello all" } });
    await model(announce("a1"), announce("a2"), says("Asked already."), DONE);
    await ana.ask("announce it");
    const posted = async () =>
      (await t.run((ctx) => ctx.db.query("deliveries").collect())).filter(({ place }) => place === "slack:#all");
    expect((await ana.ask("announce it")).join()).toContain("Asked already.");
    expect(await approvals()).toHaveLength(1);
    expect(await posted()).toEqual([]);
    await answer("yes");
    await until("it was announced", async () => (await posted()).length > 0);
    expect((await texts()).at(-1)).toContain("It is done.");
    const [gate] = await t.run((ctx) => ctx.db.query("gatedCalls").collect());
    await t.mutation(internal.gate.release, { gateId: gate!._id });
    expect(await posted()).toHaveLength(1);
  });

  test("what is said in a channel passes, unless a rule asks or blocks; where the policy is not heard the dry run says so", async () => {
    const { t, ana, approvals, answer, setPolicy, texts } = await setup();
    const say = (id: string, text: string) =>
      calls({ id, name: "sendChannelMessage", input: { channel: "slack:#all", text } });
    const posted = async () =>
      (await t.run((ctx) => ctx.db.query("deliveries").collect())).filter(({ place }) => place === "slack:#all");
    const requests = await model(
      say("s1", "one"),
      DONE,
      say("s2", "two"),
      says("I may not."),
      say("s3", "three"),
      DONE,
    );
    await ana.ask("say one");
    expect(await posted()).toHaveLength(1);
    await setPolicy(rule("quiet", "tool == sendChannelMessage", "block, for: [tool], reason: a release is on"));
    await ana.ask("say two");
    expect(JSON.stringify(requests[3]?.messages.at(-1))).toContain("blocked by the policy");
    await setPolicy(rule("quiet", "tool == sendChannelMessage", "ask, for: [tool]"));
    expect((await ana.ask("say three")).join()).toContain(
      'Say in slack:#all: \\"three\\"? (saying something in a channel)',
    );
    expect([(await posted()).length, (await approvals()).length]).toEqual([1, 1]);
    await answer("yes");
    await until("it was said", async () => (await posted()).length === 2);
    expect((await texts()).at(-1)).toBe("It is done.");
    await setPolicy(rule("none", "tool == createTask", "block"));
    const tried = await t.query(api.policy.test, { actor: OWNER, tool: "createTask", payload: "{}" });
    expect(tried).toMatchObject({
      decision: "allow",
      rule: null,
      text: expect.stringContaining("is not heard about createTask"),
    });
  });

  test("what would read otherwise than it is done -> refused before anybody is asked", async () => {
    const { ana, approvals, outside } = await setup();
    const requests = await model(calls({ ...WIRE, input: { amount: 1, to: "acme\u202eknab live" } }), says("No."));
    await ana.ask("wire it");
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("turn the direction of writing");
    expect([await approvals(), await outside()]).toEqual([[], []]);
  });

  test("a request that goes on from results again and again -> it ends, and says so", async () => {
    const { t, ana, turns, answer, complete, texts } = await setup();
    const requests = await model(calls(WIRE), DONE);
    await ana.ask("wire it");
    await t.run(async (ctx) =>
      ctx.db.patch("turns", (await ctx.db.query("turns").first())!._id, { continued: MAX_CONTINUED }),
    );
    await answer("yes");
    await complete({ wired: 82_000 });
    await until("the turn has ended", async () => (await turns()).at(-1)?.status === "failed");
    expect((await texts()).at(-1)).toContain(`it went on ${MAX_CONTINUED} times and came to no end (limit_reached)`);
    expect(requests).toHaveLength(1);
  });

  test("a dry run tells of a tool what would be decided, and which rule speaks", async () => {
    const { t, setPolicy } = await setup();
    const tried = (payload: string, tool = "wire") => t.query(api.policy.test, { actor: OWNER, tool, payload });
    expect(await tried('{"amount":5}')).toMatchObject({ decision: "ask", rule: null, approvers: ["person:ana"] });
    expect(await tried("{}", "balance")).toMatchObject({ decision: "allow" });
    await setPolicy(rule("small", "tool == wire and payload.amount < 100", "allow"));
    expect(await tried('{"amount":5}')).toMatchObject({ decision: "allow", rule: "small" });
    expect(await tried('{"amount":500}')).toMatchObject({ decision: "ask", rule: null, looked: [{ matched: false }] });
  });

  test("S12: what the person may not, or what cannot be, is refused before anybody is asked; a look outside needs nobody", async () => {
    const { backend, t, ana, approvals, complete } = await setup();
    await model(
      calls({ ...WIRE, input: { amount: -1 } }),
      says("No."),
      calls(WIRE),
      says("Not you."),
      calls({ id: "b", name: "balance", input: {} }),
      says("Enough."),
    );
    await ana.ask("wire -1");
    await t.mutation(api.people.add, { actor: OWNER, name: "Vi", roles: ["viewer"] });
    await t.mutation(api.people.link, { actor: OWNER, name: "Vi", handle: "terminal:vi" });
    expect(await createChat(backend, "terminal:vi").ask("wire it")).toEqual(["Not you."]);
    await ana.type("how much is there?");
    await complete({ balance: 3 });
    expect((await ana.read()).at(-1)).toBe("Enough.");
    expect(await approvals()).toEqual([]);
  });
});

describe("G4: only what was approved is done", () => {
  test("the input is something else when it is made ready -> it does not run, and is asked anew as it is now", async () => {
    const { t, ana, approvals, gates, outside, answer, ready, claim } = await setup();
    await model(calls(WIRE), DONE);
    await ana.ask("wire it");
    const [gate] = await gates();
    await t.run((ctx) => ctx.db.patch("gatedCalls", gate!._id, { input: '{"amount":820000,"to":"the bank"}' }));
    await answer("yes");
    await until("asked anew", async () => (await approvals()).length === 2);
    expect(await outside()).toEqual([]);
    expect((await approvals())[1]).toMatchObject({ status: "pending", payload: '{"amount":820000,"to":"the bank"}' });
    expect((await approvals())[1]?.question).toContain("This is not what was approved. Wire 820000");
    await answer("yes");
    await ready();
    expect(await claim()).toMatchObject({ input: '{"amount":820000,"to":"the bank"}' });
  });

  test("the input is something else when it is claimed -> it does not run, and is asked anew", async () => {
    const { t, ana, approvals, outside, answer, claim, ready, texts } = await setup();
    await model(calls(WIRE), says("Then not."));
    await ana.ask("wire it");
    await answer("yes");
    const callId = await ready();
    await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { input: '{"amount":820000,"to":"me"}' }));
    expect(await claim()).toBeNull();
    expect(await approvals()).toHaveLength(2);
    expect(await outside()).toMatchObject([{ status: "failed", claims: 0 }]);
    await answer("no");
    expect((await texts()).at(-1)).toBe("Then not.");
    expect(await outside()).toHaveLength(1);
  });

  test("let pass by a rule, changed before the claim -> asked", async () => {
    const { t, ana, approvals, claim, ready, setPolicy } = await setup();
    await setPolicy(rule("free", "tool == wire", "allow"));
    await model(calls(WIRE), DONE);
    await ana.type("wire it");
    const callId = await ready();
    await t.run((ctx) => ctx.db.patch("outsideCalls", callId, { input: '{"amount":820000,"to":"me"}' }));
    expect(await claim()).toBeNull();
    expect(await approvals()).toMatchObject([{ status: "pending", payload: '{"amount":820000,"to":"me"}' }]);
  });

  test("the policy blocks it between the yes and the claim -> refused; it wants others -> they are asked", async () => {
    const { ana, approvals, answer, claim, ready, setPolicy, texts, record } = await setup();
    const requests = await model(calls(WIRE), says("I may not."), calls({ ...WIRE, id: "w2" }), DONE);
    await ana.ask("wire it");
    await answer("yes");
    await ready();
    await setPolicy(rule("never", "tool == wire", "block"));
    expect(await claim()).toBeNull();
    expect((await texts()).at(-1)).toBe("I may not.");
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("blocked by the policy");
    expect(await record()).toContain("policy.blocked");
    await setPolicy(rule("default", "tool == nothing", "allow"));
    await ana.ask("wire it again");
    await answer("yes");
    await ready();
    await setPolicy(rule("release", "tool == wire", "ask, approvers: [role:release]"));
    expect(await claim()).toBeNull();
    expect((await approvals()).at(-1)).toMatchObject({ status: "pending", approvers: ["role:release"] });
    await answer("yes", { by: "terminal:bo" });
    await ready();
    expect(await claim()).toMatchObject({ toolName: "wire" });
  });
});
