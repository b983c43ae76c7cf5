/** One agent asks another: for the same person, with that person's rights, and the answer is the call's result. */
import { describe, expect, test, vi } from "vitest";
import { createBackend, until } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { calls, model, type Reply, refuses, says } from "../../test/model_peer.ts";
import { at, OWNER } from "../../test/runs.ts";
import { api, components, internal } from "../_generated/api.js";
import { CREW } from "./crew.ts";

const ASKS = (request = "why did deploy fail?", agent = "runAnalysis", id = "d1") =>
  calls({ id, name: "delegate", input: { agent, request } });

async function setup(where = {}) {
  const backend = createBackend();
  const t = backend.gateway;
  vi.spyOn(console, "error").mockImplementation(() => {});
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  await t.mutation(api.people.add, { actor: OWNER, name: "Bo", roles: ["release"] });
  await t.mutation(api.people.link, { actor: OWNER, name: "Bo", handle: "terminal:bo" });
  const ana = createChat(backend, "terminal:ana", where);
  const turns = () => t.run((ctx) => ctx.db.query("turns").collect());
  const approvals = () => t.run((ctx) => ctx.db.query("approvals").collect());
  const texts = async () => (await ana.read()).filter((said) => !said.startsWith("{"));
  const answer = async (option: string, by = "terminal:bo") =>
    await t.mutation(api.approvals.answer, { actor: at(by), ref: (await approvals()).at(-1)!._id, option });
  return { backend, t, ana, turns, approvals, texts, answer };
}

describe("delegate", () => {
  test("the other agent answers in a thread of its own, with its own tools; its text is the call's result, in one reply", async () => {
    const { t, ana, turns } = await setup();
    const requests = await model(
      ASKS(),
      says("The step gather timed out."),
      says("Run analysis says: gather timed out."),
    );
    expect(await ana.ask("why did deploy fail?")).toEqual(["Run analysis says: gather timed out."]);
    expect(requests).toHaveLength(3);
    const [, child, after] = requests;
    expect(JSON.stringify(child?.messages[0])).toContain(
      JSON.stringify(CREW.runAnalysis.instructions.split("\n")[0]).slice(1, -1),
    );
    expect(child?.messages.at(-1)).toMatchObject({ role: "user", content: "why did deploy fail?" });
    const tools = child?.tools?.map((tool) => tool.function.name) ?? [];
    expect(tools).toContain("getRunContext");
    expect(tools).not.toContain("createTask");
    expect(JSON.stringify(after?.messages.at(-1))).toContain("The step gather timed out.");
    expect((await turns()).map(({ status }) => status)).toEqual(["done", "done"]);
    const spent = await t.run((ctx) => ctx.db.query("tokenEvents").collect());
    expect(spent.map(({ agent }) => agent).sort()).toEqual(["factoryManager", "factoryManager", "runAnalysis"]);
    expect(new Set(spent.map(({ personId }) => personId)).size).toBe(1);
  });

  test("asked again from the same conversation it knows what it was asked before; the person's own threads do not", async () => {
    const { t, ana } = await setup();
    const requests = await model(
      ASKS(),
      says("It timed out."),
      says("Ok."),
      ASKS("and what now?", "runAnalysis", "d2"),
      says("Try again."),
      says("Ok."),
    );
    await ana.ask("why did deploy fail?");
    await ana.ask("and now?");
    expect(JSON.stringify(requests[4]?.messages)).toContain("It timed out.");
    expect(JSON.stringify(requests[4]?.messages)).not.toContain("and now?");
    const own = await t.run((ctx) => ctx.db.query("conversations").collect());
    expect(own.map(({ agent }) => agent)).toEqual([undefined, "runAnalysis"]);
  });

  test("it fails -> the result is an error that names it, and the turn goes on", async () => {
    const { ana } = await setup();
    const requests = await model(ASKS(), refuses(401), says("It could not say."));
    expect(await ana.ask("why did deploy fail?")).toEqual(["It could not say."]);
    expect(JSON.stringify(requests.at(-1)?.messages.at(-1))).toMatch(/error.*model_unavailable/);
  });

  test("S12: with the person's rights only; one that was asked cannot ask another", async () => {
    const { backend, t } = await setup();
    await t.mutation(api.people.add, { actor: OWNER, name: "Vi", roles: ["viewer"] });
    await t.mutation(api.people.link, { actor: OWNER, name: "Vi", handle: "terminal:vi" });
    const requests = await model(ASKS(), says("You may not."));
    expect(await createChat(backend, "terminal:vi").ask("why did deploy fail?")).toEqual(["You may not."]);
    expect(JSON.stringify(requests[1]?.messages.at(-1))).toContain("Vi may not do this");
    const other = await setup();
    const deeper = await model(
      ASKS("create a task", "taskManager"),
      ASKS("why?", "runAnalysis", "d2"),
      says("I cannot."),
      says("Ok."),
    );
    expect(await other.ana.ask("let the task manager find out")).toEqual(["Ok."]);
    expect(JSON.stringify(deeper[2]?.messages)).toMatch(/taskManager has no tool delegate|unavailable tool|no tool/i);
    expect(await other.turns()).toHaveLength(2);
  });

  test("S11: its question shows where the conversation is, idles both, and the answer comes back once through both", async () => {
    const { t, ana, turns, approvals, texts, answer } = await setup({
      place: "slack:C1",
      channel: "slack",
      private: false,
      threadKey: "slack:C1:9",
    });
    await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "slack:T/UA" });
    const question = {
      id: "q1",
      name: "requestHumanInput",
      input: { ask: "Bo", question: "Which quarter?", options: ["first", "second"] },
    };
    const requests = await model(
      ASKS("report on the quarter", "forgeAnalyst"),
      calls(question),
      says("The first quarter was good."),
      says("The analyst says: good."),
    );
    const [said] = (
      await ana.ask("how was the quarter?", { sender: { handle: "slack:T/UA", displayName: null } })
    ).filter((each) => !each.startsWith("{"));
    expect(said).toContain('I have asked Bo: "Which quarter?"');
    expect(await approvals()).toMatchObject([
      { agent: "forgeAnalyst", origin: { place: "slack:C1", threadKey: "slack:C1:9" } },
    ]);
    expect((await turns()).map(({ status }) => status)).toEqual(["done", "done"]);
    await answer("first");
    await until("both went on", async () => (await turns()).length === 4);
    expect((await texts()).at(-1)).toBe("The analyst says: good.");
    expect(await answer("second")).toMatchObject({ outcome: "alreadyAnswered" });
    expect(requests).toHaveLength(4);
    expect(JSON.stringify(requests[2]?.messages.at(-1))).toContain('\\"answer\\":\\"first\\"');
    expect(JSON.stringify(requests[3]?.messages.at(-1))).toContain("The first quarter was good.");
    expect((await texts()).filter((each) => each.includes("analyst says"))).toHaveLength(1);
  });

  test("two agents asked in one step: both answer, one reply", async () => {
    const { ana } = await setup();
    const both: Reply = calls(
      { id: "d1", name: "delegate", input: { agent: "runAnalysis", request: "why?" } },
      { id: "d2", name: "delegate", input: { agent: "taskManager", request: "what is open?" } },
    );
    const requests = await model(both, says("An answer."), says("An answer."), says("Both answered."));
    expect(await ana.ask("ask both")).toEqual(["Both answered."]);
    expect(requests.at(-1)?.messages.filter(({ role }) => role === "tool")).toHaveLength(2);
  });

  test("the one who asks is killed while the other works -> the answer is there when it is taken up again; the other killed -> it goes on", async () => {
    const { t, ana, turns } = await setup();
    await model(ASKS(), says("Because."), says("It says: because."));
    await ana.type("hello");
    const [first] = await turns();
    // As if the process that answered had died between the saved call and everything after.
    const lease = (await t.mutation(internal.turns.begin, { turnId: first!._id }))!;
    const call = { toolCallId: "d1", toolName: "delegate", input: { agent: "runAnalysis", request: "why?" } };
    await t.run(async (ctx) => {
      await ctx.runMutation(components.agent.messages.addMessages, {
        threadId: lease.threadId,
        promptMessageId: lease.promptMessageId,
        messages: [{ message: { role: "assistant", content: [{ type: "tool-call", ...call, args: call.input }] } }],
      });
    });
    const held = { turnId: first!._id, leaseId: lease.leaseId, ...call, input: JSON.stringify(call.input) };
    await t.mutation(internal.turns.effect, held);
    await t.mutation(internal.turns.effect, held);
    const child = (await turns())[1]!;
    expect(await turns()).toHaveLength(2);
    await until("the child began", async () => (await turns())[1]?.status === "running");
    await t.run((ctx) => ctx.db.patch("turns", child._id, { leaseUntil: 0 }));
    await t.action(internal.agents.answer.run, { turnId: child._id });
    await t.run((ctx) => ctx.db.patch("turns", first!._id, { leaseUntil: 0 }));
    await t.action(internal.agents.answer.run, { turnId: first!._id });
    expect(await ana.read()).toHaveLength(1);
    expect(await turns()).toHaveLength(2);
  });
});

describe("a turn that waits", () => {
  const QUESTION = { id: "q1", name: "requestHumanInput", input: { ask: "Bo", question: "Ship it?" } };

  test("failing after a question, the reply points to it", async () => {
    const { t, ana, turns } = await setup();
    await model(calls(QUESTION), says("He said yes."));
    await ana.ask("ask him");
    const [turn] = await turns();
    await t.run((ctx) =>
      ctx.db.patch("turns", turn!._id, { status: "running", leaseId: "l", leaseUntil: Date.now() + 60_000 }),
    );
    const error = {
      code: "model_unavailable",
      message: "the model is gone",
      remedy: null,
      retryable: true,
      field: null,
    };
    await t.mutation(internal.turns.fail, { turnId: turn!._id, leaseId: "l", error });
    const said = (await ana.read()).find((each) => each.includes("model_unavailable"));
    expect(said).toContain('I have asked Bo: "Ship it?"');
  });

  test("it goes on knowing what was said meanwhile, as something that was answered", async () => {
    const { ana, texts, answer } = await setup();
    const requests = await model(calls(QUESTION), says("Noted."), says("He said yes."));
    await ana.ask("ask him");
    await ana.ask("by the way, it is Friday");
    await answer("yes");
    expect((await texts()).at(-1)).toBe("He said yes.");
    const facts = JSON.stringify(requests[2]?.messages.filter(({ role }) => role === "system"));
    expect(facts).toContain("saidSinceThisRequest");
    expect(facts).toContain("by the way, it is Friday");
    expect(facts).toContain("Noted.");
    expect(JSON.stringify(requests[2]?.messages.filter(({ role }) => role === "user"))).not.toContain("Friday");
  });

  test("its conversation is gone when the answer comes -> the answer is kept, and nothing breaks", async () => {
    const { t, ana, turns, approvals, answer } = await setup();
    await model(calls(QUESTION), says("Never said."));
    await ana.ask("ask him");
    const [turn] = await turns();
    await t.run((ctx) => ctx.db.delete("conversations", turn!.conversationId));
    expect(await answer("yes")).toMatchObject({ outcome: "settled" });
    expect(await approvals()).toMatchObject([{ status: "answered" }]);
    expect(await turns()).toHaveLength(1);
  });
});
