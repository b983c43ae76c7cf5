/** Questions: those that wait for the person served, and those an agent asks people. */
import { z } from "zod";
import { raiseQuestion } from "../../model/agent_questions.ts";
import { openFor } from "../../model/approvals.ts";
import { effect, look } from "./define.ts";

export const peopleTools = {
  pendingQuestions: look({
    description: "List the questions that wait for an answer of the person you talk with.",
    input: z.object({}),
    // A code belongs to one person: in a shared place it would be shown to all, and so would what was asked in private.
    run: async (ctx, { acting, turn }) => {
      const open = await openFor(ctx, acting.person._id);
      const tellable = open.filter(({ isPrivate }) => turn.private || !isPrivate);
      const untold = open.length - tellable.length;
      return {
        questions: tellable.map(({ code, question, options }) => ({
          code: turn.private ? code : null,
          question,
          options,
        })),
        ...(untold === 0 ? {} : { askedInPrivate: untold }),
      };
    },
  }),
  requestHumanInput: effect({
    description:
      "Ask a person to decide or to tell something. The conversation goes on with the answer, which may take days.",
    input: z.object({
      ask: z.string().min(1).max(120).describe("Who is to answer: a person's name, a role, or `me`"),
      question: z.string().min(1).max(2000).describe("Complete: whoever answers has not read this conversation"),
      options: z
        .array(z.string())
        .max(10)
        .optional()
        .describe("The answers to choose from; leave out for yes or no; an empty list asks for words"),
      details: z.string().max(8000).optional().describe("What it is about, in full, for whoever decides"),
    }),
    run: async (ctx, call, input) => await raiseQuestion(ctx, call, input),
  }),
};
