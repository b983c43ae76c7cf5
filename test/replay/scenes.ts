/**
 * Runs that are parked in every way a run can be, how each is resumed, and what it must end as. `record.ts` writes them with one
 * version; `replay.test.ts` resumes them with the current one. What a scene is may never change once it was recorded: add new ones.
 */
import type { Backend } from "../../src/bot/backend.ts";
import { functions, type WireRun } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";

export const ACTOR: Actor = { kind: "operator", osUser: "replay", as: null, channel: "cli" };

export interface Scene {
  name: string;
  definition: { id: string; [field: string]: unknown };
  /** Which of `waitingFor` show that it is parked as meant. */
  parkedAt: string[];
  /** Options for its questions, in turn, until there are none. */
  answers: string[];
  /** An event that it waits for. */
  event?: { name: string; body: object };
  result: unknown;
  /** Nodes that are not completed in the end. */
  unusual?: Record<string, string>;
  /** Keys recorded in the end, each once. */
  records: string[];
}

const record = (key: string, next: string, more: object = {}) => ({
  type: "task",
  functionId: "tool::record",
  config: { key },
  next,
  ...more,
});
const ask = (question: string, next: string, more: object = {}) => ({
  type: "approval",
  question,
  options: ["yes", "no"],
  next: { yes: next, no: "gone", ...("expiresInMs" in more ? { expired: "gone" } : {}) },
  ...more,
});
const gone = { type: "end", error: "somebody said no" };

export const CHILD = {
  id: "replay-child",
  startNodeId: "ask",
  nodes: { ask: ask("Child?", "done"), done: { type: "end", result: "child said {{ask.option}}" }, gone },
};

export const SCENES: Scene[] = [
  {
    name: "a question with a payload, after a step, before a step",
    definition: {
      id: "replay-question",
      startNodeId: "before",
      nodes: {
        before: record("question/before", "ask", { saveAs: "before" }),
        ask: ask("Go on?", "after", { payload: { key: "{{before.key}}" }, remindAfterMs: 3_600_000 }),
        after: record("question/after", "done"),
        done: { type: "end", result: "{{before.key}} {{ask.option}}" },
        gone,
      },
    },
    parkedAt: ["approval"],
    answers: ["yes"],
    result: "question/before yes",
    records: ["question/before", "question/after"],
  },
  {
    name: "two questions side by side",
    definition: {
      id: "replay-parallel",
      startNodeId: "both",
      nodes: {
        both: { type: "parallel", branches: ["askA", "askB"], next: "join" },
        askA: ask("A?", "a"),
        askB: ask("B?", "b"),
        a: record("parallel/a", "join"),
        b: record("parallel/b", "join"),
        join: record("parallel/join", "done"),
        done: { type: "end", result: "{{askA.option}} {{askB.option}}" },
        gone,
      },
    },
    parkedAt: ["approval", "approval"],
    answers: ["yes", "yes"],
    result: "yes yes",
    records: ["parallel/a", "parallel/b", "parallel/join"],
  },
  {
    name: "a wait",
    definition: {
      id: "replay-wait",
      startNodeId: "wait",
      nodes: {
        // Long enough for the recording, over whenever it is played.
        wait: { type: "wait", forMs: 20_000, next: "after" },
        after: record("wait/after", "done"),
        done: { type: "end", result: "waited {{items.0}}" },
      },
    },
    parkedAt: ["wait"],
    answers: [],
    result: "waited p",
    records: ["wait/after"],
  },
  {
    name: "an event, with a key",
    definition: {
      id: "replay-event",
      startNodeId: "event",
      nodes: {
        event: { type: "event", name: "replayed", key: "k7", saveAs: "got", next: "after" },
        after: record("event/after", "done"),
        done: { type: "end", result: "{{got.sha}}" },
      },
    },
    parkedAt: ["event"],
    answers: [],
    event: { name: "replayed", body: { key: "k7", sha: "abc" } },
    result: "abc",
    records: ["event/after"],
  },
  {
    name: "a child run that asks",
    definition: {
      id: "replay-parent",
      startNodeId: "sub",
      nodes: {
        sub: { type: "run", workflow: "replay-child", saveAs: "sub", next: "after" },
        after: record("parent/after", "done"),
        done: { type: "end", result: "sub" },
      },
    },
    parkedAt: ["run"],
    answers: ["yes"],
    result: "child said yes",
    records: ["parent/after"],
  },
  {
    name: "a failed step that became a question",
    definition: {
      id: "replay-failure",
      startNodeId: "bad",
      nodes: {
        bad: {
          type: "task",
          functionId: "tool::record",
          config: "no object",
          onFailure: "ask",
          saveAs: "bad",
          next: "after",
        },
        after: record("failure/after", "done"),
        done: { type: "end", result: "passed over {{items.0}}" },
      },
    },
    parkedAt: ["approval"],
    answers: ["skip"],
    result: "passed over p",
    unusual: { bad: "skipped" },
    records: ["failure/after"],
  },
  {
    name: "step notation: a gate before a loop, a fanout after it",
    definition: {
      id: "replay-steps",
      steps: [
        {
          name: "Rounds",
          functionId: "tool::record",
          config: { key: "steps/round-{{iteration}}", value: ["x", "y"] },
          mode: "loop",
          maxIterations: 2,
          approval: "sync",
          outputVar: "rounds",
        },
        {
          name: "Each",
          functionId: "tool::record",
          config: { key: "steps/item-{{item}}" },
          mode: "fanout",
          over: "items",
          outputVar: "each",
        },
      ],
    },
    parkedAt: ["approval"],
    answers: ["approve"],
    result: undefined,
    records: ["steps/round-0", "steps/round-1", "steps/item-p", "steps/item-q"],
  },
];

/** The input of every scene; what does not use it does not mind. */
export const INPUT = JSON.stringify({ items: ["p", "q"] });

export async function runOf(backend: Backend, runId: string): Promise<WireRun> {
  const run = await backend.query(functions.runs.get, { runId });
  if (run === null) throw new Error(`the run ${runId} is gone`);
  return run;
}

const LONGEST_MS = 30_000;

/** Looks until it is what is wanted; throws what it was last. */
export async function until<T>(what: string, look: () => Promise<T>, wanted: (found: T) => boolean): Promise<void> {
  const end = Date.now() + LONGEST_MS;
  for (;;) {
    const found = await look();
    if (wanted(found)) return;
    if (Date.now() > end) throw new Error(`${what}: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
