/** Answers given in text. Which words count is `src/flow/answer.ts`; what an answer does is `approvals.ts`. No model is involved. */
import type { OutMessage } from "../../src/contract/message.ts";
import { hintFor, type Reading, readAnswer } from "../../src/flow/answer.ts";
import { looksLikeCode } from "../../src/flow/code.ts";
import { readEdits } from "../../src/flow/edits.ts";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { answer, findApproval, formOf, type OpenQuestion, openFor } from "./approvals.ts";
import { noteListed, rowOf } from "./codes.ts";
import { deliveriesOf } from "./outbox.ts";
import type { Acting } from "./people.ts";
import { age } from "./words.ts";

export interface Where {
  /** Nobody else reads along. */
  private: boolean;
}

/** The reply; null: it is not an answer but conversation, and nothing was settled. */
export async function answerText(
  ctx: MutationCtx,
  acting: Acting,
  text: string,
  where: Where,
): Promise<OutMessage | null> {
  const open = await openFor(ctx, acting.person._id);
  const reading = readAnswer(text, open);
  switch (reading.kind) {
    case "settle":
      return say(await settle(ctx, acting, reading, where));
    case "unclearValues":
      return say(
        where.private ? reading.problem : `It is not clear what is to be changed: nothing is settled. ${BY_BUTTON}`,
      );
    case "turnedAround":
      return say(`Nothing is settled: the code comes after the word. Write: ${reading.write}`);
    case "needsCode":
      if (where.private) await noteListed(ctx, acting.person._id, codesIn(open));
      return pendingList(
        open,
        where,
        `Several questions are open, so "${reading.word}" alone settles none. ${where.private ? "Add a code:" : BY_BUTTON}`,
      );
    case "notAnOption": {
      const hint = hintIn(where, reading.questions);
      return say(`"${reading.word}" does not answer that, so nothing is settled.${hint === null ? "" : `\n${hint}`}`);
    }
    case "unknownCode": {
      const late = await lateAnswer(ctx, acting, reading);
      if (late !== null) return say(late);
      // A word and something that looks like a code is meant as an answer: a model's small talk would hide the slip.
      const meant = reading.codes.filter(looksLikeCode);
      return meant.length === 0 ? null : say(notOpen(meant, hintIn(where, open)));
    }
    case "conversation":
      return null;
  }
}

async function settle(
  ctx: MutationCtx,
  acting: Acting,
  reading: Extract<Reading, { kind: "settle" }>,
  where: Where,
): Promise<string> {
  const lines: string[] = [];
  const several = reading.answers.length + reading.unknownCodes.length > 1;
  for (const given of reading.answers) {
    if (several && !(await wasShown(ctx, acting.person._id, given))) {
      lines.push(`${given.code}: not settled, you have not been shown this question yet. PENDING lists it.`);
      continue;
    }
    const result = await answer(ctx, {
      acting,
      ref: given.approvalId,
      option: given.option ?? given.text ?? "",
      reason: given.reason,
      fields: given.fields,
      code: where.private ? given.code : null,
    });
    lines.push(several ? `${given.code}: ${result.message}` : result.message);
  }
  const word = reading.answers[0]?.option ?? "";
  const never: string[] = [];
  for (const code of reading.unknownCodes) {
    const late = await lateAnswer(ctx, acting, { kind: "unknownCode", word, codes: [code], reason: null });
    if (late === null) never.push(code);
    else lines.push(`${code}: ${late}`);
  }
  if (never.length > 0) lines.push(notOpen(never, null));
  return lines.join("\n");
}

/** Codes and options are for the person who answers: where others read along they are not said. */
const BY_BUTTON = "Use the buttons; PENDING in a private chat lists the words and codes that count.";

const hintIn = (where: Where, open: Parameters<typeof hintFor>[0]): string | null =>
  open.length === 0 ? null : where.private ? hintFor(open) : BY_BUTTON;

function notOpen(codes: string[], hint: string | null): string {
  const which = codes.map((code) => code.toUpperCase()).join(", ");
  return `No question with the code ${which} is open for you, so it settles nothing.${hint === null ? "" : `\n${hint}`}`;
}

/** A code that was this person's, of a question that is over: they are told how it ended. null: it never was one of theirs. */
async function lateAnswer(
  ctx: MutationCtx,
  acting: Acting,
  reading: Extract<Reading, { kind: "unknownCode" }>,
): Promise<string | null> {
  const lines: string[] = [];
  for (const code of reading.codes) {
    const approval = await findApproval(ctx, acting.person._id, code);
    if (approval === null) continue;
    // It is open after all where more are open than are looked at: what it was to change must not be taken for a reason.
    const edits = readEdits({ code, form: formOf(approval) }, reading.word, reading.reason);
    if ("problem" in edits && approval.status === "pending") {
      lines.push(edits.problem);
      continue;
    }
    const said = "problem" in edits ? { reason: reading.reason } : edits;
    const { message } = await answer(ctx, { acting, ref: code, option: reading.word, ...said });
    lines.push(reading.codes.length > 1 ? `${code}: ${message}` : message);
  }
  return lines.length === 0 ? null : lines.join("\n");
}

export const codesIn = (open: OpenQuestion[]): string[] => open.map(({ code }) => code);

/** What was never shown to somebody cannot be settled by them in bulk (B11): a list or a copy with their code must have been. */
async function wasShown(
  ctx: MutationCtx,
  personId: Id<"people">,
  given: { approvalId: string; code: string },
): Promise<boolean> {
  const row = await rowOf(ctx, personId, given.code);
  if (row?.listedAt !== undefined) return true;
  return (await deliveriesOf(ctx, given.approvalId)).some((copy) => {
    const message = JSON.parse(copy.message) as OutMessage;
    return message.kind === "card" && message.card.code === given.code;
  });
}

/** In a shared place without codes, which belong to one person, and of what was asked in private only how much it is. */
export function pendingList(open: OpenQuestion[], where: Where, title = "Questions that wait for you"): OutMessage {
  const now = Date.now();
  const told = open.filter(({ isPrivate }) => where.private || !isPrivate);
  const items = [...told].reverse().map((question) => ({
    key: where.private ? question.code : null,
    text: question.question,
    detail: `${question.freeText ? "free text" : question.options.join(", ")} · asked ${age(now - question.createdAt)}`,
  }));
  const untold = open.length - told.length;
  const were = untold === 1 ? "was" : "were";
  const rest = {
    key: null,
    text: `${untold}${told.length === 0 ? "" : " more"} ${were} asked in private`,
    detail: `write PENDING to me in a direct message to see ${untold === 1 ? "it" : "them"}`,
  };
  return { kind: "list", title, items: untold === 0 ? items : [...items, rest], empty: "Nothing is waiting for you." };
}

const say = (text: string): OutMessage => ({ kind: "text", text, onlyTo: null });
