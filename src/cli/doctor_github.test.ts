import { afterAll, beforeAll, expect, test } from "vitest";
import { type GitHubPeer, startGitHub, TOKEN } from "../../test/github_peer.ts";
import { examineGitHub } from "./doctor_github.ts";

let peer: GitHubPeer;
beforeAll(async () => {
  peer = await startGitHub();
});
afterAll(async () => await peer?.close());

const examine = (token: string | undefined, url = peer.url) =>
  examineGitHub({ GITHUB_TOKEN: token, GITHUB_API_URL: url });

test("no token -> what is missing without it, and where to read on", async () => {
  expect(await examine(undefined)).toEqual([
    {
      name: "github",
      ok: true,
      detail: expect.stringContaining("GITHUB_TOKEN is not set"),
      remedy: expect.stringContaining("docs/github.md"),
    },
  ]);
});

test("a token that GitHub takes -> how much it may still ask", async () => {
  expect(await examine(TOKEN)).toEqual([
    { name: "github", ok: true, detail: expect.stringMatching(/accepts the token, \d+ of \d+ requests/), remedy: null },
  ]);
});

test("one that it does not take, and an address where nobody is -> what to do; the token is not repeated", async () => {
  peer.break("GET", "/rate_limit", { kind: "status", status: 401, after: false });
  const [refused] = await examine("ghp_wrong");
  expect(refused).toMatchObject({ ok: false, detail: expect.stringContaining("401"), remedy: expect.any(String) });
  expect(JSON.stringify(refused)).not.toContain("ghp_wrong");
  expect(await examine(TOKEN, "http://127.0.0.1:9")).toMatchObject([
    { ok: false, detail: expect.stringContaining("cannot be reached") },
  ]);
});
