/**
 * GitHub as a peer on this machine: `emulate`'s GitHub, which nobody here wrote, behind a thin front that breaks what a network breaks and
 * answers what the emulator does not: commit statuses, the files of a pull request, `mergeable` still being computed, and the refusals
 * of a second pull request, of a missing head and of an empty one.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createEmulator } from "emulate";
import { vi } from "vitest";

export const TOKEN = "ghp_test_of_the_factory";
/** `after`: GitHub has done it, and the answer is lost, late or unreadable. */
export type Fault =
  | { kind: "cut"; after: boolean }
  | { kind: "status"; status: number; headers?: Record<string, string>; body?: object; after: boolean }
  | { kind: "garbage"; after: boolean }
  | { kind: "silence"; after: boolean };

interface Seen {
  method: string;
  path: string;
}

export interface GitHubPeer {
  url: string;
  seen: Seen[];
  /** Requests of this method whose path has these words. */
  count(method: string, words: string): number;
  /** The next request of this method whose path has these words. */
  break(method: string, words: string, fault: Fault, times?: number): void;
  statuses: Map<string, { context: string; state: string }[]>;
  /** What `mergeable` says, one after the other, then the emulator's own. */
  mergeable: (boolean | null)[];
  mergeableState: string | null;
  /** As GitHub's user: straight to the emulator. */
  api<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T>;
  /** One commit on a branch; resolves with its id. */
  write(repo: string, branch: string, path: string, text: string): Promise<string>;
  close(): Promise<void>;
}

export async function startGitHub(): Promise<GitHubPeer> {
  const emulator = await createEmulator({
    service: "github",
    port: 0,
    seed: {
      tokens: {
        [TOKEN]: { login: "factory", scopes: ["repo"] },
        ...{ token_bo: { login: "bo", scopes: ["repo"] }, token_cy: { login: "cy", scopes: ["repo"] } },
      },
      github: {
        users: [{ login: "factory" }, { login: "bo" }, { login: "cy" }],
        orgs: [{ login: "acme", members: ["factory", "bo", "cy"].map((login) => ({ login, role: "admin" })) }],
        repos: [
          { owner: "acme", name: "site", default_branch: "main" },
          { owner: "acme", name: "other", default_branch: "trunk" },
        ],
      },
    },
  });
  const faults: { method: string; words: string; fault: Fault; left: number }[] = [];
  const api: GitHubPeer["api"] = async (method, path, body) => {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: { authorization: `token ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as never;
  };
  const peer: GitHubPeer = {
    ...{ url: "", seen: [], statuses: new Map(), mergeable: [], mergeableState: null, api },
    count: (method, words) =>
      peer.seen.filter((one) => one.method === method && decodeURIComponent(one.path).includes(words)).length,
    break: (method, words, fault, times = 1) => void faults.push({ method, words, fault, left: times }),
    write: async (repo, branch, path, text) => {
      const before = await fetch(`${emulator.url}/repos/${repo}/contents/${path}?ref=${branch}`);
      const sha = before.ok ? { sha: ((await before.json()) as { sha: string }).sha } : {};
      const content = Buffer.from(text).toString("base64");
      const message = `Write ${path}`;
      const made = await api("PUT", `/repos/${repo}/contents/${path}`, { message, content, branch, ...sha });
      return (made.commit as { sha: string }).sha;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await emulator.close();
    },
  };
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [method, path] = [request.method ?? "GET", request.url ?? "/"];
    peer.seen.push({ method, path });
    const rule = faults.find(
      (one) => one.left > 0 && one.method === method && decodeURIComponent(path).includes(one.words),
    );
    if (rule !== undefined) rule.left -= 1;
    const fault = rule?.fault;
    const real =
      fault === undefined || fault.after ? await forward(request, method, path, Buffer.concat(chunks)) : null;
    if (fault?.kind === "cut") return void request.socket.destroy();
    if (fault?.kind === "silence") return;
    if (fault?.kind === "garbage") {
      response.writeHead(200, { "content-type": "application/json" }).end('<html>{"sha": ');
      return;
    }
    if (fault?.kind === "status") {
      const body = fault.body ?? { message: `fault ${fault.status}` };
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(JSON.stringify(body));
      return;
    }
    response.writeHead(real!.status, { "content-type": real!.type }).end(real!.body);
  }

  async function forward(request: IncomingMessage, method: string, path: string, body: Buffer): Promise<Answer> {
    const own = await standIn(peer, method, path, body);
    if (own !== null) return own;
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: {
        ...(request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization }),
        ...{ accept: request.headers.accept ?? "*/*", "content-type": "application/json" },
      },
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "application/json";
    return { status: response.status, type, body: mergeability(peer, method, path, text) };
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  peer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return peer;
}

/** The backend's variables; `vi.unstubAllEnvs()` takes them back. */
export function useGitHub({ url }: GitHubPeer, token = TOKEN): void {
  vi.stubEnv("GITHUB_TOKEN", token);
  vi.stubEnv("GITHUB_API_URL", url);
}

interface Answer {
  status: number;
  type: string;
  body: string;
}

const json = (status: number, value: unknown): Answer => ({
  status,
  type: "application/json",
  body: JSON.stringify(value),
});

/** What GitHub has and the emulator (0.12.2) has not. Null: the emulator's to answer. */
async function standIn(peer: GitHubPeer, method: string, path: string, body: Buffer): Promise<Answer | null> {
  const { pathname } = new URL(path, "http://x");
  const status = /^\/repos\/[^/]+\/[^/]+\/commits\/([^/]+)\/status$/.exec(pathname);
  if (status !== null) return json(200, { state: "", statuses: peer.statuses.get(status[1]!) ?? [] });
  const files = /^(\/repos\/[^/]+\/[^/]+)\/pulls\/(\d+)\/files$/.exec(pathname);
  if (files !== null) {
    const pull = await peer.api<{ head: { ref: string }; base: { ref: string } }>(
      "GET",
      `${files[1]}/pulls/${files[2]}`,
    );
    const compared = await peer.api("GET", `${files[1]}/compare/${pull.base.ref}...${pull.head.ref}`);
    return json(200, compared.files);
  }
  const pulls = /^(\/repos\/([^/]+)\/[^/]+)\/pulls$/.exec(pathname);
  if (method === "POST" && pulls !== null)
    return await refusedPull(peer, pulls[1]!, pulls[2]!, JSON.parse(String(body)));
  return null;
}

async function refusedPull(
  peer: GitHubPeer,
  repo: string,
  owner: string,
  { head, base }: { head: string; base: string },
): Promise<Answer | null> {
  const refuse = (error: object): Answer => json(422, { message: "Validation Failed", errors: [error] });
  try {
    await peer.api("GET", `${repo}/git/ref/heads/${head}`);
  } catch {
    return refuse({ resource: "PullRequest", field: "head", code: "invalid" });
  }
  const open = await peer.api<unknown[]>("GET", `${repo}/pulls?state=open&head=${owner}:${head}&base=${base}`);
  if (open.length > 0) return refuse({ message: `A pull request already exists for ${owner}:${head}.` });
  const { status } = await peer.api("GET", `${repo}/compare/${base}...${head}`);
  return status === "identical" ? refuse({ message: `No commits between ${base} and ${head}` }) : null;
}

function mergeability(peer: GitHubPeer, method: string, path: string, text: string): string {
  if (method !== "GET" || !/\/pulls\/\d+$/.test(path) || (peer.mergeable.length === 0 && peer.mergeableState === null))
    return text;
  const pull = JSON.parse(text) as Record<string, unknown>;
  if (peer.mergeable.length > 0) pull.mergeable = peer.mergeable.shift();
  if (peer.mergeableState !== null) pull.mergeable_state = peer.mergeableState;
  return JSON.stringify(pull);
}
