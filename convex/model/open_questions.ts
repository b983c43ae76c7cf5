/** The questions a person can answer now, and how a reply names the words that count (B5). */
import { hintFor } from "../../src/flow/answer.ts";
import type { Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { openFor } from "./approvals.ts";
import { shorten } from "./words.ts";

/**
 * Below a reply while questions are open for this person; null: none is open. A code belongs to one person, so a shared place is told
 * without any.
 */
export async function answerHint(
  ctx: QueryCtx,
  personId: Id<"people">,
  isPrivate: boolean,
  /** What stands above it: a question that is quoted there is not quoted again. */
  above = "",
): Promise<string | null> {
  const open = await openFor(ctx, personId);
  const only = open[0];
  if (only === undefined) return null;
  if (!isPrivate) {
    const what = open.length === 1 ? "A question is" : `${open.length} questions are`;
    return `${what} waiting for you. Use the buttons; the words that count are listed by PENDING in a private chat.`;
  }
  return open.length === 1 && !above.includes(only.question)
    ? `"${shorten(only.question)}"\n${hintFor(open)}`
    : hintFor(open);
}
