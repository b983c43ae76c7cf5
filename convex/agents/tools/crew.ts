/** The other agents. */
import { z } from "zod";
import { startCrewTurn } from "../../model/crew_turns.ts";
import { fail } from "../../model/errors.ts";
import { demand } from "../../model/rights.ts";
import { type AgentName, CREW } from "../crew.ts";
import { effect } from "./define.ts";

/** Who may be asked. The Factory Worker is given tasks instead. */
export const ASKED = [
  "runAnalysis",
  "taskManager",
  "forgeAnalyst",
  "codebaseSearch",
  "prReview",
] as const satisfies AgentName[];

export const crewTools = {
  delegate: effect({
    description: `Ask another agent, and get its answer as this call's result. ${ASKED.map((name) => `${name} ${CREW[name].title}`).join("; ")}.`,
    input: z.object({
      agent: z.enum(ASKED).describe("Who is asked"),
      request: z.string().min(1).max(8000).describe("What is wanted, complete: it has not read this conversation"),
    }),
    run: async (ctx, { acting, turn, toolCallId }, { agent, request }) => {
      demand(acting, "agents.use");
      const conversation = await ctx.db.get("conversations", turn.conversationId);
      if (conversation?.origin !== undefined) {
        fail("forbidden", "an agent that was asked cannot ask another", { remedy: "say what is missing instead" });
      }
      await startCrewTurn(ctx, { agent, turn, key: turn.conversationId, prompt: request, parentCallId: toolCallId });
      return undefined;
    },
  }),
};
