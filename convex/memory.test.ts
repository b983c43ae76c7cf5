/** Memories (S6): kept by people, recalled for the right ones, forgotten for good; failing never stops a reply. */
import { describe, expect, test, vi } from "vitest";
import { createBackend, until } from "../test/backend.ts";
import { createChat } from "../test/chat.ts";
import { embeddings } from "../test/embedding_peer.ts";
import { calls, model, type Request, says } from "../test/model_peer.ts";
import { as, at, OWNER } from "../test/runs.ts";
import { api, internal } from "./_generated/api.js";
import { fitted } from "./agents/embedding.ts";
import { VECTOR_DIMENSIONS } from "./tables/memories.ts";

const ANA = at("terminal:ana");

async function setup() {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "root" });
  for (const [name, roles] of [
    ["ana", []],
    ["bob", []],
    ["viv", ["viewer"]],
  ] as const) {
    await t.mutation(api.people.add, { actor: OWNER, name, roles: [...roles] });
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `slack:T1/U${name.toUpperCase()}` });
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `terminal:${name}` });
  }
  const inChannel = { place: "slack:C1", channel: "slack", private: false } as const;
  const keep = (fact: string, shared = false) => t.mutation(api.memory.remember, { actor: ANA, fact, shared });
  const rows = () => t.run((ctx) => ctx.db.query("memories").collect());
  return {
    backend,
    t,
    rows,
    keep,
    ana: createChat(backend, "terminal:ana"),
    anaInSlack: createChat(backend, "slack:T1/UANA"),
    anaInChannel: createChat(backend, "slack:T1/UANA", inChannel),
    bob: createChat(backend, "terminal:bob"),
    viv: createChat(backend, "terminal:viv"),
  };
}

/** What the model was told to remember; null: nothing. */
const remembered = (request: Request | undefined): string | null => {
  const told = request?.messages.find(({ content }) => String(content).startsWith("Remembered from before"));
  return told === undefined ? null : String(told.content);
};

describe("S6: memories in a chat with the offline model", () => {
  test("kept, told again, forgotten", async () => {
    const { ana, rows } = await setup();
    expect((await ana.ask("remember that the release is called Kestrel")).join()).toContain(
      "**M1** (only you are told",
    );
    expect((await ana.ask("what do you remember about the release?")).join()).toContain(
      "the release is called Kestrel",
    );
    expect((await ana.ask("remember that the release is called Kestrel")).join()).toContain("already");
    expect((await ana.ask("forget M1")).join()).toContain('Forgotten: "the release is called Kestrel"');
    expect(await rows()).toEqual([]);
    expect((await ana.ask("what do you remember about me?")).join()).toContain("I remember nothing yet");
  });

  test("words that fit several forget none of them", async () => {
    const { t, rows, keep } = await setup();
    await keep("the release is on Friday");
    await keep("the release is called Kestrel");
    const forget = (memory: string) => t.mutation(api.memory.forget, { actor: ANA, memory });
    expect(await forget("the release")).toMatchObject({ several: true, found: [{ memory: "M1" }, { memory: "M2" }] });
    expect(await rows()).toHaveLength(2);
    expect(await forget("release Kestrel")).toMatchObject({ forgotten: [{ memory: "M2" }] });
    expect(await rows()).toHaveLength(1);
  });

  test("a number that was forgotten is not given again, so that nobody forgets another fact by it", async () => {
    const { t, rows, keep } = await setup();
    const forget = (memory: string) => t.mutation(api.memory.forget, { actor: ANA, memory });
    await keep("the release is on Friday");
    await keep("the release is called Kestrel");
    await forget("M2");
    await keep("the office opens at nine");
    await forget("M1");
    await forget("M3");
    await keep("soup is served at noon");
    expect((await rows()).map(({ number }) => number)).toEqual([4]);
    await expect(forget("M2")).rejects.toThrow(/nothing like/);
  });

  test("a private one is told to nobody else, and to its person in no shared place", async () => {
    const { keep, anaInSlack, anaInChannel, bob } = await setup();
    await keep("the release is called Kestrel");
    expect((await anaInSlack.ask("what do you remember about the release?")).join()).toContain("Kestrel");
    for (const elsewhere of [anaInChannel, bob]) {
      expect((await elsewhere.ask("what do you remember about the release Kestrel?")).join()).not.toContain("M1");
      expect((await elsewhere.ask("forget M1")).join()).toContain("That did not work");
    }
  });

  test("said in a channel, or for everybody -> shared; a viewer keeps only what is their own", async () => {
    const { ana, anaInChannel, bob, viv } = await setup();
    await anaInChannel.ask("remember that the build takes an hour");
    await ana.ask("remember for everybody that the release is on Friday");
    const told = (await bob.ask("what do you remember?")).join();
    expect(told).toContain("the build takes an hour");
    expect(told).toContain("the release is on Friday");
    expect((await viv.ask("remember for everybody that viewers may deploy")).join()).toContain("may not do this");
    expect((await viv.ask("remember that I like tea")).join()).toContain("only you");
    expect((await viv.ask("forget M1")).join()).toContain("may not do this");
  });

  test("a secret is not kept", async () => {
    const { keep, rows } = await setup();
    await expect(keep("the password: hunter2hunter2")).rejects.toThrow(/looks like a secret/);
    expect(await rows()).toEqual([]);
  });

  test("the record says that something was kept and forgotten, and not what", async () => {
    const { t, keep } = await setup();
    await keep("the release is called Kestrel");
    await t.mutation(api.memory.forget, { actor: ANA, memory: "M1" });
    const record = await t.run((ctx) => ctx.db.query("audit").collect());
    const kinds = record.map(({ kind }) => kind);
    expect(kinds).toContain("memory.kept");
    expect(kinds).toContain("memory.forgotten");
    expect(JSON.stringify(record)).not.toContain("Kestrel");
  });
});

describe("factory memory", () => {
  test("one's own and what is shared; the operator who acts for another sees no private one", async () => {
    const { t, keep } = await setup();
    await keep("the release is called Kestrel");
    await t.mutation(api.memory.remember, { actor: OWNER, fact: "the office opens at nine", shared: true });
    const texts = async (actor: Parameters<typeof as>[0] | null, handle?: string) =>
      (await t.query(api.memory.list, { actor: handle ? at(handle) : actor === null ? OWNER : as(actor) })).map(
        ({ text }) => text,
      );
    expect(await texts(null, "terminal:ana")).toEqual(["the release is called Kestrel", "the office opens at nine"]);
    expect(await texts("ana")).toEqual(["the office opens at nine"]);
    expect(await texts(null)).toEqual(["the office opens at nine"]);
    await expect(t.mutation(api.memory.forget, { actor: as("ana"), memory: "M1" })).rejects.toThrow(/nothing like/);
  });
});

describe("S6, S7: what a turn is told", () => {
  test("facts that fit the message, quoted as data, in private places of their person only", async () => {
    const { keep, anaInSlack, anaInChannel, bob } = await setup();
    await keep("the launch date is 3 May");
    await keep("the launch site is Kourou", true);
    const requests = await model(says("Noted."));
    await anaInSlack.ask("when is the launch?");
    expect(remembered(requests[0])).toContain("3 May");
    expect(remembered(requests[0])).toContain("Kourou");
    expect(requests[0]?.messages.find(({ content }) => String(content).includes("3 May"))?.role).toBe("system");
    await bob.ask("when is the launch?");
    expect(remembered(requests[1])).toContain("Kourou");
    expect(JSON.stringify(requests[1])).not.toContain("3 May");
    await anaInChannel.ask("when is the launch date?");
    expect(remembered(requests[2])).toContain("Kourou");
    expect(JSON.stringify(requests[2])).not.toContain("3 May");
    await anaInSlack.ask("and what is for lunch?");
    expect(remembered(requests[3])).toBeNull();
  });
});

describe("vectors, when FACTORY_EMBEDDING_MODEL is set", () => {
  const MEANINGS = [
    ["falcon", "kestrel", "bird"],
    ["lunch", "soup"],
  ];
  const vectors = (t: Awaited<ReturnType<typeof setup>>["t"]) =>
    t.run((ctx) => ctx.db.query("memoryVectors").collect());

  test("what has no word in common is found by its meaning; by nobody else; its vector goes when it is forgotten", async () => {
    const { t, keep, ana, bob } = await setup();
    const requests = await model(says("It is a bird of prey."));
    const asked = await embeddings(MEANINGS);
    await keep("our mascot is a kestrel");
    await keep("soup is served at noon");
    await until("both are embedded", async () => (await vectors(t)).length === 2);
    await ana.ask("which bird did we choose?");
    expect(remembered(requests[0])).toContain("kestrel");
    expect(remembered(requests[0])).not.toContain("soup");
    await bob.ask("which bird did they choose?");
    expect(JSON.stringify(requests[1])).not.toContain("kestrel");
    // No vectors are there for Bob, so nothing is embedded for him.
    expect(asked).toEqual(["our mascot is a kestrel", "soup is served at noon", "which bird did we choose?"]);
    await t.mutation(api.memory.forget, { actor: at("terminal:ana"), memory: "M1" });
    expect(await vectors(t)).toHaveLength(1);
    const spent = await t.run((ctx) => ctx.db.query("tokenEvents").collect());
    expect(spent.filter(({ agent }) => agent === "memory")).toHaveLength(3);
  });

  test("a server that fails: the fact is kept, and found by its words; the reply comes", async () => {
    const { t, keep, ana } = await setup();
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const requests = await model(says("A kestrel."));
    await embeddings(MEANINGS);
    await keep("our mascot is a kestrel");
    await until("it is embedded", async () => (await vectors(t)).length === 1);
    vi.stubEnv("LLM_PROXY_BASE_URL", "");
    const after = await model(says("A kestrel."));
    await embeddings(MEANINGS, { fails: 500 });
    expect(await ana.ask("what is our mascot called?")).toEqual(["A kestrel."]);
    expect(remembered(after[0])).toContain("kestrel");
    expect(requests).toHaveLength(0);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("by words only"));
    warned.mockRestore();
  });

  test("a vector that was found is told to nobody else even if the search gave it", async () => {
    const { t, keep, bob } = await setup();
    await model(says("Hello."));
    await embeddings(MEANINGS);
    await keep("our mascot is a kestrel");
    await until("it is embedded", async () => (await vectors(t)).length === 1);
    await bob.ask("hello there friend");
    const turn = (await t.run((ctx) => ctx.db.query("turns").collect())).at(-1)!;
    const [vector] = await vectors(t);
    expect(await t.query(internal.memory.ofVectors, { turnId: turn._id, vectorIds: [vector!._id] })).toEqual([]);
  });

  test.each([[[3, 4]], [Array.from({ length: 4000 }, () => 1)]])("any length is made to fit", (given) => {
    const vector = fitted(given);
    expect(vector).toHaveLength(VECTOR_DIMENSIONS);
    expect(Math.hypot(...vector)).toBeCloseTo(1);
  });
});

describe("what runs came to", () => {
  test("a run that failed is remembered for everybody, one that completed is not; nothing else is made up", async () => {
    const { t, rows } = await setup();
    const start = (name: string, next: string) =>
      t.mutation(api.runs.start, {
        ...{ actor: OWNER, workflow: null, input: "{}", origin: null },
        definition: { file: `${name}.json`, source: JSON.stringify(graph(name, next)) },
      });
    const graph = (name: string, result: string) => ({
      name,
      startNodeId: "go",
      nodes: {
        go: {
          type: "task",
          functionId: "tool::record",
          config: result === "bad" ? "text" : { key: name },
          next: "done",
        },
        done: { type: "end" },
      },
    });
    await start("goes-well", "good");
    await start("goes-wrong", "bad");
    const kept = await rows();
    expect(kept).toHaveLength(1);
    expect(kept[0]).toMatchObject({ audience: "shared", source: "run", personId: null });
    const [run] = await t.run((ctx) => ctx.db.query("runs").withIndex("by_creation_time").order("desc").take(1));
    expect(kept[0]?.text).toMatch(
      new RegExp(
        `^The workflow goes-wrong failed at the step go on \\d{4}-\\d\\d-\\d\\d \\(\\w.*\\): run ${run!._id} tells why\\.$`,
      ),
    );
  });

  test("G6: nothing that was put into a run, or that a step said, becomes a memory; what was kept of it before goes", async () => {
    const { t, rows } = await setup();
    const before = { audience: "shared", source: "run" as const, personId: null, author: "a run", projectId: null };
    await t.run((ctx) =>
      ctx.db.insert("memories", {
        ...{ ...before, number: 1, at: 1, textHash: "h" },
        text: 'old "old" failed at go on 2026-11-01: the key is swordfish',
      }),
    );
    const go = {
      type: "task",
      functionId: "tool::transitionTask",
      config: { task: "{{said}}", status: "x" },
      next: "done",
    };
    const source = JSON.stringify({
      ...{
        name: "says",
        title: "About {{said}}",
        inputs: { type: "object", properties: { said: { type: "string" } } },
      },
      ...{ startNodeId: "go", nodes: { go, done: { type: "end" } } },
    });
    const said = "Ana says: the password is swordfish";
    await t.mutation(api.runs.start, {
      ...{ actor: OWNER, workflow: null, input: JSON.stringify({ said }), origin: null, title: said },
      definition: { file: "says.json", source },
    });
    expect(await t.run((ctx) => ctx.db.query("runs").collect())).toMatchObject([{ status: "failed" }]);
    const texts = (await rows()).map(({ text }) => text).join("\n");
    expect(texts).toMatch(/^The workflow says failed at the step go/);
    expect(texts).not.toMatch(/swordfish|Ana|old/);
  });

  test("a run fails and ends also where there is no room for what it came to", async () => {
    const full = 2000;
    const { t, rows } = await setup();
    vi.spyOn(console, "warn").mockImplementation(() => {});
    await t.run(async (ctx) => {
      const same = {
        audience: "shared",
        source: "said" as const,
        personId: null,
        author: "ana",
        projectId: null,
        at: 1,
      };
      for (let number = 1; number <= full; number++)
        await ctx.db.insert("memories", { ...same, number, text: `fact ${number}`, textHash: `${number}` });
    });
    const go = { type: "task", functionId: "tool::record", config: "text", next: "done" };
    const source = JSON.stringify({ name: "bad", startNodeId: "go", nodes: { go, done: { type: "end" } } });
    await t.mutation(api.runs.start, {
      ...{ actor: OWNER, workflow: null, input: "{}", origin: null },
      definition: { file: "bad.json", source },
    });
    expect(await t.run((ctx) => ctx.db.query("runs").collect())).toMatchObject([{ status: "failed" }]);
    expect(await rows()).toHaveLength(full);
  });
});

describe("a model that calls the tools itself", () => {
  test("remembers for the person served, whoever it names", async () => {
    const { ana, rows } = await setup();
    await model(
      calls({
        id: "c1",
        name: "rememberFact",
        input: { fact: "Bob likes tea", person: "bob", audience: "person:bob" },
      }),
      says("I keep that in mind."),
    );
    await ana.ask("please keep that");
    const [row] = await rows();
    expect(row).toMatchObject({ author: "ana", text: "Bob likes tea" });
    expect(row?.audience).toBe(`person:${row?.personId}`);
  });
});
