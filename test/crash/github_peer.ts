/** The little of GitHub that making a branch needs, in the process that kills: what was done there survives every kill. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface GitHubPeer {
  url: string;
  /** How often each branch was asked to be made. */
  readonly made: Map<string, number>;
  close(): void;
}

const SHA = "a".repeat(40);

export async function startGitHubPeer(): Promise<GitHubPeer> {
  const made = new Map<string, number>();
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://peer").pathname);
    if (request.method === "POST" && path === "/repos/acme/site/git/refs") {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk));
      request.on("end", () => {
        const branch = (JSON.parse(body) as { ref: string }).ref.replace("refs/heads/", "");
        made.set(branch, (made.get(branch) ?? 0) + 1);
        answer(201, { ref: `refs/heads/${branch}`, object: { sha: SHA } });
      });
    } else if (path === "/repos/acme/site") {
      answer(200, { full_name: "acme/site", default_branch: "main", html_url: "https://github.test/acme/site" });
    } else if (path.startsWith("/repos/acme/site/git/ref/heads/")) {
      const branch = path.slice("/repos/acme/site/git/ref/heads/".length);
      if (branch === "main" || made.has(branch)) answer(200, { object: { sha: SHA, type: "commit" } });
      else answer(404, { message: "Not Found" });
    } else if (path.startsWith("/repos/acme/site/compare/")) answer(200, { status: "identical" });
    else answer(404, { message: "Not Found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
