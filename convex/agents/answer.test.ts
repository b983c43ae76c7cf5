/** A turn with a model behind the wire: a peer on this machine that speaks the OpenAI-compatible protocol. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { createChat } from "../../test/chat.ts";
import { api } from "../_generated/api.js";

type Request = {
  messages: { role: string; content: unknown; tool_calls?: unknown }[];
  tools?: { function: { name: string } }[];
};
type Reply = (response: ServerResponse) => void;

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.unstubAllEnvs();
});

/** Answers the requests one after the other; the last reply again and again. */
async function model(...replies: Reply[]) {
  const requests: Request[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      requests.push(JSON.parse(Buffer.concat(chunks).toString()) as Request);
      (replies[requests.length - 1] ?? replies.at(-1))?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  vi.stubEnv("LLM_PROXY_BASE_URL", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("FACTORY_MODEL", "some/model");
  return requests;
}

const chunk = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "x", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const stream = (response: ServerResponse) => response.writeHead(200, { "content-type": "text/event-stream" });
const says =
  (...words: string[]): Reply =>
  (response) => {
    stream(response);
    for (const word of words) response.write(chunk({ role: "assistant", content: word }));
    response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
  };
const calls =
  (...wanted: { id: string; name: string; input: object }[]): Reply =>
  (response) => {
    stream(response);
    const tool_calls = wanted.map(({ id, name, input }, index) => ({
      ...{ index, id, type: "function" },
      function: { name, arguments: JSON.stringify(input) },
    }));
    response.write(chunk({ role: "assistant", tool_calls }));
    response.end(`${chunk({}, "tool_calls")}data: [DONE]\n\n`);
  };
const refuses =
  (status: number): Reply =>
  (response) => {
    // `retry-after-ms` keeps the SDK's own retries short.
    response.writeHead(status, { "content-type": "application/json", "retry-after-ms": "1" });
    response.end(JSON.stringify({ error: { message: "no", type: "x", code: null } }));
  };

const cutOff: Reply = (response) => {
  stream(response);
  response.write(chunk({ role: "assistant", content: "I am about to" }), () => response.destroy());
};

async function setup() {
  const backend = createBackend();
  await backend.gateway.mutation(api.system.ensureOwner, { osUser: "ana" });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const tasks = async () => (await backend.gateway.query(api.tasks.list, {})).map((task) => task.title);
  return { ana: createChat(backend, "terminal:ana"), tasks };
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
});
