/**
 * Every tool of every agent does its work, asked for in a direct message in Slack: with GitHub, a file, a workspace and a sandbox there,
 * nothing is refused. That no tool of any agent is left out is tested in slack_tools.test.ts.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toolTitle } from "../../convex/agents/titles.ts";
import { isAskedAbout } from "../../convex/agents/tools/define.ts";
import { TOOLS } from "../../convex/agents/tools/index.ts";
import { functions } from "../../src/bot/backend.ts";
import { BUBBLEWRAP, makeWorkspace, passableFolder, WITHOUT } from "../bubblewrap.ts";
import { type GitHubPeer, startGitHub, TOKEN } from "../github_peer.ts";
import { byBot, eventually, type SlackBot, startSlackBot } from "../slack_bot.ts";
import { ASKED, ASKED_WITH_ALL, type Asked } from "../slack_tools.ts";
import { WITNESSED } from "./harness.ts";

const ROWS: Asked[] = [...ASKED, ...ASKED_WITH_ALL];

/** The next issue or pull request there is number 12. */
async function prepareGitHub(peer: GitHubPeer): Promise<void> {
  await peer.write("acme/site", "main", "src/login.ts", "export function handleLogin() {\n  return 1;\n}\n");
  for (let number = 1; number < 12; number++)
    await peer.api("POST", "/repos/acme/site/issues", { title: `issue ${number}` });
}

test.skipIf(!BUBBLEWRAP)(
  `each tool does its work for who asks in Slack${WITHOUT}`,
  async () => {
    const peer = await startGitHub();
    await prepareGitHub(peer);
    const folder = passableFolder("factory-slack-tools-");
    const env = {
      ...{ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: peer.url, FACTORY_WORKSPACE: makeWorkspace(folder) },
      ...{ FACTORY_ENGINEERING: "slack:#eng", FACTORY_SUPPORT: "slack:#support" },
    };
    const world = await startSlackBot({ workflows: [WITNESSED], env });
    try {
      const report = join(folder, "report.pdf.txt");
      writeFileSync(report, "The factory grew.\n");
      await world.place.ok("files", "add", report, "--name", "report.pdf");
      const wrong: Record<string, string> = {};
      for (const one of ROWS) {
        if (one.tool === "openPR") await peer.write("acme/site", "feature/login", "login.ts", "export {};\n");
        const trouble = await asked(world, one).catch((thrown: unknown) => String(thrown));
        if (trouble !== null) wrong[`${one.agent} ${one.tool}`] = trouble;
      }
      expect(wrong).toEqual({});
      expect(peer.count("POST", "/git/refs")).toBe(1);
      expect(peer.count("POST", "/pulls")).toBe(1);
    } finally {
      await world.dispose();
      await peer.close();
    }
  },
  900_000,
);

/** Null: it was called by that agent, for Ana, and done; the reply came. Else what went wrong. */
async function asked(world: SlackBot, { agent, tool, say }: Asked): Promise<string | null> {
  const ana = world.slack.as("ana");
  const record = async () =>
    (await world.backend.query(functions.audit.list, { limit: 500 })).flatMap(({ kind, person, detail }) => {
      const call = JSON.parse(detail) as { agent?: string; tool?: string; error?: string | null };
      return kind.startsWith("tool.") && call.agent === agent && call.tool === tool ? [{ kind, person, ...call }] : [];
    });
  // What is asked about is called when it is let pass, and done when its performer says so.
  const last = TOOLS[tool].kind === "outside" ? "tool.done" : "tool.called";
  const count = async () => (await record()).filter(({ kind }) => kind === last).length;
  const bad = async () => (await record()).filter(({ kind }) => kind === "tool.refused" || kind === "tool.failed");
  const [before, badBefore] = [await count(), (await bad()).length];
  const replies = byBot(ana.messages("dm")).length;
  ana.say("dm", say);
  const pressed = new Set<string>();
  await eventually(
    `done; said: ${byBot(ana.messages("dm")).at(-1)?.text}`,
    async () => {
      await pressYes(world, pressed);
      return (await count()) > before || (await bad()).length > badBefore;
    },
    45_000,
  );
  await eventually("a reply", () => byBot(ana.messages("dm")).length > replies);
  await eventually("rest", async () => {
    await pressYes(world, pressed);
    const busy = await world.backend.query(functions.conversations.busy, { place: "slack:DANA" });
    return busy.openTurns + busy.readyDeliveries === 0 && (await workersRest(world));
  });
  if ((await bad()).length > badBefore) return `refused: ${JSON.stringify((await bad()).at(-1))}`;
  const found = (await record()).find(({ kind }) => kind === last);
  return found?.person?.startsWith("ana") === true ? null : `for ${found?.person}`;
}

/** On every card of a tool that asks first. */
async function pressYes(world: SlackBot, pressed: Set<string>): Promise<void> {
  const ana = world.slack.as("ana");
  const gated = Object.entries(TOOLS).filter(([, one]) => isAskedAbout(one));
  for (const { ts, text, buttons } of ana.messages("dm")) {
    if (buttons.length === 0 || pressed.has(ts) || !gated.some(([name]) => text.includes(`(${toolTitle(name)})`)))
      continue;
    pressed.add(ts);
    await ana.click("dm", ts, "yes");
  }
}

/** No task is IN_PROGRESS with a worker. */
async function workersRest(world: SlackBot): Promise<boolean> {
  const tasks = await world.backend.query(functions.tasks.list, { status: "IN_PROGRESS" });
  return tasks.every(({ assignee }) => assignee !== "factoryWorker");
}
