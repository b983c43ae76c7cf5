/**
 * S11, G1, G4: a conversation in which an agent asks a person, and then does something outside of the factory that people are asked about
 * first. Every turn's reply, every answer and every branch is counted, so what happened twice or not at all is seen.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Backend } from "../../src/bot/backend.ts";
import { functions } from "../../src/bot/functions.ts";
import type { Actor } from "../../src/contract/actor.ts";
import type { InboundEvent } from "../../src/contract/inbound.ts";
import { type GitHubPeer, startGitHubPeer } from "./github_peer.ts";
import type { Script } from "./matrix.ts";

const OWNER: Actor = { kind: "operator", osUser: "crash", as: null, channel: "cli" };
const BO: Actor = { ...OWNER, as: "Bo" };
const POLL_MS = 50;

export interface TurnEnding {
  /** What is to be read at the place, in order; the codes of persons stand as CODE. */
  said: string[];
  turns: string[];
  questions: string[];
  outside: string[];
}

/**
 * What is wrong with how it ended; null: nothing. A turn may still run when the answer comes: then nothing is said of waiting, and the
 * answer is told by that turn or by the one that goes on from it.
 */
export function wrongWith({ ending, effects }: { ending: TurnEnding; effects: Record<string, number> }): string | null {
  const { said, turns, questions, outside } = ending;
  const count = (words: string): number => said.filter((text) => text.includes(words)).length;
  const checks: [string, boolean][] = [
    ["a turn has not ended well", turns.every((status) => status === "done")],
    ["more than one reply for a turn", said.length <= turns.length && new Set(said).size === said.length],
    ["the person's answer is not told once", count("Bo answered") === 1],
    ["the branch is not told once", count("Created the branch") === 1],
    ["something failed", count("did not work") + count("could not finish") === 0],
    ["the questions are not answered", questions.join() === "answered yes,answered yes"],
    ["the call is not done once", outside.join() === "createBranch done"],
    ["the branch is not made once", effects.branches === 1],
    ["the calls have not one result each", effects.results === 2],
  ];
  return checks.find(([, holds]) => !holds)?.[0] ?? null;
}

export class TurnScript implements Script<TurnEnding> {
  readonly #peer: GitHubPeer;
  /** `parts`: the agent's question, the branch, or both after one another. */
  readonly #parts: readonly ("question" | "branch")[];

  private constructor(peer: GitHubPeer, parts: readonly ("question" | "branch")[]) {
    this.#peer = peer;
    this.#parts = parts;
  }

  static async start(...parts: ("question" | "branch")[]): Promise<TurnScript> {
    return new TurnScript(await startGitHubPeer(), parts);
  }

  get env(): Record<string, string> {
    return { GITHUB_API_URL: this.#peer.url, GITHUB_TOKEN: "t" };
  }

  close(): void {
    this.#peer.close();
  }

  async install(backend: Backend): Promise<void> {
    await backend.mutation(functions.system.ensureOwner, { osUser: "crash" });
    await backend.mutation(functions.people.add, { actor: OWNER, name: "Bo", roles: [] });
    await backend.mutation(functions.people.link, { actor: OWNER, name: "Bo", handle: "terminal:bo" });
  }

  async drive(backend: Backend, id: string): Promise<void> {
    const place = `terminal:${id}`;
    if (this.#parts.includes("question")) {
      await say(backend, place, `ask Bo whether we may ship ${id}`);
      await answerYes(backend, BO, `ship ${id}`);
      await heard(backend, place, "Bo answered");
    }
    if (this.#parts.includes("branch")) {
      await say(backend, place, `create branch feature/${id} in acme/site`);
      await answerYes(backend, OWNER, `feature/${id}`);
      await heard(backend, place, "Created the branch");
    }
    await until(async () => (await backend.query(functions.conversations.busy, { place })).openTurns === 0);
  }

  look(db: DatabaseSync, id: string): { ending: TurnEnding; effects: Record<string, number> } {
    const place = `terminal:${id}`;
    const docs = (db.prepare("SELECT json FROM docs").all() as { json: string }[]).map(
      ({ json }) => JSON.parse(json) as Record<string, unknown>,
    );
    const conversation = docs.find((doc) => doc.key === place && "threadId" in doc)?._id;
    const here = docs.filter((doc) => doc.conversationId === conversation);
    const asked = docs.filter((doc) => "approvers" in doc && String(doc.question).includes(id));
    const said = docs
      .filter((doc) => doc.place === place && typeof doc.message === "string")
      .map((doc) => JSON.parse(doc.message as string) as { kind: string; text?: string })
      .filter(({ kind }) => kind === "text")
      .map(({ text }) => (text ?? "").replaceAll(id, "ID").replace(/\b(NO|YES) [0-9A-Z]{1,4}\b/g, "$1 CODE"));
    return {
      ending: {
        said,
        turns: here.filter((doc) => "promptMessageId" in doc && "handle" in doc).map((doc) => String(doc.status)),
        questions: asked.map((doc) => `${doc.status} ${(doc.outcome as { option: string } | null)?.option}`).sort(),
        outside: here.filter((doc) => "idempotencyKey" in doc).map((doc) => `${doc.toolName} ${doc.status}`),
      },
      effects: {
        branches: this.#peer.made.get(`feature/${id}`) ?? 0,
        results: docs.filter((doc) => "result" in doc && here.some(({ _id }) => _id === doc.turnId)).length,
      },
    };
  }
}

/** Stored once, however often it is sent. */
async function say(backend: Backend, place: string, text: string): Promise<void> {
  const event: InboundEvent = {
    ...{ kind: "message", channel: "terminal", eventId: `${place}/${text}`, messageId: `${place}/${text}`, place },
    ...{ threadKey: null, private: true, text, sentAt: Date.now() },
    sender: { handle: "terminal:crash", displayName: null },
  };
  await backend.mutation(functions.inbound.receive, { event: JSON.stringify(event) });
}

async function answerYes(backend: Backend, actor: Actor, about: string): Promise<void> {
  let ref = "";
  await until(async () => {
    const open = await backend.query(functions.approvals.list, { actor });
    ref = open.find(({ question }) => question.includes(about))?.approvalId ?? "";
    return ref !== "";
  });
  await backend.mutation(functions.approvals.answer, { actor, ref, option: "yes" });
}

async function heard(backend: Backend, place: string, words: string): Promise<void> {
  await until(async () => {
    const lines = await backend.query(functions.conversations.history, { threadKey: place, limit: 50 });
    return lines.some(({ role, text }) => role === "assistant" && text.includes(words));
  });
}

/** Whoever calls stops waiting after a while (matrix.ts). */
async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
