/** Somebody's phone in tests of the backend: what they text, and the last thing said to them. */
import { api } from "../convex/_generated/api.js";
import { approve, end, OWNER, question, record, startBackend } from "./runs.ts";

type Harness = Awaited<ReturnType<typeof startBackend>>;

export const ask = (more: Record<string, unknown> = {}) => ({
  name: "ask",
  startNodeId: "ask",
  nodes: {
    ask: approve("Ship it?", "shipped", "stopped", { saveAs: "said", ...more }),
    shipped: record("shipped", "done"),
    stopped: record("stopped", "done"),
    done: end("{{said}}"),
  },
});

/** Somebody's phone: what they text, and the last thing said to them. */
export function phone(t: Harness["t"], rows: Harness["rows"], handle: string) {
  let count = 0;
  return async (words: string): Promise<string> => {
    const id = `${handle}/${++count}`;
    const event = {
      ...{ kind: "message", channel: "sms", eventId: id, messageId: id, place: handle, threadKey: null, private: true },
      ...{ sender: { handle, displayName: null }, sentAt: Date.now(), text: words },
    };
    await t.mutation(api.inbound.receive, { event: JSON.stringify(event) });
    const said = (await rows("deliveries")).filter((row) => row.place === handle).map((row) => JSON.parse(row.message));
    const last = said.filter((message) => message.kind !== "card").at(-1);
    if (last === undefined) return "";
    if (last.kind === "text") return last.text as string;
    const items = (last.items as { key: string | null; text: string; detail: string | null }[]).map((item) =>
      [item.key, item.text, item.detail].filter((part) => part !== null).join(" "),
    );
    return [last.title, ...items].join("\n");
  };
}

export async function withPhone(name = "ana", handle = "sms:+15550100") {
  const backend = await startBackend();
  await backend.person(name);
  await backend.t.mutation(api.people.link, { actor: OWNER, name, handle });
  await backend.t.mutation(api.people.prefer, { actor: OWNER, name, handle });
  let count = 0;
  const asked = async (more: Record<string, unknown> = {}) => {
    const run = await backend.start(ask({ approvers: [`person:${name}`], ...more }), { requestKey: `r${++count}` });
    const approvalId = question(run).approvalId;
    const codes = await backend.rows("approvalCodes");
    return { runId: run.runId, approvalId, code: codes.find((row) => row.approvalId === approvalId)!.code };
  };
  return { ...backend, asked, text: phone(backend.t, backend.rows, handle) };
}
