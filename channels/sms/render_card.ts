/** A question as a text message: at most two segments, the code last, only words that answer it. Pure. */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { enumerate } from "../../src/contract/enumeration.ts";
import { chosenBy } from "../../src/contract/option.ts";
import { segments, shorten, within } from "./gsm.ts";
import { onAir, oneLine } from "./text.ts";

const MOST_SEGMENTS = 2;
/** With a longer way to answer nothing of the question would fit. */
const LONGEST_WAYS = 150;

export function renderQuestion(card: ApprovalCard): string {
  const question = onAir(oneLine(card.question));
  const { code } = card;
  const about = metaOf(card);
  if (code === null || card.tier === "high") {
    return within(question, `${about}\n${elsewhere(card)}`, MOST_SEGMENTS).text;
  }
  const answer = `Reply ${waysOf(card, code)}`;
  if (card.payload === null) {
    const whole = `${question}${about}\n${answer}`;
    if (segments(whole) <= MOST_SEGMENTS) return whole;
  }
  return within(question, `${about}\nMORE ${code} shows all. ${answer}`, MOST_SEGMENTS).text;
}

/** Several questions that come together. Each is named by its code; what does not fit is shown by MORE. */
export function renderBundle(cards: ApprovalCard[]): string {
  const first = cards.find(({ code }) => code !== null)?.code ?? "";
  const head = `${cards.length} questions:`;
  const tail = `\nReply a word and its code. MORE ${first} shows one in full.`;
  for (const room of [120, 80, 60, 45, 32, 24, 16]) {
    const lines = cards.map((card) => `\n${bundleLine(card, room)}`);
    const text = head + lines.join("") + tail;
    if (segments(text) <= MOST_SEGMENTS) return text;
  }
  const codes = cards.flatMap(({ code }) => code ?? []).join(", ");
  return `${cards.length} questions are open for you: ${codes}. MORE ${first} shows one, PENDING lists all.`;
}

function bundleLine(card: ApprovalCard, room: number): string {
  const question = shorten(onAir(oneLine(card.question)), room);
  if (card.code === null || card.tier === "high") return `${card.code ?? "-"}: ${question} (not by text)`;
  const words = wordsOf(card.options).join("/");
  const ways = card.options.length === 0 ? "ANSWER" : words.length <= 24 ? words : "MORE";
  return `${card.code}: ${question} ${ways}`;
}

/** Whether a text that was sent is this question, alone or in a bundle. */
export function shows(body: string, card: ApprovalCard): boolean {
  if (body === renderQuestion(card)) return true;
  return card.code !== null && /^\d+ questions/.test(body) && body.includes(`\n${card.code}: `);
}

/** The end of a question for somebody who was asked it by text. */
export function renderClosing(card: ApprovalCard): string {
  const line = onAir(oneLine(card.outcomeLine ?? card.status));
  const reason = card.outcome?.reason ?? null;
  const why = reason === null || card.status !== "answered" ? "" : ` (${shorten(onAir(oneLine(reason)), 60)})`;
  return within(onAir(oneLine(card.question)), `\n${line}${why}. Nothing more to do.`, 1).text;
}

function metaOf(card: ApprovalCard): string {
  // A run's id and a payload's hash help nobody on a phone; MORE has them.
  const about = card.context.split(" · ").filter((part) => part !== "" && !/^(run|payload) /.test(part));
  const parts = [
    ...about.map((part) => shorten(onAir(oneLine(part)), 40)),
    ...(card.quorum > 1 ? [`${card.votes.length} of ${card.quorum} votes`] : []),
    ...(card.expiresAt === null ? [] : [`until ${timeText(card.expiresAt)}`]),
  ];
  return parts.length === 0 ? "" : `\n(${parts.join(", ")})`;
}

function elsewhere(card: ApprovalCard): string {
  return card.code === null
    ? "Answer it where you were asked."
    : `Not by text: answer ${card.code} in Slack, Discord or the terminal.`;
}

/** "YES 4K or NO 4K why", "STAGING 4K, PROD 4K or NONE 4K", "1 4K (staging first) or 2 4K (production)". */
function waysOf(card: ApprovalCard, code: string): string {
  if (card.options.length === 0) return `ANSWER ${code} and your text`;
  const reason = (index: number) => (card.reasonRequired.includes(card.options[index]!) ? " and why" : "");
  const words = enumerate(
    wordsOf(card.options).map((word, index) => `${word} ${code}${reason(index)}`),
    "or",
  );
  if (words.length <= LONGEST_WAYS) return words;
  const numbers = enumerate(
    card.options.map((_, index) => `${index + 1} ${code}${reason(index)}`),
    "or",
  );
  return numbers.length <= LONGEST_WAYS
    ? `${numbers}; MORE ${code} names them`
    : `a number and ${code}; MORE ${code} names them`;
}

/** YES and NO where the question has one option of that meaning, its number where it has several; else the option, if it is short. */
function wordsOf(options: string[]): string[] {
  const chosen = options.map(chosenBy);
  return options.map((option, index) => {
    const by = chosen[index];
    if (by !== null) {
      const isOnly = chosen.filter((other) => other === by).length === 1;
      return isOnly ? (by === "approve" ? "YES" : "NO") : `${index + 1}`;
    }
    const shown = onAir(oneLine(option)).toUpperCase();
    return shown.length <= 20 ? shown : `${index + 1}`;
  });
}

/** "Nov 20 14:03 UTC" */
function timeText(at: number): string {
  const [, , day, month, , time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(at).toUTCString()) ?? [];
  return month === undefined ? "the end" : `${month} ${Number(day)} ${time!.slice(0, 5)} UTC`;
}
