/**
 * Which agent thread a place talks in. A private place (DM, phone, terminal) belongs to one person, and that person's private
 * threads may search one another. A shared place has a thread of its own, filed under the place, and searches no other.
 *
 * The agent component is called directly: its client library brings the whole model SDK, which no mutation needs.
 */
import { components } from "../_generated/api.js";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { DEFAULT_AGENT } from "../agents/crew.ts";
import { CallLedger, idOfKey, type OpenCall } from "./call_ledger.ts";
import { noteChannel } from "./channels.ts";

export interface Where {
  channel: string;
  place: string;
  threadKey: string | null;
  private: boolean;
}

/** The conversation of this place for this person, made when there is none. */
export async function conversationFor(
  ctx: MutationCtx,
  where: Where,
  person: Doc<"people">,
): Promise<Doc<"conversations">> {
  const key = where.threadKey ?? where.place;
  const owner = where.private ? person._id : null;
  const existing = await find(ctx, key, owner);
  if (existing !== null) return existing;
  const userId = owner === null ? `place:${key}` : `person:${owner}`;
  const { _id: threadId } = await ctx.runMutation(components.agent.threads.createThread, { userId, title: key });
  const conversationId = await ctx.db.insert("conversations", { key, channel: where.channel, owner, threadId, userId });
  if (owner === null) await noteChannel(ctx, where);
  return (await ctx.db.get("conversations", conversationId))!;
}

export type Origin = NonNullable<Doc<"conversations">["origin"]>;

/** The agent that speaks in it. */
export const agentOf = ({ agent }: Pick<Doc<"conversations">, "agent">): string => agent ?? DEFAULT_AGENT;

async function find(ctx: QueryCtx, key: string, owner: Id<"people"> | null): Promise<Doc<"conversations"> | null> {
  return await ctx.db
    .query("conversations")
    .withIndex("by_key_and_owner", (q) => q.eq("key", key).eq("owner", owner))
    .unique();
}

/** Every conversation under a key: one shared, or one for each person who used it privately. */
export async function conversationsOf(ctx: QueryCtx, key: string): Promise<Doc<"conversations">[]> {
  return await ctx.db
    .query("conversations")
    .withIndex("by_key_and_owner", (q) => q.eq("key", key))
    .take(20);
}

/** In a shared place several people speak, so each message says who. */
export async function saveUserMessage(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  person: Doc<"people">,
  text: string,
): Promise<string> {
  const { messages } = await ctx.runMutation(components.agent.messages.addMessages, {
    threadId: conversation.threadId,
    userId: conversation.userId,
    messages: [{ message: { role: "user", content: conversation.owner === null ? `[${person.name}] ${text}` : text } }],
  });
  return messages.at(-1)!._id;
}

/** Something the product says by itself in answer to a message, so that later context does not show that message as open. */
export async function saveOwnReply(
  ctx: MutationCtx,
  conversation: Doc<"conversations">,
  promptMessageId: string,
  text: string,
): Promise<void> {
  await ctx.runMutation(components.agent.messages.addMessages, {
    threadId: conversation.threadId,
    userId: conversation.userId,
    promptMessageId,
    messages: [{ message: { role: "assistant", content: [{ type: "text", text }] } }],
  });
}

/** What the product has said before this conversation began, for example the question below which somebody writes. */
export async function saveSaid(ctx: MutationCtx, conversation: Doc<"conversations">, text: string): Promise<void> {
  await ctx.runMutation(components.agent.messages.addMessages, {
    threadId: conversation.threadId,
    userId: conversation.userId,
    messages: [{ message: { role: "assistant", content: [{ type: "text", text }] } }],
  });
}

/** Something the product says between the messages: neither an answer to one nor part of what another is answered with. */
export async function saveNote(ctx: MutationCtx, conversation: Doc<"conversations">, text: string): Promise<void> {
  await ctx.runMutation(components.agent.messages.addMessages, {
    threadId: conversation.threadId,
    userId: conversation.userId,
    order: "next",
    messages: [{ message: { role: "assistant", content: [{ type: "text", text }] } }],
  });
}

/** The result of a tool call, saved in answer to the message that led to the call. `toolCallId`: the call's key (call_ledger.ts). */
export async function saveToolResult(
  ctx: MutationCtx,
  conversation: { threadId: string; userId?: string | undefined },
  promptMessageId: string,
  call: { toolCallId: string; toolName: string; result: string },
): Promise<void> {
  const { toolName, result } = call;
  const toolCallId = idOfKey(call.toolCallId);
  await ctx.runMutation(components.agent.messages.addMessages, {
    threadId: conversation.threadId,
    ...(conversation.userId === undefined ? {} : { userId: conversation.userId }),
    promptMessageId,
    messages: [
      {
        message: {
          role: "tool",
          content: [{ type: "tool-result", toolCallId, toolName, output: { type: "text", value: result } }],
        },
      },
    ],
  });
}

/** More messages than anybody sends before an answer comes. */
const MAX_JOINED = 30;

/** What a turn answers: its prompt, and what was said before that with no answer in between. */
export async function saidInTurn(ctx: QueryCtx, threadId: string, promptMessageId: string): Promise<string> {
  const { page } = await ctx.runQuery(components.agent.messages.listMessagesByThreadId, {
    threadId,
    order: "desc",
    upToAndIncludingMessageId: promptMessageId,
    statuses: ["success"],
    paginationOpts: { cursor: null, numItems: MAX_JOINED },
  });
  const from = page.findIndex((doc) => doc._id === promptMessageId);
  const before = page.slice(Math.max(0, from));
  const end = before.findIndex((doc) => doc.message?.role !== "user");
  return (end < 0 ? before : before.slice(0, end)).map((doc) => doc.text ?? "").join("\n");
}

/** How far the answer to a message has come, read from what is saved: the one truth after a crash. */
export interface Progress {
  /** All text of the answer so far, in order; the reply is made of it. */
  texts: string[];
  /** Tool calls that were saved and have no result yet. */
  openCalls: OpenCall[];
  /** The last saved step was plain text: nothing is left to generate. */
  complete: boolean;
  /** Texts and tool calls so far. A generation that adds none came to nothing. */
  work: number;
}

/** Enough for nearly every turn, so that looking costs little however long the conversation is. */
const FIRST_STEPS_READ = 16;
/** More steps than any turn may take (see agents/answer.ts). */
const MAX_STEPS_READ = 100;

/** `afterCallId`: only what was said after the result of that call counts as text. */
export async function progressOf(
  ctx: QueryCtx,
  { threadId }: { threadId: string },
  promptMessageId: string,
  afterCallId: string | null = null,
): Promise<Progress> {
  const newest = async (numItems: number) =>
    await ctx.runQuery(components.agent.messages.listMessagesByThreadId, {
      threadId,
      order: "desc",
      upToAndIncludingMessageId: promptMessageId,
      statuses: ["success"],
      paginationOpts: { cursor: null, numItems },
    });
  let { page } = await newest(FIRST_STEPS_READ);
  const newestOrder = page[0]?.order;
  const cut = page.length === FIRST_STEPS_READ && page.every(({ order }) => order === newestOrder);
  if (cut) page = (await newest(MAX_STEPS_READ)).page;
  const steps = page.filter((doc) => doc.order === newestOrder && doc._id !== promptMessageId).reverse();
  const texts: string[] = [];
  const ledger = new CallLedger();
  let complete = false;
  let allCalls = 0;
  for (const { message } of steps) {
    complete = false;
    if (message?.role === "assistant") {
      const parts =
        typeof message.content === "string" ? [{ type: "text" as const, text: message.content }] : message.content;
      const text = parts.map((part) => (part.type === "text" ? part.text : "")).join("");
      if (text.trim() !== "") texts.push(text.trim());
      let calls = 0;
      for (const part of parts) {
        if (part.type === "tool-result") ledger.result(part.toolCallId, part.toolName, textOf(part));
        if (part.type !== "tool-call") continue;
        calls++;
        allCalls++;
        ledger.call(part.toolCallId, part.toolName, part.input ?? part.args);
      }
      complete = calls === 0 && text.trim() !== "";
    } else if (message?.role === "tool") {
      for (const part of message.content) {
        if (part.type !== "tool-result") continue;
        const key = ledger.result(part.toolCallId, part.toolName, textOf(part));
        if (key !== null && key === afterCallId) texts.length = 0;
      }
    }
  }
  const openCalls = ledger.open();
  return { texts, openCalls, complete: complete && openCalls.length === 0, work: texts.length + allCalls };
}

/** As the results of this product are saved; one that the model's library wrote is given as JSON. */
function textOf({ output }: { output?: { type: string; value?: unknown } | undefined }): string {
  return output?.type === "text" && typeof output.value === "string"
    ? output.value
    : JSON.stringify(output?.value ?? null);
}

/**
 * What was said after a message was answered, oldest first. A turn that goes on from a result is generated from that message alone, and
 * would not know of it.
 */
export async function saidSince(
  ctx: QueryCtx,
  threadId: string,
  promptMessageId: string,
  limit: number,
): Promise<{ said: "person" | "you"; text: string }[]> {
  const page = async (more: { upToAndIncludingMessageId?: string; excludeToolMessages?: boolean }, numItems: number) =>
    (
      await ctx.runQuery(components.agent.messages.listMessagesByThreadId, {
        ...{ threadId, order: "desc" as const, statuses: ["success" as const] },
        ...more,
        paginationOpts: { cursor: null, numItems },
      })
    ).page;
  const [prompt] = await page({ upToAndIncludingMessageId: promptMessageId }, 1);
  if (prompt === undefined) return [];
  const newer = (await page({ excludeToolMessages: true }, limit)).filter(({ order }) => order > prompt.order);
  return newer.reverse().flatMap(({ message, text }) => {
    if ((message?.role !== "user" && message?.role !== "assistant") || !text) return [];
    return [{ said: message.role === "user" ? ("person" as const) : ("you" as const), text }];
  });
}

/** What was said, oldest first, without tool calls. */
export async function historyOf(
  ctx: QueryCtx,
  threadId: string,
  limit: number,
): Promise<{ role: "user" | "assistant"; text: string; at: number }[]> {
  const { page } = await ctx.runQuery(components.agent.messages.listMessagesByThreadId, {
    threadId,
    order: "desc",
    excludeToolMessages: true,
    statuses: ["success"],
    paginationOpts: { cursor: null, numItems: limit },
  });
  return page.reverse().flatMap((doc) => {
    const role = doc.message?.role;
    if ((role !== "user" && role !== "assistant") || !doc.text) return [];
    return [{ role, text: doc.text, at: doc._creationTime }];
  });
}
