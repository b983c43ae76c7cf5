/** How a pull request stands, and what it changes, against `emulate`'s GitHub. Commit statuses, `mergeable` and files: stand-ins. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GitHubPeer, startGitHub, TOKEN } from "../../test/github_peer.ts";
import { checkPull } from "./check.ts";
import { createGitHub, type GitHub } from "./client.ts";
import { readFile, showPull } from "./files.ts";
import { openPull } from "./pulls.ts";

const REPO = { owner: "acme", name: "site" };
let peer: GitHubPeer;
let github: GitHub;
let counter = 0;
let number: number;
let sha: string;

beforeAll(async () => {
  peer = await startGitHub();
  github = createGitHub({ token: TOKEN, baseUrl: peer.url, timeoutMs: 2000, maxPauseMs: 500, firstPauseMs: 10 });
});
afterAll(async () => await peer?.close());

/** A pull request of its own for each test. */
beforeEach(async () => {
  counter += 1;
  [peer.mergeable, peer.mergeableState] = [[], null];
  const head = `work${counter}`;
  const { object } = await peer.api<{ object: { sha: string } }>("GET", "/repos/acme/site/git/ref/heads/main");
  await peer.api("POST", "/repos/acme/site/git/refs", { ref: `refs/heads/${head}`, sha: object.sha });
  sha = await peer.write("acme/site", head, `src/work${counter}.ts`, "export const work = 1;\n");
  const wanted = {
    repo: REPO,
    head,
    commit: null,
    base: null,
    title: "Work",
    body: "Do it.",
    draft: false,
    task: null,
  };
  ({ number } = await openPull(github, wanted, `key${counter}`));
});

const check = (pausesMs: number[] = [1, 1]) => checkPull(github, REPO, number, pausesMs);
const run = (name: string, status: string, conclusion?: string) =>
  peer.api("POST", "/repos/acme/site/check-runs", { name, head_sha: sha, status, conclusion });
async function review(token: string, event: "APPROVE" | "REQUEST_CHANGES" | "COMMENT") {
  const response = await fetch(`${peer.url}/repos/acme/site/pulls/${number}/reviews`, {
    method: "POST",
    headers: { authorization: `token ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ event, body: "words" }),
  });
  expect(response.ok, await response.clone().text()).toBe(true);
}

describe("how a pull request stands", () => {
  test("nothing stands in the way -> ready", async () => {
    expect(await check()).toMatchObject({
      ...{ standing: "ready", mergeable: true, head: `work${counter}`, base: "main", commit: sha },
      summary: `#${number} "Work" is ready to be merged.`,
      checks: { passed: 0, pending: [], failed: [], incomplete: false },
    });
  });

  test("check runs, and statuses (stand-in), are summed up; what failed is named", async () => {
    await run("build", "completed", "success");
    await run("lint", "completed", "failure");
    await run("e2e", "in_progress");
    peer.statuses.set(sha, [
      { context: "ci/old", state: "error" },
      { context: "ci/ok", state: "success" },
    ]);
    expect(await check()).toMatchObject({
      standing: "checks failed",
      summary: expect.stringContaining("ci/old, lint failed"),
      checks: { passed: 2, pending: ["e2e"], failed: ["ci/old", "lint"] },
    });
  });

  test("only running ones -> pending", async () => {
    await run("e2e", "queued");
    expect(await check()).toMatchObject({
      standing: "checks pending",
      summary: expect.stringContaining("waits for e2e"),
    });
  });

  test("reviews: the last one of each reviewer counts, a comment takes back nothing", async () => {
    await review("token_bo", "REQUEST_CHANGES");
    await review("token_cy", "APPROVE");
    await review("token_bo", "COMMENT");
    expect(await check()).toMatchObject({
      standing: "changes requested",
      reviews: { approvedBy: ["cy"], changesRequestedBy: ["bo"] },
    });
    await review("token_bo", "APPROVE");
    expect(await check()).toMatchObject({
      standing: "ready",
      reviews: { approvedBy: ["bo", "cy"], changesRequestedBy: [] },
    });
  });

  test("GitHub still computes (stand-in) -> asked again within its bound, then said so", async () => {
    peer.mergeable = [null, null, false];
    expect(await check()).toMatchObject({
      standing: "conflicts",
      mergeable: false,
      summary: expect.stringContaining("conflicts with main"),
    });
    peer.mergeable = [null, null, null];
    expect(await check()).toMatchObject({
      standing: "unknown",
      mergeable: null,
      summary: expect.stringContaining("still computes"),
    });
  });

  test("held back by rules (stand-in), closed, merged -> said", async () => {
    peer.mergeableState = "blocked";
    expect(await check()).toMatchObject({ standing: "blocked" });
    peer.mergeableState = null;
    await peer.api("PATCH", `/repos/acme/site/pulls/${number}`, { state: "closed" });
    expect(await check()).toMatchObject({ standing: "closed" });
    await peer.api("PATCH", `/repos/acme/site/pulls/${number}`, { state: "open" });
    await peer.api("PUT", `/repos/acme/site/pulls/${number}/merge`, {});
    expect(await check()).toMatchObject({ standing: "merged" });
  });

  test("a token that may not read checks -> the rest is told, and that they are missing", async () => {
    peer.break("GET", "/check-runs", {
      kind: "status",
      status: 403,
      body: { message: "Resource not accessible" },
      after: false,
    });
    expect(await check()).toMatchObject({ checks: { incomplete: true } });
  });

  test("no such pull request -> not_found, with what to do", async () => {
    await expect(checkPull(github, REPO, 9999)).rejects.toMatchObject({
      info: { code: "not_found", remedy: expect.any(String) },
    });
  });
});

describe("what it changes, and what a file holds", () => {
  test("files with their diff (stand-in); secrets are left out, large ones cut and marked", async () => {
    const head = `work${counter}`;
    await peer.write("acme/site", head, ".env", "PASSWORD=hunter2\n");
    await peer.write("acme/site", head, "src/long.ts", `${"const x = 1;\n".repeat(3000)}`);
    const pull = await showPull(github, REPO, number);
    expect(pull).toMatchObject({
      title: "Work",
      author: "factory",
      state: "open",
      body: expect.stringContaining("Do it."),
    });
    const of = (path: string) => pull.files.find((file) => file.path === path);
    expect(of(`src/work${counter}.ts`)?.patch).toContain("+export const work = 1;");
    expect(of(".env")).toMatchObject({ patch: null, note: expect.stringContaining("secrets") });
    expect(of("src/long.ts")).toMatchObject({ note: "the diff is cut here" });
    expect(JSON.stringify(pull).length).toBeLessThan(60_000);
    expect(JSON.stringify(pull)).not.toContain("hunter2");
  });

  test("a file, in portions, each line after its number; folders, binaries and secrets are refused", async () => {
    await peer.write(
      "acme/site",
      "main",
      `lines${counter}.txt`,
      Array.from({ length: 900 }, (_, n) => `line ${n + 1}`).join("\n"),
    );
    await peer.write("acme/site", "main", `bin${counter}.dat`, "a\u0000b");
    const read = (path: string, from = 1, to: number | null = null) =>
      readFile(github, REPO, { path, ref: null, from, to });
    expect(await read(`lines${counter}.txt`)).toMatchObject({ from: 1, to: 400, lines: 900 });
    expect(await read(`lines${counter}.txt`, 899)).toMatchObject({ text: "899: line 899\n900: line 900", to: 900 });
    expect((await read(`lines${counter}.txt`, 5, 6)).text).toBe("5: line 5\n6: line 6");
    const key = ["-----BEGIN PRIVATE KEY-----", "bWluZSBhbG9uZQ==", "-----END PRIVATE KEY-----", "after"];
    await peer.write("acme/site", "main", `notes${counter}.md`, key.join("\n"));
    // Also where the lines that are asked for do not show that it is one.
    expect((await read(`notes${counter}.md`, 2, 4)).text).toBe("2: \n3: \n4: after");
    await expect(read(`bin${counter}.dat`)).rejects.toMatchObject({ info: { code: "invalid_input" } });
    await expect(read("src")).rejects.toThrow();
    await expect(read(".env")).rejects.toMatchObject({ info: { code: "forbidden" } });
    await expect(read("../x")).rejects.toThrow();
    await expect(read("none.txt")).rejects.toMatchObject({ info: { code: "not_found" } });
  });
});
