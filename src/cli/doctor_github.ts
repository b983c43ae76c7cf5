/** Whether GitHub takes the token. Asks for the token's budget, which every token may see; the token itself is never shown. */
import type { Env } from "../bot/config.ts";
import type { Check } from "./doctor.ts";

const API = "https://api.github.com";
const TIMEOUT_MS = 10_000;

export async function examineGitHub(env: Env): Promise<Check[]> {
  const token = env.GITHUB_TOKEN?.trim() ?? "";
  const url = (env.GITHUB_API_URL?.trim() || API).replace(/\/+$/, "");
  if (token === "") {
    const detail = "GITHUB_TOKEN is not set: no branches, pull requests, reviews or code search";
    return [{ name: "github", ok: true, detail, remedy: "set it as docs/github.md says, if you want them" }];
  }
  const bad = (detail: string, remedy: string): Check[] => [{ name: "github", ok: false, detail, remedy }];
  let response: Response;
  try {
    response = await fetch(`${url}/rate_limit`, {
      headers: { authorization: `Bearer ${token}`, accept: "application/vnd.github+json", "user-agent": "factory" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return bad(`${url} cannot be reached`, "check GITHUB_API_URL and the network");
  }
  if (response.status === 401) {
    return bad(
      "GitHub does not accept GITHUB_TOKEN (401): agents cannot reach repositories",
      "make a new token as docs/github.md says",
    );
  }
  if (!response.ok && response.status !== 404) {
    return bad(`${url} answers ${response.status}`, "check that GITHUB_API_URL is GitHub's API, or try again later");
  }
  // GitHub Enterprise answers 404 when it limits nobody.
  return [{ name: "github", ok: true, detail: `${url} accepts the token${await budget(response)}`, remedy: null }];
}

async function budget(response: Response): Promise<string> {
  try {
    const { rate } = (await response.json()) as { rate?: { limit?: unknown; remaining?: unknown } };
    if (typeof rate?.limit !== "number" || typeof rate.remaining !== "number") return "";
    return `, ${rate.remaining} of ${rate.limit} requests are left this hour`;
  } catch {
    return "";
  }
}
