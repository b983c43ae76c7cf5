/**
 * O10: one run with a task of an agent, a wait, two questions side by side, a loop and a child run. Every step leaves a row that counts
 * how often it was done, so what happened twice or not at all is seen.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Backend } from "../../src/bot/backend.ts";
import { functions, type WireRun } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";
import type { Script } from "./matrix.ts";

export const ACTOR: Actor = { kind: "operator", osUser: "crash", as: null, channel: "cli" };

const record = (key: string, next: string, more: object = {}) => ({
  type: "task",
  functionId: "tool::record",
  config: { key: `{{id}}/${key}` },
  next,
  ...more,
});
const ask = (question: string, next: string) => ({
  type: "approval",
  question,
  options: ["yes", "no"],
  next: { yes: next, no: "gone" },
});

export const CHILD = {
  id: "scripted-child",
  inputs: { type: "object", properties: { id: { type: "string" } } },
  startNodeId: "inside",
  nodes: { inside: record("child", "done", { saveAs: "inside" }), done: { type: "end", result: "{{id}}" } },
};

export const SCRIPTED = {
  id: "scripted",
  inputs: { type: "object", properties: { id: { type: "string" } } },
  startNodeId: "first",
  nodes: {
    first: record("first", "work"),
    work: { type: "task", prompt: "Say something", saveAs: "said", next: "pause" },
    pause: { type: "wait", forMs: 30, next: "both" },
    both: { type: "parallel", branches: ["askA", "askB"], next: "again" },
    askA: ask("A?", "a"),
    askB: ask("B?", "b"),
    a: record("a", "again"),
    b: record("b", "again"),
    again: {
      type: "loop",
      functionId: "tool::record",
      config: { key: "{{id}}/round-{{iteration}}" },
      maxIterations: 3,
      until: "count > 1",
      saveAs: "round",
      next: "sub",
    },
    sub: { type: "run", workflow: "scripted-child", input: { id: "{{id}}" }, saveAs: "sub", next: "last" },
    last: record("last", "done"),
    done: { type: "end", result: "{{sub}} {{round.count}} {{askA.option}} {{askB.option}}" },
    gone: { type: "end", error: "somebody said no" },
  },
};

/** How often each effect is done in one run. */
export const EFFECTS = { first: 1, a: 1, b: 1, "round-0": 1, "round-1": 1, "round-2": 1, child: 1, last: 1 };

/** What every run ends as, wherever it was killed. */
export const ENDING = {
  status: "completed",
  result: "ID 1 yes yes",
  nodes: [
    ["first", "completed"],
    ["work", "completed"],
    ["pause", "completed"],
    ["both", "completed"],
    ["askA", "completed"],
    ["askB", "completed"],
    ["a", "completed"],
    ["b", "completed"],
    ["again", "completed"],
    ["sub", "completed"],
    ["last", "completed"],
    ["done", "completed"],
  ].sort(),
  said: true,
};

/** The run's own id stands as ID. */
const endingOf = (run: WireRun) => ({
  status: run.status,
  result: String(JSON.parse(run.result)).replace((JSON.parse(run.input) as { id: string }).id, "ID"),
  nodes: run.nodes.map(({ id, status }) => [id, status]).sort(),
  said: JSON.stringify((JSON.parse(run.variables) as { said?: unknown }).said ?? "").includes("Offline result"),
});

async function install(backend: Backend): Promise<void> {
  await backend.mutation(functions.system.ensureOwner, { osUser: "crash" });
  for (const definition of [CHILD, SCRIPTED]) {
    await backend.mutation(functions.workflows.create, {
      actor: ACTOR,
      source: JSON.stringify(definition),
      file: `${definition.id}.json`,
    });
  }
}

/** Starts the run and answers what it asks, until it has ended. Calls outlive the backend, because the client sends them again. */
async function drive(backend: Backend, id: string): Promise<WireRun> {
  const started = await backend.mutation(functions.runs.start, {
    actor: ACTOR,
    workflow: "scripted",
    definition: null,
    input: JSON.stringify({ id }),
    origin: null,
    requestKey: id,
  });
  const { promise, resolve, reject } = Promise.withResolvers<WireRun>();
  const answered = new Set<string>();
  const stop = backend.onUpdate(
    functions.runs.get,
    { runId: started.runId },
    (run) => {
      if (run === null) return reject(new Error("the run is gone"));
      if (run.endedAt !== null) return resolve(run);
      for (const wait of run.waitingFor) {
        if (wait.kind !== "approval" || answered.has(wait.approvalId)) continue;
        answered.add(wait.approvalId);
        const answer = { actor: ACTOR, ref: wait.approvalId, option: "yes" };
        backend.mutation(functions.approvals.answer, answer).catch(reject);
      }
    },
    reject,
  );
  return await promise.finally(() => stop());
}

/** How often each effect was done in the run with this id. */
function effectsOf(db: DatabaseSync, id: string): Record<string, number> {
  const rows = db.prepare("SELECT json FROM docs WHERE json LIKE '%\"count\":%' AND json LIKE '%\"key\":%'").all() as {
    json: string;
  }[];
  const docs = rows.map((row) => JSON.parse(row.json) as { key: string; count: number });
  const own = docs.filter(({ key }) => key.startsWith(`${id}/`));
  return Object.fromEntries(own.map(({ key, count }) => [key.slice(id.length + 1), count]));
}

const ended = new Map<string, ReturnType<typeof endingOf>>();

/** How it ended is what the backend says of the run, once it has. */
export const RUN_SCRIPT: Script<ReturnType<typeof endingOf> | undefined> = {
  install,
  drive: async (backend, id) => {
    ended.set(id, endingOf(await drive(backend, id)));
  },
  look: (db, id) => ({ ending: ended.get(id), effects: effectsOf(db, id) }),
};
