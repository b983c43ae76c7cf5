/**
 * A question as an embed with buttons. Pure. While it is pending it has buttons; from the settled row it has the line that says how it
 * ended, and none. Everything a person or a model wrote is escaped or stands in a code block.
 */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { CARD_TITLES, isDenied, readablePayload, votesLine } from "../../src/contract/card.ts";
import { schemaOf } from "../../src/contract/form.ts";
import { meaningOf } from "../../src/contract/option.ts";
import { type ActionKind, customId } from "./ids.ts";
import { clip, LIMITS } from "./limits.ts";
import { escaped, fenced, timeMark } from "./markdown.ts";
import { COLOURS, COMPONENT, type Content, type Row, STYLE } from "./wire.ts";

/** Of the payload on the card; the rest comes on demand. Long enough for most, short enough to keep the buttons in sight. */
const PAYLOAD_LINES = 14;
const PAYLOAD_CHARACTERS = 1_000;
/** Escaped twice as long; with the outcome it must fit in any case. */
const MAX_QUESTION = 1_000;
const MAX_CONTEXT = 500;
const MAX_OUTCOME = 400;
const MAX_VOTES = 400;

export function renderCard(card: ApprovalCard): Content {
  const open = card.status === "pending";
  const title = open ? `Question${card.code === null ? "" : ` ${card.code}`}` : CARD_TITLES[card.status];
  const question = `**${escaped(clip(card.question, MAX_QUESTION))}**`;
  const end = open ? pendingParts(card) : [outcomePart(card)];
  const whole = [question, ...payloadPart(card), ...end].join("\n\n");
  // Marks in a payload may double its length; how it ended matters more.
  const description = whole.length <= LIMITS.embedDescription ? whole : [question, ...end].join("\n\n");
  return {
    content: "",
    embeds: [
      {
        title,
        description,
        color: open
          ? COLOURS.open
          : card.status !== "answered"
            ? COLOURS.over
            : isDenied(card)
              ? COLOURS.failed
              : COLOURS.done,
        ...(card.context === "" ? {} : { footer: { text: clip(card.context, MAX_CONTEXT) } }),
      },
    ],
    components: open ? answerRows(card) : [],
    flags: 0,
  };
}

export const isCardTitle = (title: string): boolean =>
  Object.values(CARD_TITLES).some((known) => title === known || title.startsWith(`${known} `));

function outcomePart(card: ApprovalCard): string {
  const mark = card.status !== "answered" ? "🚫" : isDenied(card) ? "❌" : "✅";
  const line = escaped(clip(card.outcomeLine ?? CARD_TITLES[card.status], MAX_OUTCOME));
  const reason = card.outcome?.reason ?? "";
  return `${mark} **${line}**${reason === "" ? "" : `\n${fenced(clip(reason, MAX_OUTCOME))}`}`;
}

function payloadPart(card: ApprovalCard): string[] {
  if (card.payload === null || card.payload === "") return [];
  return [fenced(payloadHead(card.payload).head)];
}

function payloadHead(payload: string): { head: string; whole: boolean } {
  const readable = readablePayload(payload);
  const head = clip(readable.split("\n").slice(0, PAYLOAD_LINES).join("\n"), PAYLOAD_CHARACTERS);
  return { head, whole: head === readable };
}

function pendingParts(card: ApprovalCard): string[] {
  const facts: string[] = [];
  if (card.quorum > 1) facts.push(escaped(clip(votesLine(card), MAX_VOTES)));
  if (card.expiresAt !== null) facts.push(`⏳ Expires ${timeMark(card.expiresAt)} (${timeMark(card.expiresAt, "R")})`);
  if (card.code !== null) {
    const word = card.options[0];
    facts.push(
      word === undefined
        ? `Or write: \`ANSWER ${card.code}\` and your text`
        : `Or write: ${escaped(word)} ${card.code}, with a reason behind it if you like`,
    );
  }
  return facts.length === 0 ? [] : [facts.join("\n")];
}

function answerRows(card: ApprovalCard): Row[] {
  const { approvalId, options } = card;
  const more: Button[] = [];
  if (schemaOf(card.form) !== null) more.push(button("edit", approvalId, "Edit…"));
  if (card.payload !== null && card.payload !== "" && !payloadHead(card.payload).whole)
    more.push(button("view", approvalId, "View all"));
  if (options.length === 0) return rows([button("write", approvalId, "Answer…", STYLE.primary), ...more]);
  if (options.length > LIMITS.buttonsInRow * (LIMITS.rows - 1)) return [choice(card), ...rows(more)];
  const buttons = options.map((option, index) =>
    button(pressKind(card, option), approvalId, option, styleOf(options, index), option, index + 1),
  );
  return [...rows(buttons), ...rows(more)];
}

function styleOf(options: string[], index: number): number {
  const meanings = options.map(meaningOf);
  if (meanings[index] === "deny") return STYLE.danger;
  if (meanings[index] === "approve") return STYLE.success;
  return index === 0 && !meanings.includes("approve") ? STYLE.primary : STYLE.secondary;
}

/** A refusal may always say why; what needs a reason must. */
const pressKind = (card: ApprovalCard, option: string): ActionKind =>
  card.reasonRequired.includes(option) ? "demand" : meaningOf(option) === "deny" ? "reason" : "answer";

type Button = Row["components"][number];

function button(
  kind: ActionKind,
  id: string,
  label: string,
  style: number = STYLE.secondary,
  option = "",
  number = 0,
): Button {
  return {
    type: COMPONENT.button,
    style,
    // A label is plain text: nothing in it formats.
    label: clip(label, LIMITS.buttonLabel),
    custom_id: customId(kind, id, option, number),
  } as Button;
}

function rows(buttons: Button[]): Row[] {
  const found: Row[] = [];
  for (let at = 0; at < buttons.length; at += LIMITS.buttonsInRow)
    found.push({ type: COMPONENT.row, components: buttons.slice(at, at + LIMITS.buttonsInRow) });
  return found;
}

function choice(card: ApprovalCard): Row {
  const options = card.options.slice(0, LIMITS.selectOptions).map((option, index) => ({
    label: clip(option, LIMITS.optionLabel),
    value: customId(pressKind(card, option), card.approvalId, option, index + 1),
  }));
  const select = {
    type: COMPONENT.select,
    custom_id: customId("choose", card.approvalId),
    placeholder: "Choose",
    options,
  };
  return { type: COMPONENT.row, components: [select] };
}
