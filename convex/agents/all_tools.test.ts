/** S1–S4: every tool of every agent, called by a scripted model over either protocol with an input that fits: one result each, on record once. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { until } from "../../test/backend.ts";
import { type GitHubPeer, startGitHub, useGitHub } from "../../test/github_peer.ts";
import { calls, modelSpeaking, type Protocol, type Request, says } from "../../test/model_peer.ts";
import { at } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import { createWorld, type World } from "./attack_world.test-support.ts";
import { agentAsked } from "./attacks.test-support.ts";
import { type AgentName, CREW } from "./crew.ts";
import { isLook, type ToolName } from "./tools/index.ts";

type Step = [ToolName, object][];
const acme = { repo: "acme/site" };

/** What each agent calls, step by step. The worker is set to work by the Factory Manager; run analysis is asked by it. */
const STEPS: Record<AgentName, Step[]> = {
  factoryManager: [
    [
      ["listFactoryTasks", {}],
      ["getProjectStatus", {}],
      ["listFactoryTeam", {}],
      ["listWorkflows", {}],
      ["runStatus", {}],
      ["getTokenSpendSummary", {}],
      ["pendingQuestions", {}],
      ["listFiles", {}],
      ["recallMemories", {}],
    ],
    [
      ["createTask", { title: "called" }],
      ["assignTask", { task: "T1", assignee: "me" }],
      ["transitionTask", { task: "T1", status: "IN_PROGRESS" }],
      ["sendChannelMessage", { channel: "slack:#eng", text: "hello" }],
      ["createSession", { channel: "slack:#eng", topic: "the release" }],
      ["startWorkflow", { workflow: "deploy" }],
      ["rememberFact", { fact: "The release is on Friday." }],
      ["forgetMemory", { memory: "M1" }],
      ["requestHumanInput", { ask: "me", question: "Ship it?" }],
      ["delegate", { agent: "runAnalysis", request: "why?" }],
      ["dispatchCodingTask", { task: "T2", instructions: "run `npm test`" }],
      ["createBranch", { ...acme, name: "feature/called" }],
      ["openPR", { ...acme, head: "topic", title: "Topic" }],
      ["checkPR", { ...acme, pull: "1" }],
    ],
  ],
  factoryWorker: [
    [
      ["executeCommand", { command: ["npm", "test"] }],
      ["reportProgress", { text: "half of it" }],
    ],
    [
      ["updateTaskStatus", { status: "IN_REVIEW" }],
      ["requestHelp", { problem: "no key" }],
    ],
  ],
  taskManager: [
    [
      ["listTasks", {}],
      ["getTask", { task: "T1" }],
      ["createTask", { title: "called", issues: ["acme/site#3"] }],
      ["assignTask", { task: "T1", assignee: "Bo" }],
      ["transitionTask", { task: "T1", status: "IN_PROGRESS" }],
    ],
  ],
  runAnalysis: [
    [
      ["getRunContext", { run: "for-bo" }],
      ["getStepResults", { run: "for-bo" }],
      ["getStructuralTimeline", { run: "for-bo" }],
      ["getStepDetail", { run: "for-bo", step: "ask" }],
      ["getCostBreakdown", { run: "for-bo" }],
    ],
  ],
  forgeAnalyst: [
    [
      ["listFiles", { about: "notes" }],
      ["fetchFileContent", { file: "notes.txt" }],
      ["requestHumanInput", { ask: "me", question: "Which quarter?", options: ["first", "second"] }],
    ],
  ],
  codebaseSearch: [
    [
      ["searchCode", { ...acme, query: "handleLogin" }],
      ["readCode", { ...acme, path: "src/login.ts" }],
    ],
  ],
  prReview: [
    [
      ["getPullRequest", { ...acme, pull: "1" }],
      ["searchCode", { ...acme, query: "handleLogin" }],
      ["readCode", { ...acme, path: "src/login.ts" }],
    ],
  ],
};
const AGENTS = Object.keys(CREW) as AgentName[];
/** Whom Ana talks with; the worker is reached through the Factory Manager, as it is by people. */
const SPOKEN_WITH = AGENTS.filter((agent) => agent !== "factoryWorker");

/** With a file, a branch with work, and a pull request, number 1. */
async function preparedGitHub(): Promise<GitHubPeer> {
  const github = await startGitHub();
  await github.write("acme/site", "main", "src/login.ts", "export function handleLogin() {}\n");
  const { object } = await github.api<{ object: { sha: string } }>("GET", "/repos/acme/site/git/ref/heads/main");
  for (const branch of ["first", "topic"]) {
    await github.api("POST", "/repos/acme/site/git/refs", { ref: `refs/heads/${branch}`, sha: object.sha });
    await github.write("acme/site", branch, `${branch}.ts`, "export {};\n");
  }
  await github.api("POST", "/repos/acme/site/pulls", { title: "First", head: "first", base: "main" });
  return github;
}

test("every tool of every agent is called", () => {
  for (const agent of AGENTS)
    expect(STEPS[agent].flatMap((step) => step.map(([name]) => name)).sort(), agent).toEqual(
      [...CREW[agent].tools].sort(),
    );
});

/** Each agent takes its steps, and then says that it is done. */
async function scripted(protocol: Protocol): Promise<Request[]> {
  const taken = new Map<AgentName, number>();
  const requests: Request[] = await modelSpeaking(protocol, (response, spoken) => {
    const agent = agentAsked(requests.at(-1)!);
    const step = taken.get(agent) ?? 0;
    taken.set(agent, step + 1);
    const wanted = STEPS[agent][step]?.map(([name, input]) => ({ id: `${agent}_${name}`, name, input }));
    (wanted === undefined ? says(`${agent} is done.`) : calls(...wanted))(response, spoken);
  });
  return requests;
}

/** Ana says yes to all that she is asked, and a machine does what is ready, until nothing is under way. */
async function settled(world: World): Promise<void> {
  const { t } = world;
  await until("all is done", async () => {
    for (const { callId } of await t.query(api.outside_work.ready, {})) {
      const claimed = await t.mutation(api.outside_work.claim, { callId, machine: "m1" });
      if (claimed === null) continue;
      const result = JSON.stringify({
        exitCode: 0,
        stdout: "ok",
        stderr: "",
        truncated: false,
        branch: null,
        diffstat: "",
      });
      await t.mutation(api.outside_work.complete, { callId, leaseId: claimed.leaseId, result });
    }
    const asked = (await world.rows("approvals")).filter(({ status, agent }) => status === "pending" && agent !== null);
    for (const { _id, options } of asked)
      await t.mutation(api.approvals.answer, { actor: at("terminal:ana"), ref: _id, option: options[0]! });
    const turns = await world.rows("turns");
    const waiting = (await world.rows("outsideCalls")).filter(({ endedAt }) => endedAt === null);
    return (
      asked.length === 0 &&
      waiting.length === 0 &&
      turns.every(({ status }) => status === "done" || status === "failed")
    );
  });
}

describe.each<Protocol>(["openai", "anthropic"])("a model that speaks the protocol of %s", (protocol) => {
  let github: GitHubPeer;
  beforeAll(async () => {
    github = await preparedGitHub();
  });
  afterAll(async () => await github?.close());

  test.each(SPOKEN_WITH)("%s: each of its tools gives one result, and is on record once", async (agent) => {
    useGitHub(github);
    vi.stubEnv("FACTORY_ENGINEERING", "slack:#eng");
    vi.stubEnv("FACTORY_SUPPORT", "slack:#support");
    const world = await createWorld(agent);
    const storageId = await world.t.run((ctx) => ctx.storage.store(new Blob(["Some notes."])));
    await world.t.mutation(api.files.add, { actor: at("terminal:ana"), name: "notes.txt", storageId });
    const before = (await world.called()).length;
    const requests = await scripted(protocol);
    await world.chat("ana").type("go");
    await settled(world);
    const called = (await world.called()).slice(before);
    const worked: AgentName[] = agent === "factoryManager" ? [agent, "factoryWorker", "runAnalysis"] : [agent];
    const wanted = worked.flatMap((by) => CREW[by].tools.map((tool) => `${by} ${tool}`)).sort();
    expect(called.filter(({ refused }) => refused)).toEqual([]);
    expect(called.map((one) => `${one.agent} ${one.tool}`).sort()).toEqual(wanted);
    expect(called.filter((one) => one.for !== "ana")).toEqual([]);
    const effects = await world.t.run((ctx) => ctx.db.query("toolEffects").collect());
    expect(effects.map(({ toolCallId }) => toolCallId).sort()).toEqual(
      wanted
        .map((pair) => pair.replace(" ", "_"))
        .filter((id) => !isLook(id.split("_")[1]!))
        .sort(),
    );
    expect(effects.filter(({ result }) => /^\{"(?:agent":"\w+",")?error"/.test(result))).toEqual([]);
    for (const by of worked)
      expect(resultsTold(requests, by), by).toEqual(CREW[by].tools.map((tool) => `${by}_${tool}`).sort());
    const replies = (await world.chat("ana").read()).filter((said) => said.includes(`${agent} is done.`));
    expect(replies).toHaveLength(1);
  });
});

/** The calls whose results the agent's last request holds, in either protocol. */
function resultsTold(requests: Request[], agent: AgentName): string[] {
  const last = requests.filter((request) => agentAsked(request) === agent).at(-1)!;
  return last.messages
    .flatMap((message) => {
      if (message.role === "tool") return [(message as unknown as { tool_call_id: string }).tool_call_id];
      if (!Array.isArray(message.content)) return [];
      return (message.content as { type: string; tool_use_id: string }[]).flatMap(({ type, tool_use_id }) =>
        type === "tool_result" ? [tool_use_id] : [],
      );
    })
    .sort();
}
