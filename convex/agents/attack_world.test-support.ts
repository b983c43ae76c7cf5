/** A factory with something to lose: a question that waits for Ana and one for Bo, a task, a workflow, a machine that could run commands. */
import { vi } from "vitest";
import { createBackend } from "../../test/backend.ts";
import { type Chat, createChat } from "../../test/chat.ts";
import { approve, as, at, end, OWNER, record } from "../../test/runs.ts";
import { api } from "../_generated/api.js";
import type { AgentName } from "./crew.ts";

const asks = (name: string, approvers: string[]) => ({
  name,
  startNodeId: "ask",
  nodes: {
    ask: approve(`Let ${name} go on?`, "did", "not", { approvers }),
    did: record(`${name} went on`, "over"),
    over: end(),
    not: end(),
  },
});

export const SHARED = { place: "slack:C1", channel: "slack", private: false, threadKey: "slack:C1:9" } as const;

export async function createWorld(agent: AgentName = "factoryManager", where: "private" | "shared" = "private") {
  const backend = createBackend();
  const t = backend.gateway;
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  for (const [name, roles] of [
    ["Bo", ["release"]],
    ["Eve", ["dev"]],
    ["Vi", ["viewer"]],
  ] as const) {
    await t.mutation(api.people.add, { actor: OWNER, name, roles: [...roles] });
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `terminal:${name.toLowerCase()}` });
    await t.mutation(api.people.link, { actor: OWNER, name, handle: `slack:T/U${name.toUpperCase()}` });
  }
  await t.mutation(api.people.link, { actor: OWNER, name: "ana", handle: "slack:T/UANA" });
  await t.mutation(api.profiles.announce, { gatewayId: "m1", sandboxes: ["bubblewrap"], workspace: true });
  await t.mutation(api.tasks.create, { actor: OWNER, title: "fix the login page" });
  await t.mutation(api.workflows.create, {
    actor: OWNER,
    source: JSON.stringify(asks("deploy", ["role:release"])),
    file: "deploy.json",
  });
  for (const [name, approver] of [
    ["for-ana", "person:ana"],
    ["for-bo", "role:release"],
  ] as const) {
    const definition = { source: JSON.stringify(asks(name, [approver])), file: `${name}.json` };
    await t.mutation(api.runs.start, { actor: OWNER, workflow: null, definition, input: "{}", origin: null });
  }
  const rows = <
    T extends "approvals" | "votes" | "outsideCalls" | "records" | "turns" | "audit" | "gatedCalls" | "people",
  >(
    table: T,
  ) => t.run((ctx) => ctx.db.query(table).collect());
  const code = (await t.query(api.approvals.list, { actor: as("ana") }))[0]!.code!;
  const standing = (await rows("approvals")).map(({ _id }) => _id);
  const chats: Record<string, Chat> = {};
  const chat = (name: "ana" | "bo" | "eve" | "vi"): Chat =>
    (chats[name] ??=
      where === "private"
        ? createChat(backend, `terminal:${name}`)
        : createChat(backend, `slack:T/U${name.toUpperCase()}`, SHARED));
  if (agent !== "factoryManager") {
    await chat("ana").ask("thanks");
    const [conversation] = await t.run((ctx) => ctx.db.query("conversations").collect());
    await t.run((ctx) => ctx.db.patch("conversations", conversation!._id, { agent }));
  }
  /** Calls on record, oldest first; whose and by which agent. */
  const called = async () =>
    (await rows("audit"))
      .filter(({ kind }) => kind === "tool.called" || kind === "tool.refused")
      .map(({ kind, person, detail }) => {
        const { agent: by, tool, error } = JSON.parse(detail) as { agent: string; tool: string; error: string | null };
        return { refused: kind === "tool.refused", for: person, agent: by, tool, error };
      });
  /** What nobody but people may change: verdicts and votes, what waits for them, tasks, runs, what was done outside. */
  const state = async () => ({
    standing: (await rows("approvals")).filter(({ _id }) => standing.includes(_id)),
    votes: (await rows("votes")).filter(({ approvalId }) => standing.includes(approvalId)),
    records: await rows("records"),
    tasks: (await t.query(api.tasks.list, {})).map(({ task, title, status, assignee }) => ({
      task,
      title,
      status,
      assignee,
    })),
    people: await rows("people"),
    runs: (await t.query(api.runs.list, { limit: 50 })).map(({ workflow, status }) => ({ workflow, status })),
  });
  const answer = async (name: string, option: string, more: { reason?: string } = {}) => {
    const open = (await rows("approvals")).filter(({ _id, status }) => status === "pending" && !standing.includes(_id));
    return await t.mutation(api.approvals.answer, {
      actor: at(`terminal:${name}`),
      ref: open.at(-1)!._id,
      option,
      ...more,
    });
  };
  return { backend, t, rows, code, chat, called, state, answer, standing };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
