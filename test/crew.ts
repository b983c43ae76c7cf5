/** A conversation with one of the crew, without the Factory Manager in between. */
import { api } from "../convex/_generated/api.js";
import { createBackend } from "./backend.ts";
import { createChat } from "./chat.ts";

/** Ana, who owns the installation, talks with that agent. */
export async function talkWith(agent: string) {
  const backend = createBackend();
  const t = backend.gateway;
  await t.mutation(api.system.ensureOwner, { osUser: "ana" });
  const ana = createChat(backend, "terminal:ana");
  // The shortest reply there is: each word of one takes its time.
  await ana.ask("thanks");
  const [conversation] = await t.run((ctx) => ctx.db.query("conversations").collect());
  await t.run((ctx) => ctx.db.patch("conversations", conversation!._id, { agent }));
  const calls = async () =>
    (await t.run((ctx) => ctx.db.query("audit").collect()))
      .filter(({ kind }) => kind.startsWith("tool."))
      .map(({ kind, detail }) => {
        const { agent: by, tool, error } = JSON.parse(detail) as { agent: string; tool: string; error: string | null };
        return { kind, agent: by, tool, error };
      });
  return { backend, t, ana, ask: async (text: string) => (await ana.ask(text)).join("\n"), calls };
}
