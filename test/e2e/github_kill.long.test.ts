/** G4, S1: the real bot is killed while GitHub is asked, at each moment in turn; after a new start there is one branch, one pull request. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type Fault, type GitHubPeer, startGitHub, TOKEN } from "../github_peer.ts";
import { Place } from "./harness.ts";

let peer: GitHubPeer;
let place: Place;
let counter = 0;

beforeAll(async () => {
  peer = await startGitHub();
});
afterAll(async () => await peer?.close());
beforeEach(() => {
  place = new Place();
  counter += 1;
  peer.seen.length = 0;
});
afterEach(async () => await place.dispose());

const start = () => place.start({ GITHUB_TOKEN: TOKEN, GITHUB_API_URL: peer.url });

/** Asks by chat, says yes, and kills the bot while GitHub keeps its answer to itself; then starts it again and waits for the end. */
async function killed(request: string, method: string, words: string, fault: Fault, reached: () => Promise<boolean>) {
  const bot = await start();
  await place.ok("chat", request);
  const [open] = await place.ok("approvals", "list");
  peer.break(method, words, fault);
  await place.ok("approvals", "answer", open.code, "yes");
  await eventually(reached);
  await bot.end("SIGKILL");
  const again = await start();
  const record = (await place.until(["audit", "list", "--limit", "200"], (rows: { kind: string }[]) =>
    rows.some(({ kind }) => kind === "tool.done" || kind === "tool.failed"),
  )) as { kind: string }[];
  expect(record.map(({ kind }) => kind).filter((kind) => /^tool\.(?:done|failed)$/.test(kind))).toEqual(["tool.done"]);
  await again.end("SIGTERM");
}

async function eventually(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const SILENT = (after: boolean): Fault => ({ kind: "silence", after });
const branches = async () =>
  (await peer.api<{ name: string }[]>("GET", "/repos/acme/site/branches?per_page=100")).map(({ name }) => name);

test.each([
  ["while it looks where the branch begins", "GET", "/git/ref/heads/main", false],
  ["before GitHub makes the branch", "POST", "/git/refs", false],
  ["after GitHub made the branch", "POST", "/git/refs", true],
] as const)("killed %s -> one branch, one result", async (_name, method, words, after) => {
  const name = `kill/b${counter}`;
  const asked = async () => peer.count(method, words) > 0 && (!after || (await branches()).includes(name));
  await killed(`create branch ${name} in acme/site`, method, words, SILENT(after), asked);
  expect((await branches()).filter((one) => one === name)).toEqual([name]);
  expect(peer.count("POST", "/git/refs")).toBe(method === "POST" && !after ? 2 : 1);
});

test.each([
  ["while it looks for one that is open", "GET", "/pulls?", false],
  ["before GitHub opens the pull request", "POST", "/pulls", false],
  ["after GitHub opened the pull request", "POST", "/pulls", true],
] as const)("killed %s -> one pull request, one result", async (_name, method, words, after) => {
  const head = `kill/p${counter}`;
  const { object } = await peer.api<{ object: { sha: string } }>("GET", "/repos/acme/site/git/ref/heads/main");
  await peer.api("POST", "/repos/acme/site/git/refs", { ref: `refs/heads/${head}`, sha: object.sha });
  await peer.write("acme/site", head, `${counter}.txt`, "work");
  const pulls = () => peer.api<unknown[]>("GET", `/repos/acme/site/pulls?state=all&head=acme:${head}`);
  const asked = async () => peer.count(method, words) > 0 && (!after || (await pulls()).length > 0);
  await killed(`open a PR from ${head} in acme/site titled "Work"`, method, words, SILENT(after), asked);
  expect(await pulls()).toHaveLength(1);
});
