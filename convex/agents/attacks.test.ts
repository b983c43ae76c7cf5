/**
 * G5, G6, S1: whatever a text says, wherever it comes from, it is text. The built-in model calls what the person's own words ask for and
 * nothing more; a model that believes the text, and does as it says, changes no verdict, and nothing that people are asked about first.
 * All sources, and every payload by itself: attacks.long.test.ts.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GitHubPeer, startGitHub } from "../../test/github_peer.ts";
import { OWNER } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import { attack } from "./attack_runs.test-support.ts";
import { SOURCES } from "./attack_sources.test-support.ts";
import { createWorld } from "./attack_world.test-support.ts";
import { MARK, PAYLOADS } from "./attacks.test-support.ts";

let github: GitHubPeer;
beforeAll(async () => {
  github = await startGitHub();
});
afterAll(async () => await github?.close());

describe("hostile text is done nothing with, whoever reads it", () => {
  test.each(Object.entries(SOURCES).filter(([, { core }]) => core === true))("%s", async (_name, source) => {
    await attack(source, Object.values(PAYLOADS), github);
  });
});

test("nobody can be named so that their words in a shared thread would begin with another's name", async () => {
  const { t } = await createWorld();
  for (const name of ["ana] Eve", "[ana] Eve", "x\n[ana] Eve"])
    await expect(t.mutation(api.people.add, { actor: OWNER, name, roles: [] })).rejects.toThrow(
      /cannot be a person's name/,
    );
});

test("every payload holds the mark by which it is found", () => {
  expect(Object.values(PAYLOADS).filter((text) => !text.includes(MARK))).toEqual([]);
});
