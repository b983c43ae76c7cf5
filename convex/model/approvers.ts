/** Who may answer: `person:ana`, `role:release`, resolved anew at every question and every answer (I3). */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { peopleWithRole, personByName } from "./people.ts";

/** The persons asked. Throws what makes the question one that nobody, or too few, could answer. */
export async function candidatesFor(
  ctx: QueryCtx,
  question: { approvers: string[]; quorum: number; fourEyes: boolean; requester: Id<"people"> },
): Promise<Doc<"people">[]> {
  const found = new Map<Id<"people">, Doc<"people">>();
  for (const approver of question.approvers) {
    for (const person of await peopleFor(ctx, approver)) found.set(person._id, person);
  }
  if (question.fourEyes) found.delete(question.requester);
  if (found.size < Math.max(1, question.quorum)) {
    const others = question.fourEyes ? " besides who asks" : "";
    fail(
      "invalid_input",
      `${question.quorum} must answer, but ${question.approvers.join(", ")} gives only ${found.size}${others}`,
      {
        field: "approvers",
        remedy: "give more people the role, or lower the quorum",
      },
    );
  }
  return [...found.values()];
}

async function peopleFor(ctx: QueryCtx, approver: string): Promise<Doc<"people">[]> {
  if (approver.startsWith("role:")) return await peopleWithRole(ctx, approver.slice("role:".length));
  const person = await personByName(ctx, approver.replace(/^person:/, ""));
  return person === null ? [] : [person];
}
