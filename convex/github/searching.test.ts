/** The index of a repository, over the real backend and `emulate`'s GitHub. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { createBackend, until } from "../../test/backend.ts";
import { type GitHubPeer, startGitHub, useGitHub } from "../../test/github_peer.ts";
import type { ActionCtx } from "../_generated/server.js";
import { type CodeAnswer, searchRepository } from "./searching.ts";

const SITE = { owner: "acme", name: "site" };
let peer: GitHubPeer;

const LOGIN = ["export function handleLogin(name: string) {", "  return checkPassword(name);", "}", ""].join("\n");
const FILES: Record<string, string> = {
  "src/login.ts": LOGIN,
  "src/session_store.ts": "export class SessionStore {\n  open() {}\n}\n",
  "docs/guide.md": "# Guide\n\nHow the loginPage works.\n",
  ".env": "PASSWORD=hunter2 login\n",
  "config/secrets.yaml": "login: hunter2\n",
  "keys.ts": "const key = 'ghp_abcdefghijklmnopqrstuvwxyz0123';\nconst login = 1;\n",
  "node_modules/x/login.js": "login login login\n",
  "logo.png": "\u0000\u0001login",
  "big.txt": `${"login word ".repeat(25_000)}\n`,
};

beforeAll(async () => {
  peer = await startGitHub();
  for (const [path, text] of Object.entries(FILES)) await peer.write("acme/site", "main", path, text);
});
afterAll(async () => await peer?.close());
beforeEach(() => {
  peer.seen.length = 0;
  useGitHub(peer);
});

afterEach(() => void vi.unstubAllEnvs());

function setup() {
  const t = createBackend().anonymous;
  // What an action has of the backend, as the performer gets it.
  const ctx = { runQuery: t.query, runMutation: t.mutation } as unknown as ActionCtx;
  const search = async (query: string, under: string | null = null, maxWaitMs?: number): Promise<CodeAnswer> =>
    await searchRepository(ctx, SITE, { query, under }, maxWaitMs);
  /** The next question compares with GitHub again. */
  const age = () =>
    t.run(async (ctx) => {
      for (const row of await ctx.db.query("codeRepos").collect())
        await ctx.db.patch("codeRepos", row._id, { checkedAt: 0 });
    });
  const paths = () => t.run(async (ctx) => (await ctx.db.query("codeFiles").collect()).map(({ path }) => path).sort());
  const blobs = () => peer.count("GET", "/git/blobs/");
  return { t, search, age, paths, blobs };
}

test("text files are indexed at a commit; binaries, generated, very large and secret-looking ones are not", async () => {
  const { search, paths, t } = setup();
  const found = await search("where is the login handled?");
  expect(found).toMatchObject({ repo: "acme/site", commit: expect.stringMatching(/^[0-9a-f]{40}$/), note: null });
  expect(await paths()).toEqual(["README.md", "docs/guide.md", "keys.ts", "src/login.ts", "src/session_store.ts"]);
  expect(found.results[0]).toMatchObject({
    path: "src/login.ts",
    from: 1,
    text: expect.stringContaining("handleLogin"),
  });
  const chunks = await t.run((ctx) => ctx.db.query("codeChunks").collect());
  expect(JSON.stringify(chunks)).not.toMatch(/ghp_|hunter2/);
});

test("identifiers are found by their parts, in any case; a folder narrows", async () => {
  const { search } = setup();
  expect((await search("session store")).results[0]?.path).toBe("src/session_store.ts");
  expect((await search("SESSIONSTORE")).results[0]?.path).toBe("src/session_store.ts");
  expect((await search("login", "docs/")).results.map(({ path }) => path)).toEqual(["docs/guide.md"]);
  expect((await search("zebra")).results).toEqual([]);
});

test("asked again: only what changed is fetched, what is gone is forgotten", async () => {
  const { search, age, paths, blobs } = setup();
  await search("login");
  const first = blobs();
  await age();
  await search("login");
  expect(blobs()).toBe(first);
  await peer.write("acme/site", "main", "src/login.ts", `${LOGIN}// and the logout\n`);
  await peer.write("acme/site", "main", "src/new.ts", "export const zebra = 1;\n");
  const { sha } = await peer.api<{ sha: string }>("GET", "/repos/acme/site/contents/docs/guide.md");
  await peer.api("DELETE", "/repos/acme/site/contents/docs/guide.md", { message: "Drop", sha, branch: "main" });
  await age();
  expect((await search("zebra")).results[0]?.path).toBe("src/new.ts");
  expect((await search("logout")).results[0]).toMatchObject({ path: "src/login.ts" });
  expect(blobs()).toBe(first + 2);
  expect(await paths()).not.toContain("docs/guide.md");
  await peer.write("acme/site", "main", "docs/guide.md", FILES["docs/guide.md"]!);
});

test("a round that died: the next question goes on from the files that are in", async () => {
  const { search, t, blobs, age } = setup();
  await search("login");
  const all = blobs();
  await t.run(async (ctx) => {
    const repo = (await ctx.db.query("codeRepos").first())!;
    const file = (await ctx.db.query("codeFiles").first())!;
    await ctx.db.delete("codeFiles", file._id);
    await ctx.db.patch("codeRepos", repo._id, { status: "indexing", commit: null, leaseUntil: 0 });
  });
  await age();
  expect((await search("login")).note).toBeNull();
  expect(blobs()).toBe(all + 1);
});

test("two questions at once start one round", async () => {
  const { search, blobs, paths } = setup();
  await Promise.all([search("login"), search("session")]);
  expect(peer.count("GET", "/git/trees/")).toBe(1);
  expect(blobs()).toBe((await paths()).length);
});

test("GitHub fails on the way -> what is in stays, and the note says why; later it is completed", async () => {
  const { search, age, t } = setup();
  peer.break("GET", "/git/trees/", { kind: "status", status: 403, body: { message: "no" }, after: false });
  await expect(search("login")).rejects.toThrow(/GITHUB_TOKEN/);
  await age();
  await search("login");
  await peer.write("acme/site", "main", "src/later.ts", "export const later = 1;\n");
  await age();
  peer.break("GET", "/git/blobs/", { kind: "status", status: 403, body: { message: "no" }, after: false });
  expect(await search("login")).toMatchObject({
    note: expect.stringContaining("could not be brought up to date"),
    results: expect.arrayContaining([expect.objectContaining({ path: "src/login.ts" })]),
  });
  await age();
  expect((await search("later")).note).toBeNull();
  expect(await t.run((ctx) => ctx.db.query("codeRepos").collect())).toHaveLength(1);
});

test("not waited for longer than it may -> the note says how far it is", async () => {
  const { search } = setup();
  expect((await search("login", null, 0)).note).toMatch(/ask again in a minute/);
});

test("as many repositories as may be -> the one searched longest ago is forgotten, with all that was of it", async () => {
  const { search, t } = setup();
  await t.run(async (ctx) => {
    for (let number = 0; number < 20; number++) {
      const name = `acme/r${number}`;
      const state = {
        status: "ready" as const,
        leaseId: "",
        leaseUntil: 0,
        commit: "c",
        done: 1,
        total: 1,
        leftOut: 0,
      };
      const repoId = await ctx.db.insert("codeRepos", {
        key: name,
        name,
        ...state,
        error: null,
        checkedAt: 100 + number,
      });
      await ctx.db.insert("codeFiles", { repoId, path: "a", blob: "b", chunks: 0 });
    }
  });
  await search("login");
  const kept = async () =>
    await t.run(async (ctx) => (await ctx.db.query("codeRepos").collect()).map(({ key }) => key));
  await until("the oldest is gone", async () => (await kept()).length === 20);
  expect(await kept()).not.toContain("acme/r0");
  expect(await kept()).toEqual(expect.arrayContaining(["acme/r1", "acme/site"]));
});

test("without a token it is said which variable is missing, and nothing is begun", async () => {
  const { search, t } = setup();
  vi.stubEnv("GITHUB_TOKEN", "");
  await expect(search("login")).rejects.toThrow(/GITHUB_TOKEN/);
  expect(await t.run((ctx) => ctx.db.query("codeRepos").collect())).toEqual([]);
});
