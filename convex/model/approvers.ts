/** Who is asked and who may answer: `person:ana`, `role:release`, resolved anew at every question and every answer (I3). */
import type { Doc, Id } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { fail } from "./errors.ts";
import { personByName } from "./people.ts";
import { membersOf, onCall } from "./rotas.ts";

export interface Asked {
  approvers: string[];
  quorum: number;
  fourEyes: boolean;
  requester: Id<"people">;
  /** Who has handed their part on. */
  handedOn?: { personId: Id<"people"> }[] | undefined;
}

/**
 * The persons asked: of a role whoever is on call, all its holders when nobody is or when those on call are too few.
 * Throws what makes the question one that nobody, or too few, could answer.
 */
export async function candidatesFor(ctx: QueryCtx, question: Asked): Promise<Doc<"people">[]> {
  const found = await answerers(ctx, question, true);
  const wanted = Math.max(1, question.quorum);
  if (found.length >= wanted) return found;
  const all = await answerers(ctx, question, false);
  if (all.length >= wanted) return all;
  const others = question.fourEyes ? " besides who asks" : "";
  fail(
    "invalid_input",
    `${question.quorum} must answer, but ${question.approvers.join(", ")} gives only ${all.length}${others}`,
    { field: "approvers", remedy: "give more people the role, or lower the quorum" },
  );
}

/** Everybody who could approve; with `onDuty` of a role only whoever is on call, when somebody is. */
export async function answerers(ctx: QueryCtx, question: Asked, onDuty = false): Promise<Doc<"people">[]> {
  const found = new Map<Id<"people">, Doc<"people">>();
  for (const approver of question.approvers) {
    for (const person of await peopleFor(ctx, approver, onDuty)) found.set(person._id, person);
  }
  if (question.fourEyes) found.delete(question.requester);
  for (const { personId } of question.handedOn ?? []) found.delete(personId);
  return [...found.values()];
}

/** Nobody for a name that is not known, or a role that nobody has. */
export async function peopleFor(ctx: QueryCtx, approver: string, onDuty: boolean): Promise<Doc<"people">[]> {
  if (approver.startsWith("role:")) {
    const role = approver.slice("role:".length);
    const now = Date.now();
    const duty = onDuty ? await onCall(ctx, role, now) : [];
    return duty.length > 0 ? duty : await membersOf(ctx, role, now);
  }
  const person = await personByName(ctx, approver.replace(/^person:/, ""));
  return person === null ? [] : [person];
}
