/** Messages as they come in from a terminal, and what is made of them. */
import type { InboundEvent } from "../src/contract/inbound.ts";
import { type OutMessage, zOutMessage } from "../src/contract/message.ts";
import { approve, end, type Graph, record, startBackend } from "../test/runs.ts";
import { api } from "./_generated/api.js";

export const DEPLOY: Graph = {
  name: "deploy",
  startNodeId: "ask",
  inputs: { type: "object", properties: { version: { type: "string" } }, required: ["version"] },
  nodes: { ask: approve("Deploy {{version}}?", "after", "done"), after: record("deployed", "done"), done: end() },
};
export const GO_ON: Graph = {
  startNodeId: "ask",
  nodes: { ask: approve("Go on?", "after", "done"), after: record("after", "done"), done: end() },
};

export async function setup() {
  const backend = await startBackend();
  const { t } = backend;
  let counter = 0;
  const event = (text: string, more: Partial<InboundEvent> = {}): InboundEvent => {
    counter += 1;
    return {
      kind: "message",
      channel: "terminal",
      eventId: `e${counter}`,
      place: "terminal:root",
      threadKey: null,
      private: true,
      sender: { handle: "terminal:root", displayName: null },
      sentAt: 1000 + counter,
      messageId: `m${counter}`,
      text,
      ...more,
    } as InboundEvent;
  };
  const receive = (what: InboundEvent) => t.mutation(api.inbound.receive, { event: JSON.stringify(what) });
  const stored = () => t.run((ctx) => ctx.db.query("inbound").collect());
  const said = (place = "terminal:root") =>
    t.run(async (ctx) =>
      (await ctx.db.query("deliveries").collect())
        .filter((row) => row.place === place)
        .map((row): OutMessage => zOutMessage.parse(JSON.parse(row.message))),
    );
  /** Sends a text and gives what was made of it, with the messages it led to at once. */
  const send = async (text: string, more: Partial<InboundEvent> = {}) => {
    const before = (await said(more.place)).length;
    const { inboundId } = await receive(event(text, more));
    const row = (await stored()).find((each) => each._id === inboundId);
    const replies = (await said(more.place)).slice(before).filter((message) => message.kind !== "card");
    return { route: row?.route, status: row?.status, replies: replies.map(words) };
  };
  const install = (graph: Graph) =>
    t.mutation(api.workflows.create, {
      actor: { kind: "operator", osUser: "root", as: null, channel: "cli" },
      source: JSON.stringify(graph),
      file: `${graph.name}.json`,
    });
  /** A question to root; gives its code. */
  const ask = async (graph: Graph = GO_ON) => {
    const origin = { place: "terminal:root", threadKey: null, private: true };
    const run = await backend.start(graph, { origin });
    const [wait] = run.waitingFor;
    if (wait?.kind !== "approval" || wait.code === null) throw new Error("no question with a code");
    return { runId: run.runId, approvalId: wait.approvalId, code: wait.code };
  };
  return { ...backend, event, receive, stored, said, send, install, ask };
}

/** A message as a person reads it. */
export function words(message: OutMessage): string {
  if (message.kind === "text") return message.text;
  if (message.kind !== "list") return JSON.stringify(message);
  const items = message.items.map((item) => `${item.key ?? "-"} ${item.text} (${item.detail ?? ""})`);
  return [message.title, ...(items.length > 0 ? items : [message.empty])].join("\n");
}
