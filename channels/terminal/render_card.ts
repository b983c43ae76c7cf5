/** A question as a box, and as one line when it has ended. Pure. */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { readablePayload } from "../../src/contract/card.ts";
import { enumerate } from "../../src/contract/enumeration.ts";
import { fieldWays, schemaOf } from "../../src/contract/form.ts";
import { meaningOf } from "../../src/contract/option.ts";
import type { RenderOptions } from "./options.ts";
import { type Paint, painter } from "./style.ts";
import { cut, escapeText, padEnd, textWidth, wrap } from "./text.ts";
import { when } from "./time.ts";

/** A question's payload is shown up to here; the rest by command. */
const PAYLOAD_LINES = 12;
const PAYLOAD_CHARACTERS = 1_200;

export function renderCard(card: ApprovalCard, options: RenderOptions): string[] {
  if (card.status !== "pending") return renderCardChange(null, card, options);
  const paint = painter(options.colours);
  const title = card.code === null ? "Question" : `Question ${escapeText(card.code)}`;
  const inner = options.plain ? options.width : Math.min(Math.max(options.width, 24), 100) - 4;
  const body: [Paint | null, string][] = [];
  const add = (style: Paint | null, text: string, indent = "") => {
    for (const line of wrap(text, inner - indent.length)) {
      body.push([style, indent + line]);
    }
  };
  add("bold", escapeText(card.question));
  if (card.context !== "") add("dim", escapeText(card.context));
  if (card.options.length > 0) body.push([null, ""]);
  card.options.forEach((option, index) => {
    const needs = card.reasonRequired.includes(option) ? " (needs a reason)" : "";
    add("cyan", `${index + 1}  ${escapeText(option)}${needs}`, " ");
  });
  if (card.payload !== null && card.payload !== "") {
    body.push([null, ""]);
    for (const line of payloadHead(card.payload, card.code ?? card.approvalId)) add("dim", line, " ");
  }
  body.push([null, ""]);
  if (card.quorum > 1) add(null, votesLine(card));
  if (card.expiresAt !== null) add("yellow", `expires ${when(card.expiresAt, options)}`);
  for (const line of howToAnswer(card)) add("dim", line);
  if (options.plain)
    return [`${title}: ${body[0]![1]}`, ...body.slice(1).map(([, line]) => (line === "" ? "" : `  ${line}`))].filter(
      (line) => line !== "",
    );
  const rule = "─".repeat(Math.max(0, inner - textWidth(title) - 1));
  return [
    paint("magenta", "┌─ ") + paint(["magenta", "bold"], title) + paint("magenta", ` ${rule}┐`),
    ...body.map(([style, line]) => {
      const padded = padEnd(line, inner);
      return `${paint("magenta", "│ ")}${style === null ? padded : paint(style, padded)}${paint("magenta", " │")}`;
    }),
    paint("magenta", `└${"─".repeat(inner + 2)}┘`),
  ];
}

function howToAnswer(card: ApprovalCard): string[] {
  if (card.code === null) return ["only the people who were asked can answer"];
  const code = escapeText(card.code);
  if (card.options.length === 0) return [`to answer, write: ANSWER ${code} and your text`];
  const first = escapeText(card.options[0]!);
  return [
    `answer with a number or a word (1, ${first}), or with the code and a reason (${first} ${code} REASON)`,
    ...howToChange(card, card.code),
  ];
}

/** Which values an answer may change, and how: not those of a denial. */
function howToChange(card: ApprovalCard, code: string): string[] {
  const { names, ways } = fieldWays(schemaOf(card.form) ?? {});
  const option = card.options.find((one) => meaningOf(one) !== "deny");
  if (names.length === 0 || option === undefined) return [];
  return [escapeText(`you may change ${enumerate(names)} as you answer: ${option} ${code} ${ways.join(" ")}`)];
}

function payloadHead(payload: string, ref: string): string[] {
  const escaped = escapeText(readablePayload(payload, 0));
  const lines = cut(escaped, PAYLOAD_CHARACTERS).split("\n").slice(0, PAYLOAD_LINES);
  const rest = escaped.length - lines.join("\n").length;
  if (rest <= 0) return lines;
  return [...lines, `… ${rest} characters more: factory approvals show ${escapeText(ref)}`];
}

const votesLine = (card: ApprovalCard): string =>
  `${card.votes.length} of ${card.quorum} votes${card.votes.length === 0 ? "" : `: ${card.votes.map((vote) => `${escapeText(vote.person)} ${escapeText(vote.option)}`).join(", ")}`}`;

export function renderCardChange(before: ApprovalCard | null, card: ApprovalCard, options: RenderOptions): string[] {
  const paint = painter(options.colours);
  const about = `${card.code === null ? "" : `${escapeText(card.code)} `}${escapeText(card.question)}`;
  if (card.status === "pending") {
    if (before === null || !sameQuestion(before, card)) return renderCard(card, options);
    if (before.votes.length === card.votes.length) return [];
    return framed(`${about}: ${votesLine(card)}`, "yellow", "…", options);
  }
  const mark = card.status === "answered" ? "✓" : "✗";
  const line = `${about}: ${escapeText(card.outcomeLine ?? card.status)}`;
  return framed(line, card.status === "answered" ? "green" : "yellow", mark, options).map((text) =>
    paint("bold", text),
  );
}

const sameQuestion = (a: ApprovalCard, b: ApprovalCard): boolean =>
  a.question === b.question && a.payload === b.payload && a.options.join("\n") === b.options.join("\n");

function framed(text: string, colour: Paint, mark: string, options: RenderOptions): string[] {
  if (options.plain) return text.split("\n");
  const paint = painter(options.colours);
  return wrap(text, options.width - 3).map((line, row) => (row === 0 ? paint(colour, `${mark} `) : "  ") + line);
}
