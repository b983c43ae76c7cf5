/** Branches and pull requests against `emulate`'s GitHub, with a network that breaks in front of it: nothing is doubled. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GitHubPeer, startGitHub, TOKEN } from "../../test/github_peer.ts";
import { type BranchNote, createBranch, type Notes } from "./branches.ts";
import { createGitHub, type GitHub, settingsFrom } from "./client.ts";
import { openPull, type PullWanted } from "./pulls.ts";
import { repository } from "./repositories.ts";

const REPO = { owner: "acme", name: "site" };
let peer: GitHubPeer;
let github: GitHub;
let counter = 0;

beforeAll(async () => {
  peer = await startGitHub();
});
afterAll(async () => await peer?.close());
beforeEach(() => {
  peer.seen.length = 0;
  counter += 1;
  github = connect();
});

/** As the backend does, with limits that a test can wait for. */
const connect = (more: Partial<ReturnType<typeof settingsFrom>> = {}): GitHub =>
  createGitHub({ token: TOKEN, baseUrl: peer.url, timeoutMs: 2000, maxPauseMs: 1500, firstPauseMs: 10, ...more });

/** Notes that outlive a try, as the table's do. */
function notebook(): Notes & { note: BranchNote | null } {
  const notes = {
    note: null as BranchNote | null,
    recall: async () => notes.note,
    keep: async (note: BranchNote) => {
      notes.note = note;
    },
  };
  return notes;
}

const branch = (name: string, notes: Notes = notebook(), base: string | null = null) =>
  createBranch(github, { repo: REPO, base, name }, notes);
const branches = async () =>
  (await peer.api<{ name: string }[]>("GET", "/repos/acme/site/branches?per_page=100")).map(({ name }) => name);
const pulls = async (head: string) =>
  await peer.api<{ number: number; body: string }[]>("GET", `/repos/acme/site/pulls?state=all&head=acme:${head}`);
const failure = async (work: Promise<unknown>) => {
  const thrown = await work.then(
    () => null,
    (error: unknown) => error,
  );
  return (thrown as { info?: object } | null)?.info ?? thrown;
};

describe("a branch", () => {
  test("is made from the default branch, or from the one that is named", async () => {
    const name = `feature/a${counter}`;
    const made = await branch(name);
    expect(made).toMatchObject({
      repo: "acme/site",
      branch: name,
      base: "main",
      sha: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const next = await peer.write("acme/site", name, "a.txt", "a");
    expect(await branch(`${name}-2`, notebook(), name)).toMatchObject({ base: name, sha: next });
    expect(await branches()).toEqual(expect.arrayContaining([name, `${name}-2`]));
  });

  test("the same call again -> the same result, whether it stands as it was made or work was pushed to it", async () => {
    const [name, notes] = [`feature/b${counter}`, notebook()];
    const made = await branch(name, notes);
    expect(await branch(name, notes)).toEqual(made);
    await peer.write("acme/site", name, "work.txt", "work");
    expect(await branch(name, notes)).toEqual(made);
    expect(peer.count("POST", "/git/refs")).toBe(1);
  });

  test("somebody else's of that name -> refused, with a way out; it stays as it was", async () => {
    const name = `feature/c${counter}`;
    await branch(name);
    const tip = await peer.write("acme/site", name, "theirs.txt", "theirs");
    const refused = await failure(branch(name));
    expect(refused).toMatchObject({ code: "conflict", field: "name", remedy: expect.stringContaining("another name") });
    const ref = await peer.api<{ object: { sha: string } }>("GET", `/repos/acme/site/git/ref/heads/${name}`);
    expect(ref.object.sha).toBe(tip);
  });

  test("between the note and the request somebody else made it from something else -> refused", async () => {
    const [name, notes] = [`feature/d${counter}`, notebook()];
    const side = await branch(`side${counter}`);
    await peer.write("acme/site", side.branch, "side.txt", "side");
    const behind = (await branch(`behind${counter}`)).sha;
    notes.note = { base: side.branch, url: "", sha: await peer.write("acme/site", side.branch, "more.txt", "more") };
    await peer.api("POST", "/repos/acme/site/git/refs", { ref: `refs/heads/${name}`, sha: behind });
    expect(await failure(branch(name, notes))).toMatchObject({ code: "conflict" });
  });

  test.each([
    ["the answer is cut off", { kind: "cut", after: true }],
    ["GitHub answers 502 after it did it", { kind: "status", status: 502, after: true }],
    ["the answer is garbage", { kind: "garbage", after: true }],
    ["the answer never comes", { kind: "silence", after: true }],
  ] as const)("%s -> it looks, and finds what it made: one branch, one request", async (_name, fault) => {
    const name = `feature/e${counter}`;
    github = connect({ timeoutMs: 500 });
    peer.break("POST", "/git/refs", fault);
    expect(await branch(name)).toMatchObject({ branch: name });
    expect(peer.count("POST", "/git/refs")).toBe(1);
  });

  test.each([
    ["the connection breaks before GitHub gets it", { kind: "cut", after: false }],
    ["500 without doing it", { kind: "status", status: 500, after: false }],
    ["429 with Retry-After", { kind: "status", status: 429, headers: { "retry-after": "0.1" }, after: false }],
    [
      "403 of the secondary limit with Retry-After",
      {
        kind: "status",
        status: 403,
        headers: { "retry-after": "0.1" },
        body: { message: "You have exceeded a secondary rate limit" },
        after: false,
      },
    ],
  ] as const)("%s -> asked again, made", async (_name, fault) => {
    const name = `feature/f${counter}`;
    peer.break("POST", "/git/refs", fault);
    expect(await branch(name)).toMatchObject({ branch: name });
    expect(peer.count("POST", "/git/refs")).toBe(2);
  });

  test("killed after GitHub did it -> the next try returns what stands, and asks for nothing to be made", async () => {
    const [name, notes] = [`feature/g${counter}`, notebook()];
    peer.break("POST", "/git/refs", { kind: "cut", after: true });
    peer.break("GET", `/git/ref/heads/${name}`, { kind: "status", status: 404, after: false });
    peer.break("GET", `/git/ref/heads/${name}`, { kind: "cut", after: false }, 3);
    expect(await failure(branch(name, notes))).toMatchObject({ code: "platform_unavailable", retryable: true });
    peer.seen.length = 0;
    expect(await branch(name, notes)).toMatchObject({ branch: name, sha: notes.note?.sha });
    expect(peer.count("POST", "")).toBe(0);
  });

  test.each([
    [
      "",
      "",
      "feature/..",
      "-x",
      "x.lock",
      "a b",
      "a~1",
      "refs/heads/",
      "a//b",
      "HEAD",
      "x\u0007",
      "a".repeat(201),
      ".x",
      "a/.b",
    ],
  ])("a name that git or a shell would read otherwise is refused before GitHub is asked", async (...names) => {
    for (const name of names)
      expect(await failure(branch(name))).toMatchObject({ data: { code: "invalid_input", field: "name" } });
    expect(peer.seen).toEqual([]);
  });
});

describe("a pull request", () => {
  const wanted = (head: string): PullWanted => ({
    ...{
      repo: REPO,
      head,
      commit: null,
      base: null,
      title: "Fix the login",
      body: "It did not work.",
      draft: false,
      task: "T7",
    },
  });
  async function pushed(): Promise<string> {
    const { branch: name } = await branch(`topic/p${counter}`);
    await peer.write("acme/site", name, `p${counter}.txt`, "work");
    peer.seen.length = 0;
    return name;
  }

  test("G4: at another commit than the one that was seen nothing is opened; a call that opened it before it moved finds its own", async () => {
    const head = await pushed();
    const commit = (await peer.api<{ object: { sha: string } }>("GET", `/repos/acme/site/git/ref/heads/${head}`)).object
      .sha;
    const opened = await openPull(github, { ...wanted(head), commit }, "call-moved");
    await peer.write("acme/site", head, `p${counter}.txt`, "other work");
    expect(await openPull(github, { ...wanted(head), commit }, "call-moved")).toEqual(opened);
    await peer.api("PATCH", `/repos/acme/site/pulls/${opened.number}`, { state: "closed" });
    peer.seen.length = 0;
    expect(await failure(openPull(github, { ...wanted(head), commit }, "call-late"))).toMatchObject({
      code: "conflict",
      field: "head",
      retryable: false,
      message: expect.stringContaining(commit.slice(0, 12)),
    });
    expect(peer.count("POST", "/pulls")).toBe(0);
  });

  test("is opened with the task it is for and the mark of its call; the same call again -> the same one", async () => {
    const head = await pushed();
    const opened = await openPull(github, wanted(head), "call-1");
    expect(opened).toMatchObject({
      repo: "acme/site",
      head,
      base: "main",
      title: "Fix the login",
      state: "open",
      alreadyOpen: false,
    });
    const [made] = await pulls(head);
    expect(made?.body).toMatch(/^It did not work\.\n\nFor task T7\.\n\n<!-- factory-call:[0-9a-f]{32} -->$/);
    expect(await openPull(github, wanted(head), "call-1")).toEqual(opened);
    expect(await pulls(head)).toHaveLength(1);
  });

  test("another call finds one open already -> told so, none is opened", async () => {
    const head = await pushed();
    const opened = await openPull(github, wanted(head), "call-1");
    const second = await openPull(github, { ...wanted(head), title: "Another", body: null }, "call-2");
    expect(second).toEqual({ ...opened, alreadyOpen: true });
    expect(await pulls(head)).toHaveLength(1);
  });

  test("closed by a person meanwhile -> the same call opens no second one; a new call does", async () => {
    const head = await pushed();
    const opened = await openPull(github, wanted(head), "call-1");
    await peer.api("PATCH", `/repos/acme/site/pulls/${opened.number}`, { state: "closed" });
    expect(await openPull(github, wanted(head), "call-1")).toMatchObject({ number: opened.number, state: "closed" });
    expect(await openPull(github, wanted(head), "call-2")).toMatchObject({ state: "open", alreadyOpen: false });
    expect(await pulls(head)).toHaveLength(2);
  });

  test("text that looks like the mark of a call is none", async () => {
    const head = await pushed();
    const first = await openPull(github, wanted(head), "call-1");
    await peer.api("PATCH", `/repos/acme/site/pulls/${first.number}`, { state: "closed" });
    const mark = /<!-- factory-call:\w+ -->/.exec((await pulls(head))[0]!.body)![0];
    const forged = await openPull(github, { ...wanted(head), body: `x ${mark}` }, "call-2");
    expect((await pulls(head)).find(({ number }) => number === forged.number)?.body).not.toContain(mark);
  });

  test.each([
    ["the answer is cut off", { kind: "cut", after: true }],
    ["502 after it was done", { kind: "status", status: 502, after: true }],
    ["garbage", { kind: "garbage", after: true }],
    ["silence", { kind: "silence", after: true }],
  ] as const)("%s -> one pull request, found again", async (_name, fault) => {
    const head = await pushed();
    github = connect({ timeoutMs: 500 });
    peer.break("POST", "/pulls", fault);
    expect(await openPull(github, wanted(head), "call-1")).toMatchObject({ state: "open", alreadyOpen: false });
    expect(await pulls(head)).toHaveLength(1);
    expect(peer.count("POST", "/pulls")).toBe(1);
  });

  test("the answer is cut off and the list does not show it yet (GitHub's refusal of a second one: stand-in) -> still one", async () => {
    const head = await pushed();
    peer.break("POST", "/pulls", { kind: "cut", after: true });
    const empty = { kind: "status", status: 200, body: [] as object[], after: false } as const;
    peer.break("GET", "/pulls?", empty, 2);
    expect(await openPull(github, wanted(head), "call-1")).toMatchObject({ alreadyOpen: false });
    expect(await pulls(head)).toHaveLength(1);
  });

  test("no such head, nothing to merge (both refusals: stand-in) -> said in words, with what to do", async () => {
    expect(await failure(openPull(github, wanted("nowhere"), "c"))).toMatchObject({
      ...{ code: "not_found", field: "head", remedy: expect.stringContaining("create the branch") },
    });
    const { branch: empty } = await branch(`empty${counter}`);
    expect(await failure(openPull(github, wanted(empty), "c"))).toMatchObject({
      ...{ code: "platform_refused", remedy: expect.stringContaining("push commits") },
    });
  });
});

describe("what goes wrong", () => {
  test("no token -> the variable is named; a wrong one -> 401, and it is not in the words", async () => {
    expect(() => settingsFrom({})).toThrow(/GITHUB_TOKEN/);
    expect(() => settingsFrom({ GITHUB_TOKEN: "two words" })).toThrow(/GITHUB_TOKEN/);
    peer.break("GET", "/repos/acme/site", {
      kind: "status",
      status: 401,
      body: { message: "Bad credentials" },
      after: false,
    });
    const info = await failure(repository(connect({ token: "ghp_wrong" }), REPO));
    expect(info).toMatchObject({ code: "unauthenticated", field: "GITHUB_TOKEN", retryable: false });
    expect(JSON.stringify(info)).not.toContain("ghp_wrong");
  });

  test.each([
    [404, {}, { code: "not_found", retryable: false }],
    [
      403,
      { message: "Resource not accessible by personal access token" },
      { code: "forbidden", field: "GITHUB_TOKEN" },
    ],
    [
      422,
      { message: "Validation Failed", errors: [{ message: "odd" }] },
      { code: "platform_refused", message: expect.stringContaining("odd") },
    ],
    [
      422,
      { message: "Repository rule violations found" },
      { code: "platform_refused", remedy: expect.stringContaining("rules") },
    ],
    [451, {}, { code: "platform_refused" }],
  ])("%s %j -> %j, asked once", async (status, body, info) => {
    peer.break("GET", "/repos/acme/site", { kind: "status", status, body, after: false });
    expect(await failure(repository(github, REPO))).toMatchObject(info);
    expect(peer.seen).toHaveLength(1);
  });

  test("an hour's budget used up -> not waited for, and told when", async () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 1800) };
    peer.break("GET", "/repos/acme/site", { kind: "status", status: 403, headers, after: false });
    expect(await failure(repository(github, REPO))).toMatchObject({
      code: "rate_limited",
      retryable: true,
      remedy: expect.stringMatching(/in (?:29|30) min/),
    });
    expect(peer.seen).toHaveLength(1);
  });

  test("a question is asked again after 500, a cut and garbage; for good after three", async () => {
    peer.break("GET", "/repos/acme/site", { kind: "status", status: 500, after: false });
    peer.break("GET", "/repos/acme/site", { kind: "cut", after: false });
    expect(await repository(github, REPO)).toMatchObject({ default_branch: "main" });
    peer.break("GET", "/repos/acme/other", { kind: "garbage", after: false }, 3);
    const other = { owner: "acme", name: "other" };
    expect(await failure(repository(github, other))).toMatchObject({ code: "platform_unavailable", retryable: true });
    expect(peer.count("GET", "/repos/acme/other")).toBe(3);
  });

  test("an answer without end is not held: refused at its bound", async () => {
    peer.break("GET", "/repos/acme/site", {
      kind: "status",
      status: 200,
      body: { name: "x".repeat(100_000) },
      after: false,
    });
    const asked = github.ask({
      ...{
        route: "GET /repos/{owner}/{repo}",
        parameters: { owner: "acme", repo: "site" },
        what: "it",
        maxBytes: 1000,
      },
      schema: { safeParse: () => ({ success: true }) } as never,
    });
    expect(await failure(asked)).toMatchObject({ code: "too_large" });
  });
});
