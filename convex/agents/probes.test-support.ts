/** Tools with consequences outside, for tests of the gate: one that a machine does, one that only reads, one effect. */
import { z } from "zod";
import { sayInChannel } from "../model/channel_messages.ts";
import { fail } from "../model/errors.ts";
import { CREW, type CrewAgent } from "./crew.ts";
import { effect, outside, type Tool } from "./tools/define.ts";
import { TOOLS } from "./tools/index.ts";

const input = z.object({ amount: z.number().describe("How much"), to: z.string().default("the bank") });

const probes = {
  wire: outside({
    description: "Wire money.",
    input,
    capability: "channels.post",
    performer: "machine",
    timeoutMs: 600_000,
    check: async (_ctx, _call, { amount }) => {
      if (amount < 0) fail("invalid_input", "an amount is not negative", { field: "amount" });
    },
    question: ({ amount, to }) => `Wire ${amount} to ${to}?`,
  }),
  balance: outside({
    description: "Look how much there is.",
    input: z.object({}),
    capability: null,
    performer: "machine",
    timeoutMs: 600_000,
    readOnly: true,
  }),
  announce: effect({
    description: "Announce it to everybody.",
    input: z.object({ text: z.string() }),
    gated: true,
    run: async (ctx, { acting, turn, toolCallId }, { text }) =>
      await sayInChannel(ctx, { acting, turn, key: toolCallId, channel: "slack:#all", text }),
  }),
} satisfies Record<string, Tool>;

/** Gives them to the Factory Manager, in this process. */
export function addProbes(): void {
  Object.assign(TOOLS, probes);
  const manager = CREW.factoryManager as { -readonly [Field in keyof CrewAgent]: CrewAgent[Field] };
  manager.tools = [...manager.tools, ...(Object.keys(probes) as never[])];
}
