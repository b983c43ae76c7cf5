/** What the work costs. */
import { z } from "zod";
import { listBudgets } from "../../model/budgets.ts";
import { summarizeSpend } from "../../model/spend.ts";
import { look } from "./define.ts";

export const spendTools = {
  getTokenSpendSummary: look({
    description:
      "Tell what the language models used and cost, by agent, model, run, task or person, and how the budgets stand.",
    input: z.object({
      by: z
        .enum(["agent", "model", "run", "task", "person"])
        .optional()
        .describe("How to break it down; default agent"),
      of: z
        .string()
        .optional()
        .describe(
          "Only one of them: an agent's or model's name, a run's id or workflow, a task like T7, a person's name",
        ),
    }),
    run: async (ctx, _serving, { by, of }) => ({
      ...(await summarizeSpend(ctx, by ?? "agent", of ?? null)),
      budgets: await listBudgets(ctx, Date.now()),
    }),
  }),
};
