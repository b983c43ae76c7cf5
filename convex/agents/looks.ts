/** What tools that only look return, and the facts a model is told beside the thread. */

import { v } from "convex/values";
import { toErrorInfo } from "../../src/contract/errors.ts";
import type { Budget } from "../../src/contract/work.ts";
import type { Doc } from "../_generated/dataModel.js";
import { internalMutation, internalQuery, type QueryCtx } from "../_generated/server.js";
import { openInConversation } from "../model/agent_questions.ts";
import { openFor } from "../model/approvals.ts";
import { pressing } from "../model/budgets.ts";
import { saidSince } from "../model/conversations.ts";
import { fail } from "../model/errors.ts";
import { actingOf, agentOfTurn, demandTurn, recordCall } from "../model/tool_calls.ts";
import { shorten } from "../model/words.ts";
import { startable } from "../model/workflows.ts";
import { checkedInput, demandTool } from "./tools/index.ts";

/** JSON text; what refuses is a result too. Recorded, because the look was made for a person. */
export const look = internalMutation({
  args: { turnId: v.id("turns"), toolName: v.string(), input: v.string() },
  handler: async (ctx, { turnId, toolName, input }): Promise<string> => {
    const turn = await demandTurn(ctx, turnId);
    let error: string | null = null;
    let result: unknown;
    try {
      const agent = await agentOfTurn(ctx, turn);
      const tool = demandTool(agent, toolName);
      if (tool.kind !== "look") fail("invalid_input", `${toolName} is more than a look`);
      const serving = { acting: await actingOf(ctx, turn), turn, agent };
      result = await tool.run(ctx, serving, checkedInput(toolName, tool, input));
    } catch (thrown) {
      const info = toErrorInfo(thrown);
      error = info.code;
      result = { error: { code: info.code, message: info.message, remedy: info.remedy } };
    }
    await recordCall(ctx, turn, { toolName, toolCallId: null, input, error });
    return JSON.stringify(result);
  },
});

/** Budgets that are nearly or wholly used, so that the agent says so; nothing while all is well. */
async function budgetsOver(ctx: QueryCtx): Promise<{ budgets?: Budget[] }> {
  const budgets = await pressing(ctx, Date.now());
  return budgets.length === 0 ? {} : { budgets };
}

/** What a telephone shows of a reply (channels/sms/render.ts), with room for a line about open questions. */
const TEXT_MESSAGE = "the reply goes out as a text message: plain text of at most 300 characters, the rest is cut off";

const MAX_SAID_SINCE = 20;

/** Of a turn that goes on after a wait: what the thread holds beyond what it goes on from. */
async function saidMeanwhile(ctx: QueryCtx, turn: Doc<"turns">): Promise<Record<string, unknown>> {
  const conversation = turn.afterCallId === undefined ? null : await ctx.db.get("conversations", turn.conversationId);
  if (conversation === null) return {};
  const lines = await saidSince(ctx, conversation.threadId, turn.promptMessageId, MAX_SAID_SINCE);
  if (lines.length === 0) return {};
  const said = lines.map((line) => ({ ...line, text: shorten(line.text, 500) }));
  return { saidSinceThisRequest: { note: "all of it was answered when it was said; do not answer it again", said } };
}

/** Whom the turn serves, what is open for them, what can be started. Text of others stands in JSON, as data. */
export const facts = internalQuery({
  args: { turnId: v.id("turns") },
  handler: async (ctx, { turnId }): Promise<string> => {
    const turn = await demandTurn(ctx, turnId);
    const person = await ctx.db.get("people", turn.personId);
    // What was asked in private is not to be said aloud in a shared place: there only how many.
    const open = await openFor(ctx, turn.personId);
    const tellable = open.filter(({ isPrivate }) => turn.private || !isPrivate);
    return JSON.stringify({
      person: person?.name ?? null,
      roles: person?.roles ?? [],
      place: turn.private ? "private" : "shared with others",
      ...(turn.channel === "sms" ? { textMessage: TEXT_MESSAGE } : {}),
      openQuestions: tellable.slice(0, 10).map(({ code, question, options }) => ({
        question: shorten(question, 300),
        options,
        ...(turn.private ? { code } : {}),
      })),
      ...(open.length === tellable.length ? {} : { questionsAskedInPrivate: open.length - tellable.length }),
      askedByYou: (await openInConversation(ctx, turn.conversationId)).map(({ question, asked }) => ({
        question: shorten(question, 300),
        asked,
      })),
      // Answered, never executed: every tool that changes something is refused in this turn.
      ...(turn.hearsay === undefined ? {} : { passedOnWordsOf: turn.hearsay.from ?? "somebody else" }),
      ...(await saidMeanwhile(ctx, turn)),
      ...(await budgetsOver(ctx)),
      workflows: (await startable(ctx)).map(({ name, title, inputs }) => ({ name, title, inputs })),
    });
  },
});
