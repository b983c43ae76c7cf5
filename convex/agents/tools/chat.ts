/** Channels of the team. */
import { z } from "zod";
import { openSession, sayInChannel } from "../../model/channel_messages.ts";
import { effect } from "./define.ts";

const channel = z
  .string()
  .describe("A channel where the team talks: #name on the platform you are on, or slack:#name, or discord:CHANNEL");

export const chatTools = {
  sendChannelMessage: effect({
    description: "Say something in a channel of the team, for the person served.",
    input: z.object({
      channel,
      text: z
        .string()
        .min(1)
        .max(3000)
        .describe("What to say there, complete: nobody there has read this conversation"),
    }),
    gated: "byRule",
    question: ({ channel, text }) => `Say in ${channel}: "${text}"?`,
    run: async (ctx, { acting, turn, toolCallId }, input) =>
      await sayInChannel(ctx, { acting, turn, key: toolCallId, ...input }),
  }),
  createSession: effect({
    description:
      "Open a topic in a channel: a thread of its own, where whoever replies talks with you about that topic.",
    input: z.object({
      channel,
      topic: z.string().min(1).max(200).describe("What it is about, in a few words"),
      text: z.string().max(3000).optional().describe("What to begin with: background, the question, who is needed"),
    }),
    gated: "byRule",
    question: ({ channel, topic }) => `Open the topic "${topic}" in ${channel}?`,
    run: async (ctx, { acting, turn, toolCallId }, input) =>
      await openSession(ctx, { acting, turn, key: toolCallId, ...input, text: input.text ?? null }),
  }),
};
