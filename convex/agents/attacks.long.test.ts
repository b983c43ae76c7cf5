/** G5, G6, S1 in full: every source with all payloads at once, and with each by itself. */
import { afterEach, beforeEach, describe, test } from "vitest";
import { type GitHubPeer, startGitHub } from "../../test/github_peer.ts";
import { attack } from "./attack_runs.test-support.ts";
import { SOURCES } from "./attack_sources.test-support.ts";
import { PAYLOADS } from "./attacks.test-support.ts";

let github: GitHubPeer;
beforeEach(async () => {
  github = await startGitHub();
});
afterEach(async () => await github?.close());

const EACH: [string, string[]][] = [
  ["all at once", Object.values(PAYLOADS)],
  ...Object.entries(PAYLOADS).map(([name, text]): [string, string[]] => [name, [text]]),
];

describe.each(Object.entries(SOURCES))("%s", (_name, source) => {
  test.each(EACH)("%s", async (_payload, texts) => {
    await attack(source, texts, github);
  });
});
