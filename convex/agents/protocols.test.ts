/** The turn, whatever the model's wire does: exactly one reply, and no tool's effect twice. The same table over both protocols. */
import { describe, expect, test, vi } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import {
  calls,
  cutAfterCall,
  cutAtOnce,
  cutInCall,
  cutOff,
  garbage,
  modelSpeaking,
  type Protocol,
  type Reply,
  refuses,
  says,
  webPage,
} from "../../test/model_peer.ts";
import { at } from "../../test/runs.ts";
import { api } from "../_generated/api.js";

const CALL = { id: "call_1", name: "createTask", input: { title: "only once" } };
const NEXT = { id: "call_2", name: "createTask", input: { title: "the next" } };
/** The id of the first again, for something else. */
const ANOTHER = { id: CALL.id, name: "createTask", input: { title: "another" } };
const MOVE = { id: CALL.id, name: "transitionTask", input: { task: "T1", status: "BLOCKED", reason: "no key" } };
const LOOK = { id: "call_0", name: "listFactoryTasks", input: {} };

/** What the model does, the words of the one reply, and the tasks there are then. */
const TABLE: [string, Reply[], RegExp, string[]][] = [
  ["words in pieces", [says("Here ", "I ", "am.")], /^Here I am\.$/, []],
  ["a call with an effect, then words", [calls(CALL), says("Created.")], /^Created\.$/, ["only once"]],
  ["a look and an effect in one step", [calls(LOOK, CALL), says("Both.")], /^Both\.$/, ["only once"]],
  ["two effects in one step", [calls(CALL, NEXT), says("Two.")], /^Two\.$/, ["only once", "the next"]],
  ["429 once", [refuses(429), says("Here.")], /^Here\.$/, []],
  ["500 once", [refuses(500), says("Here.")], /^Here\.$/, []],
  ["503 after an effect, then words", [calls(CALL), refuses(503), says("Created.")], /^Created\.$/, ["only once"]],
  ["429 for ever", [refuses(429)], /rate_limited/, []],
  ["500 for ever", [refuses(500)], /model_unavailable/, []],
  ["500 for ever after an effect", [calls(CALL), refuses(500)], /model_unavailable/, ["only once"]],
  ["401", [refuses(401)], /model_unavailable.*key/s, []],
  ["401 after an effect", [calls(CALL), refuses(401)], /model_unavailable/, ["only once"]],
  ["cut in the middle of words", [cutOff], /model_unavailable/, []],
  ["cut in the middle of a call's arguments", [cutInCall(CALL)], /model_unavailable|could not finish/, []],
  ["cut after an effect", [calls(CALL), cutOff], /model_unavailable/, ["only once"]],
  ["garbage", [garbage], /could not finish/, []],
  ["garbage after an effect", [calls(CALL), garbage], /could not finish/, ["only once"]],
  ["a page of something in between", [webPage], /could not finish|model_unavailable/, []],
  ["nothing at all", [says()], /answered with nothing/, []],
  ["the same call in a later step", [calls(CALL), calls(CALL), says("Created.")], /^Created\.$/, ["only once"]],
  // The same input twice in one step is left to the client of the protocol: OpenAI's makes two calls of it.
  ["one id for two inputs in one step", [calls(CALL, ANOTHER), says("Two.")], /^Two\.$/, ["another", "only once"]],
  ["its id for another input", [calls(CALL), calls(ANOTHER), says("Two.")], /^Two\.$/, ["another", "only once"]],
  ["its id for another tool", [calls(CALL), calls(MOVE), says("Moved.")], /^Moved\.$/, ["only once"]],
  [
    "one id for a look and an effect",
    [calls(LOOK, { ...CALL, id: LOOK.id }), says("Both.")],
    /^Both\.$/,
    ["only once"],
  ],
  [
    "a look with the id of an effect",
    [calls(CALL), calls({ ...LOOK, id: CALL.id }), says("Both.")],
    /^Both\.$/,
    ["only once"],
  ],
  ["the same look for ever, then words", [calls(LOOK), calls(LOOK), calls(LOOK), says("Seen.")], /^Seen\.$/, []],
  [
    "an id that looks like a made one",
    [calls(CALL, ANOTHER), calls({ ...NEXT, id: `${CALL.id}~2` }), says("Three.")],
    /^Three\.$/,
    ["another", "only once", "the next"],
  ],
  ["the same call for ever", [calls(CALL)], /limit_reached/, ["only once"]],
];

async function setup() {
  const backend = createBackend();
  await backend.gateway.mutation(api.system.ensureOwner, { osUser: "ana" });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const tasks = async () => (await backend.gateway.query(api.tasks.list, {})).map((task) => task.title).sort();
  const approvals = () => backend.gateway.run((ctx) => ctx.db.query("approvals").collect());
  const answer = async (option: string) =>
    await backend.gateway.mutation(api.approvals.answer, {
      actor: at("terminal:ana"),
      ref: (await approvals()).at(-1)!._id,
      option,
    });
  return { ana: createChat(backend, "terminal:ana"), tasks, approvals, answer };
}

// The client waits 2 s before it tries again: once is enough, for the protocols are alike before the first byte.
test("cut before a byte -> tried again, one reply, the effect once", async () => {
  const { ana, tasks } = await setup();
  await modelSpeaking("openai", calls(CALL), cutAtOnce, says("Created."));
  expect(await ana.ask("please do it")).toEqual(["Created."]);
  expect(await tasks()).toEqual(["only once"]);
});

describe.each<Protocol>(["openai", "anthropic"])("a model that speaks the protocol of %s", (protocol) => {
  test.each(TABLE)("%s -> one reply, each effect once", async (_name, replies, words, expected) => {
    const { ana, tasks } = await setup();
    await modelSpeaking(protocol, ...replies);
    const said = await ana.ask("please do it");
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(words);
    expect(await tasks()).toEqual(expected);
  });

  test("cut between the end of a call and the end of its stream -> the call is done once or not at all, one reply", async () => {
    const { ana, tasks } = await setup();
    await modelSpeaking(protocol, cutAfterCall(CALL), says("Done."));
    expect(await ana.ask("please do it")).toHaveLength(1);
    expect((await tasks()).length).toBeLessThanOrEqual(1);
  });

  test("after a turn that failed the next one is answered, and does not do again what was done", async () => {
    const { ana, tasks } = await setup();
    await modelSpeaking(protocol, calls(CALL), refuses(401), says("It is there already."));
    await ana.ask("please do it");
    expect(await ana.ask("and now?")).toEqual(["It is there already."]);
    expect(await tasks()).toEqual(["only once"]);
  });

  test("every call is named call_0, over turns and waits too -> each is done once, and none is taken for another", async () => {
    const { ana, tasks, approvals, answer } = await setup();
    const named = (name: string, input: object): Reply => calls({ id: "call_0", name, input });
    const asks = named("requestHumanInput", { ask: "me", question: "Ship it?" });
    const creates = (title: string) => named("createTask", { title });
    const requests = await modelSpeaking(
      protocol,
      ...[creates("a"), creates("b"), says("Two.")],
      ...[creates("a"), says("A third.")],
      ...[asks, creates("while it is open"), named("listFactoryTasks", {}), says("Meanwhile.")],
      ...[asks, creates("after the answer"), asks, says("Shipped.")],
    );
    expect(await ana.ask("two tasks")).toEqual(["Two."]);
    expect(await ana.ask("the first again")).toEqual(["A third."]);
    expect(await tasks()).toEqual(["a", "a", "b"]);
    await ana.ask("ask me");
    expect((await ana.ask("and something else meanwhile")).at(-1)).toMatch(/^Meanwhile\./);
    await answer("yes");
    expect((await ana.read()).at(-1)).toBe("Shipped.");
    expect(requests).toHaveLength(13);
    expect(await tasks()).toEqual(["a", "a", "after the answer", "b", "while it is open"]);
    // Asked again with the answer at hand, it was the same call.
    expect(await approvals()).toHaveLength(1);
  });

  test("the model is told the rules, the facts and every tool, in the places of its protocol", async () => {
    const { ana } = await setup();
    const [request] = await (async () => {
      const requests = await modelSpeaking(protocol, says("Hello."));
      await ana.ask("hello");
      return requests;
    })();
    const rules = JSON.stringify(protocol === "openai" ? request?.messages.slice(0, 2) : request?.system);
    expect(rules).toContain("Factory Manager");
    expect(rules).toContain("Facts for this conversation");
    expect(request?.messages.at(-1)?.role).toBe("user");
    expect(request?.tools?.map((tool) => tool.function.name)).toContain("createTask");
  });
});
