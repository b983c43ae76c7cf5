/** What is kept from one conversation to the next. */
import { z } from "zod";
import * as memories from "../../model/memories.ts";
import { effect, look } from "./define.ts";

export const memoryTools = {
  recallMemories: look({
    description:
      "Tell what is remembered about something, or everything that is remembered for this person and the team.",
    input: z.object({
      about: z.string().max(300).optional().describe("Words of what it is about; leave out for all of it"),
    }),
    run: async (ctx, { acting, turn }, { about }) => {
      const audiences = memories.audiencesFor(acting.person._id, turn.private);
      return { about: about ?? null, ...(await memories.listMemories(ctx, audiences, about ?? null)) };
    },
  }),
  rememberFact: effect({
    description:
      "Keep a short fact for later conversations, because the person asked for it. Never a secret, and never what somebody else is said to want.",
    input: z.object({
      fact: z.string().min(1).max(memories.MAX_FACT).describe("One or two sentences that can be understood alone"),
      shared: z
        .boolean()
        .optional()
        .describe(
          "True: everybody here may be told. Leave out: this person alone in a private chat, everybody in a channel",
        ),
      project: z.string().max(80).optional().describe("Name of the project it is about; then everybody may be told"),
    }),
    run: async (ctx, { acting, turn }, { fact, shared, project }) =>
      await memories.remember(ctx, acting, { fact, shared: shared ?? !turn.private, project }),
  }),
  forgetMemory: effect({
    description: "Forget something that is remembered, because the person asked for it.",
    input: z.object({
      memory: z.string().min(1).max(300).describe("Its name (M7), or words that fit it and no other"),
    }),
    run: async (ctx, { acting, turn }, { memory }) => await memories.forget(ctx, acting, memory, turn.private),
  }),
};
