/** The questions a person can answer now, and the words that count. */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";

export interface OpenQuestion {
  approvalId: string;
  code: string;
  question: string;
  options: string[];
  createdAt: number;
  runId: string | null;
}

/** Oldest first. */
export async function openQuestions(ctx: QueryCtx, personId: Id<"people">): Promise<OpenQuestion[]> {
  const codes = await ctx.db
    .query("approvalCodes")
    .withIndex("by_personId_and_open", (q) => q.eq("personId", personId).eq("open", true))
    .take(100);
  const rows = await Promise.all(
    codes.map(async (row) => ({ code: row.code, row: await ctx.db.get("approvals", row.approvalId) })),
  );
  return rows
    .filter((each): each is { code: string; row: Doc<"approvals"> } => each.row?.status === "pending")
    .map(({ code, row }) => ({
      approvalId: row._id,
      code,
      question: row.question,
      options: row.options,
      createdAt: row.createdAt,
      runId: row.runId,
    }))
    .sort((a, b) => a.createdAt - b.createdAt);
}

const MAX_NAMED = 3;

/**
 * One line below a reply while questions are open for this person, naming the words that count (B5); null: none is open.
 * A code belongs to one person, so a shared place is told without any.
 */
export async function answerHint(ctx: QueryCtx, personId: Id<"people">, isPrivate: boolean): Promise<string | null> {
  const open = await openQuestions(ctx, personId);
  const only = open[0];
  if (only === undefined) return null;
  if (!isPrivate) {
    return open.length === 1
      ? `A question is waiting for you: use its buttons, or answer with exactly ${wordsOf(only.options)}.`
      : `${open.length} questions are waiting for you: use their buttons, or /pending in a private chat for their codes.`;
  }
  if (open.length === 1) {
    return `Still waiting for your answer to "${shorten(only.question)}". Words that count: ${wordsOf(only.options)} (or a word followed by ${only.code} and a reason).`;
  }
  const named = open
    .slice(0, MAX_NAMED)
    .map((each) => `${each.code} "${shorten(each.question)}" (${each.options.join(", ") || "free text"})`);
  const more = open.length > MAX_NAMED ? `, and ${open.length - MAX_NAMED} more (/pending)` : "";
  return `${open.length} questions are waiting for you: ${named.join("; ")}${more}. Answer with a word and its code, for example: ${example(only)}.`;
}

const example = (question: OpenQuestion): string =>
  question.options.length === 0 ? `ANSWER ${question.code} your text` : `${question.options[0]} ${question.code}`;

const wordsOf = (options: string[]): string =>
  options.length === 0 ? "ANSWER, its code and your text" : options.map((option) => option.toUpperCase()).join(", ");

/** Cut at whole characters, so that no emoji is halved. */
export function shorten(text: string, max = 80): string {
  const characters = [...text.replace(/\s+/g, " ").trim()];
  return characters.length <= max ? characters.join("") : `${characters.slice(0, max - 1).join("")}…`;
}
