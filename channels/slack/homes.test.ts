import { afterEach, beforeEach, expect, test } from "vitest";
import type { HomeView, OpenHomes } from "../../src/contract/lookups.ts";
import { createSlackSimulator, type SlackSimulator } from "../../src/simulator/slack/index.ts";
import { eventually } from "../../test/slack_bot.ts";
import { createHomes, type Homes } from "./homes.ts";
import { createWeb } from "./web.ts";

const ANA = "slack:TSIM/UANA";
const BOB = "slack:TSIM/UBOB";

/** A backend in which runs are listed by their titles. */
function createFollowed(listed: string[] = []) {
  const views = new Map<string, HomeView>();
  const watchers = new Map<string, (home: HomeView) => void>();
  const homes: OpenHomes = {
    opened: async (handle) => void listed.unshift(handle),
    list: async () => listed,
    watch(handle, show) {
      watchers.set(handle, show);
      queueMicrotask(() => show(viewOf(handle)));
      return () => void watchers.delete(handle);
    },
  };
  const viewOf = (handle: string) => views.get(handle) ?? { person: "Ana", questions: [], runs: [] };
  return {
    listed,
    watched: () => [...watchers.keys()],
    lookups: { home: async (handle: string) => viewOf(handle), homes },
    set(handle: string, ...titles: string[]) {
      const runs = titles.map((title) => ({ runId: title, title, status: "running", startedAt: 0 }));
      views.set(handle, { person: "Ana", questions: [], runs });
      watchers.get(handle)?.(viewOf(handle));
    },
  };
}

let slack: SlackSimulator;
let followed: ReturnType<typeof createFollowed>;
let made: Homes[] = [];
const start = (everyMs: number): Homes => {
  const web = createWeb(slack.botToken, slack.apiUrl, () => {});
  const homes = createHomes({ web, lookups: followed.lookups, log: () => {}, everyMs });
  made.push(homes);
  return homes;
};
beforeEach(async () => {
  slack = await createSlackSimulator({ rateLimits: false });
  followed = createFollowed();
  made = [];
});
afterEach(async () => {
  for (const homes of made) homes.stop();
  await slack.close();
});
const shown = (person: string) => JSON.stringify(slack.as(person).home()?.blocks ?? []);
const drawings = () => slack.calls("views.publish").length;

test("an opened page is drawn, and drawn anew when its person's runs change; nobody else's is", async () => {
  const homes = start(1);
  await homes.opened(ANA);
  await eventually("the page", () => shown("ana").includes("You have started none"));
  followed.set(ANA, "Deploy");
  await eventually("the run", () => shown("ana").includes("Deploy: running"));
  expect(slack.as("bob").home()).toBeNull();
  expect(followed.listed).toEqual([ANA]);
});

test("many changes at once are few drawings, the last one of the newest state; no change is none", async () => {
  const homes = start(50);
  await homes.opened(ANA);
  await eventually("the page", () => drawings() === 1);
  for (let count = 1; count <= 30; count++) followed.set(ANA, `Run ${count}`);
  await eventually("the newest", () => shown("ana").includes("Run 30: running"));
  expect(drawings()).toBe(2);
  followed.set(ANA, "Run 30");
  followed.set(ANA, "Run 31");
  await eventually("the newest", () => shown("ana").includes("Run 31: running"));
  expect(drawings()).toBe(3);
});

test("after a restart what was open is followed on, and opening it again follows it once", async () => {
  followed = createFollowed([BOB, ANA]);
  followed.set(ANA, "Deploy");
  const homes = start(1);
  await homes.resume();
  await eventually("both", () => shown("ana").includes("Deploy") && slack.as("bob").home() !== null);
  await homes.opened(ANA);
  await eventually("drawn again", () => drawings() === 3);
  expect(followed.watched().sort()).toEqual([ANA, BOB]);
});

test("a page that Slack's trouble kept from being drawn is drawn later; one whose person is gone is followed no more", async () => {
  const homes = start(1);
  await homes.opened(ANA);
  await eventually("the page", () => drawings() === 1);
  slack.faults.order({ on: "views.publish", fault: { kind: "rate_limit", retryAfterS: 0 } });
  followed.set(ANA, "Deploy");
  await eventually("refused", () => drawings() === 2);
  expect(followed.watched()).toEqual([ANA]);
  slack.faults.order({ on: "views.publish", fault: { kind: "error", error: "user_not_found" } });
  await homes.opened(BOB);
  await eventually("given up", () => !followed.watched().includes(BOB));
});

test("beyond fifty the page opened longest ago is not followed any more; stopped, none is", async () => {
  const homes = start(60_000);
  const handles = Array.from({ length: 51 }, (_, index) => `slack:TSIM/U${1000 + index}`);
  for (const handle of handles) await homes.opened(handle);
  expect(followed.watched()).toEqual(handles.slice(1));
  homes.stop();
  expect(followed.watched()).toEqual([]);
});
