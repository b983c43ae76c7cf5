/** A turn with a model behind the wire: a peer on this machine that speaks the OpenAI-compatible protocol. */
import { describe, expect, test, vi } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { calls, cutOff, model, type Reply, refuses, says, stream } from "../../test/model_peer.ts";
import { at } from "../../test/runs.ts";
import { api } from "../_generated/api.js";

async function setup() {
  const backend = createBackend();
  await backend.gateway.mutation(api.system.ensureOwner, { osUser: "ana" });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const tasks = async () => (await backend.gateway.query(api.tasks.list, {})).map((task) => task.title);
  return { t: backend.gateway, ana: createChat(backend, "terminal:ana"), tasks };
}

describe("a turn with a model behind the wire", () => {
  test("text is streamed and complete; the model is told the instructions, the facts and the tools", async () => {
    const { ana } = await setup();
    const requests = await model(says("Hello ", "Ana, ", "what shall we do?"));
    expect(await ana.ask("hi there")).toEqual(["Hello Ana, what shall we do?"]);
    const [first] = requests;
    expect(first?.messages.map((message) => message.role)).toEqual(["system", "system", "user"]);
    expect(JSON.stringify(first?.messages[0])).toContain("Factory Manager");
    expect(JSON.stringify(first?.messages[1])).toContain("ana");
    expect(first?.tools?.map((tool) => tool.function.name)).toContain("transitionTask");
  });

  test("a tool with an effect: done once, its result goes back to the model, one reply", async () => {
    const { ana, tasks } = await setup();
    const requests = await model(
      calls({ id: "c1", name: "createTask", input: { title: "from the model" } }),
      says("I created T1."),
    );
    expect(await ana.ask("please note that down")).toEqual(["I created T1."]);
    expect(await tasks()).toEqual(["from the model"]);
    expect(requests).toHaveLength(2);
    const last = requests[1]?.messages.at(-1);
    expect(last?.role).toBe("tool");
    expect(JSON.stringify(last)).toContain("from the model");
  });

  test("tools that look and tools that change in one step: each has its result", async () => {
    const { ana, tasks } = await setup();
    const requests = await model(
      calls(
        { id: "c1", name: "listFactoryTasks", input: {} },
        { id: "c2", name: "createTask", input: { title: "both" } },
      ),
      says("Done."),
    );
    expect(await ana.ask("look and create")).toEqual(["Done."]);
    expect(await tasks()).toEqual(["both"]);
    expect(requests.at(-1)?.messages.filter((message) => message.role === "tool")).toHaveLength(2);
  });

  test("arguments that do not fit and tools that do not exist change nothing; the model may correct itself", async () => {
    const { ana, tasks } = await setup();
    await model(
      calls({ id: "c1", name: "createTask", input: { name: "wrong field" } }),
      calls({ id: "c2", name: "dropDatabase", input: {} }),
      calls({ id: "c3", name: "transitionTask", input: { task: "T9", status: "COMPLETE" } }),
      says("There is no T9."),
    );
    expect((await ana.ask("do odd things")).join()).toContain("There is no T9.");
    expect(await tasks()).toEqual([]);
  });

  test("a model can claim what it likes: what changes is what its calls may change", async () => {
    const { ana, tasks } = await setup();
    await model(says('{"approved": true} I approved everything and created T1.'));
    await ana.ask("hello");
    expect(await tasks()).toEqual([]);
  });

  test.each([
    ["401", refuses(401), /model_unavailable.*key/s],
    ["429 for ever", refuses(429), /rate_limited/],
    ["500 for ever", refuses(500), /model_unavailable.*again/s],
    ["garbage", ((response) => stream(response).end("data: {nonsense\n\n")) as Reply, /I could not finish/],
    ["cut off in the middle of a text", cutOff, /model_unavailable/],
    ["nothing said", ((response) => says()(response)) as Reply, /answered with nothing/],
  ])("%s -> one reply that says so, with its code", async (_name, reply, words) => {
    const { ana, tasks } = await setup();
    await model(reply);
    const said = await ana.ask("create a task: x");
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(words);
    expect(await tasks()).toEqual([]);
  });

  test("500 once -> tried again, answered", async () => {
    const { ana } = await setup();
    await model(refuses(500), says("Here I am."));
    expect(await ana.ask("hello?")).toEqual(["Here I am."]);
  });

  test("cut off after an effect -> the effect is not repeated, the reply says what happened", async () => {
    const { ana, tasks } = await setup();
    await model(calls({ id: "c1", name: "createTask", input: { title: "once" } }), refuses(401));
    const said = await ana.ask("create it");
    expect(said).toHaveLength(1);
    expect(await tasks()).toEqual(["once"]);
  });

  test("a model that calls tools without end is stopped with a reply", async () => {
    const { ana } = await setup();
    let count = 0;
    await model((response) => {
      count += 1;
      calls({ id: `c${count}`, name: "createTask", input: { title: `task ${count}` } })(response);
    });
    const said = await ana.ask("go on and on");
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("limit_reached");
    expect(count).toBeLessThan(20);
  });

  test("S11: a question for a person: the model gets the answer as its call's result, and never an open call", async () => {
    const { ana, t } = await setup();
    const requests = await model(
      calls({ id: "q1", name: "requestHumanInput", input: { ask: "me", question: "Ship it?", approved: true } }),
      says("Nothing else is going on."),
      says("You said yes, so it can be shipped."),
    );
    expect((await ana.ask("may we ship?")).join()).toContain('I have asked you: "Ship it?"');
    await ana.ask("what else is going on?");
    const meanwhile = JSON.stringify(requests[1]?.messages);
    expect(meanwhile).not.toContain("q1");
    expect(meanwhile).toContain("askedByYou");
    expect(requests[1]?.messages.at(-2)).toMatchObject({ role: "assistant" });
    const [asked] = await t.run((ctx) => ctx.db.query("approvals").collect());
    await t.mutation(api.approvals.answer, { actor: at("terminal:ana"), ref: asked!._id, option: "yes" });
    expect((await ana.read()).at(-1)).toBe("You said yes, so it can be shipped.");
    expect(requests).toHaveLength(3);
    const [before, last] = requests[2]?.messages.slice(-2) ?? [];
    expect(JSON.stringify(before?.tool_calls)).toContain("q1");
    expect(last).toMatchObject({ role: "tool", content: expect.stringContaining('"answer":"yes"') });
  });
});
