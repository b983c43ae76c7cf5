/**
 * A question as Block Kit. Pure. While it is pending it has buttons; from the settled row it has the line that says how it ended, and
 * none. Everything a person or a model wrote stands in plain text or in a code block.
 */
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { CARD_TITLES, isDenied, readablePayload, votesLine } from "../../src/contract/card.ts";
import { schemaOf } from "../../src/contract/form.ts";
import { meaningOf } from "../../src/contract/option.ts";
import {
  type ActionsBlock,
  type Block,
  type Button,
  clipEscaped,
  header,
  marked,
  plain,
  small,
  smallMarked,
  words,
} from "./blocks.ts";
import { type ActionKind, actionId, answerValue } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { dateMark, escaped, fenced, inFence } from "./mrkdwn.ts";

/** Of the payload on the card; the rest is in the modal. Long enough for most, short enough to keep the buttons in sight. */
const PAYLOAD_LINES = 14;
const PAYLOAD_CHARACTERS = 1_400;
const MAX_QUESTION = 2_800;
const MAX_CONTEXT = 600;
const MAX_OUTCOME = 1_200;

export interface Rendered {
  /** For notifications and for clients without blocks. Slack's markup. */
  text: string;
  blocks: Block[];
}

export function renderCard(card: ApprovalCard): Rendered {
  const open = card.status === "pending";
  const blocks: Block[] = [
    header(open ? `Question${card.code === null ? "" : ` ${card.code}`}` : CARD_TITLES[card.status]),
    { ...words(card.question, MAX_QUESTION), block_id: "question" },
    small(card.context, MAX_CONTEXT),
    ...payloadBlocks(card),
    ...(open ? pendingBlocks(card) : [marked(outcome(card))]),
  ];
  const asked = escaped(clipEscaped(card.question, MAX_QUESTION));
  return { text: open ? asked : `${escaped(card.outcomeLine ?? card.status)}: ${asked}`, blocks };
}

function outcome(card: ApprovalCard): string {
  const line = escaped(clipEscaped(card.outcomeLine ?? CARD_TITLES[card.status], MAX_OUTCOME));
  const reason = card.outcome?.reason ?? null;
  const mark = card.status !== "answered" ? ":no_entry_sign:" : isDenied(card) ? ":x:" : ":white_check_mark:";
  const why = reason === null || reason === "" ? "" : `\n${fenced(clipEscaped(reason, MAX_OUTCOME, inFence))}`;
  // The line is a name and a channel: its marks, if somebody's name has any, must not end the bold.
  return `${mark} *${line.replaceAll("*", "∗")}*${why}`;
}

function payloadBlocks(card: ApprovalCard): Block[] {
  if (card.payload === null || card.payload === "") return [];
  const readable = readablePayload(card.payload);
  const head = clipEscaped(readable.split("\n").slice(0, PAYLOAD_LINES).join("\n"), PAYLOAD_CHARACTERS, inFence);
  const block = { ...marked(fenced(head)), block_id: "payload" };
  if (head === readable) return [block];
  return [block, { type: "actions", block_id: "all", elements: [button("view", 0, "View all", card.approvalId)] }];
}

function pendingBlocks(card: ApprovalCard): Block[] {
  const facts: Block[] = [];
  if (card.quorum > 1) facts.push(small(votesLine(card), MAX_CONTEXT));
  if (card.expiresAt !== null) facts.push(smallMarked(`:hourglass: Expires ${dateMark(card.expiresAt)}`));
  const how = inWords(card);
  return [...facts, ...answerBlocks(card), ...(how === null ? [] : [small(how, MAX_CONTEXT)])];
}

/** Only on a person's own copy: a code belongs to one person. */
function inWords({ code, options }: ApprovalCard): string | null {
  if (code === null) return null;
  return options.length === 0
    ? `Or write: ANSWER ${code} and your text`
    : `Or write: ${options[0]} ${code}, with a reason behind it if you like`;
}

function answerBlocks(card: ApprovalCard): Block[] {
  const { approvalId, options } = card;
  if (options.length === 0) return rows([button("write", 0, "Answer…", approvalId, "primary")]);
  const edit = schemaOf(card.form) === null ? [] : [button("edit", 0, "Edit…", approvalId)];
  if (options.length > LIMITS.buttons) return [...choice(card), ...rows(edit)];
  const meanings = options.map(meaningOf);
  const buttons = options.map((option, index) => {
    const isPrimary = meanings[index] === "approve" || (index === 0 && !meanings.includes("approve"));
    const style = meanings[index] === "deny" ? "danger" : isPrimary ? "primary" : null;
    return button(pressKind(card, option), index, option, answerValue({ approvalId, option }), style);
  });
  return rows([...buttons, ...edit]);
}

/** A refusal may always say why; what needs a reason must. */
const pressKind = (card: ApprovalCard, option: string): ActionKind =>
  card.reasonRequired.includes(option) ? "demand" : meaningOf(option) === "deny" ? "reason" : "answer";

function button(
  kind: ActionKind,
  index: number,
  text: string,
  value: string,
  style: Button["style"] | null = null,
): Button {
  return {
    type: "button",
    action_id: actionId(kind, index),
    text: plain(text, LIMITS.buttonText),
    value: value.slice(0, LIMITS.buttonValue),
    ...(style === null || style === undefined ? {} : { style }),
  };
}

function rows(buttons: Button[]): ActionsBlock[] {
  const found: ActionsBlock[] = [];
  for (let at = 0; at < buttons.length; at += LIMITS.buttonsInRow) {
    const elements = buttons.slice(at, at + LIMITS.buttonsInRow);
    found.push({ type: "actions", block_id: `answers.${found.length}`, elements });
  }
  return found;
}

/** What is left of a message's characters beside a long question and a payload. */
const CHOICE_CHARACTERS = 6_500;

function choice(card: ApprovalCard): Block[] {
  const { approvalId } = card;
  let left = CHOICE_CHARACTERS;
  const options = card.options.slice(0, LIMITS.selectOptions).flatMap((option) => {
    const value = `${pressKind(card, option)}.${answerValue({ approvalId, option })}`.slice(0, 150);
    const made = { text: plain(option, LIMITS.optionText), value };
    left -= JSON.stringify(made).length + 1;
    return left < 0 ? [] : [made];
  });
  const placeholder = plain("Choose", LIMITS.placeholder);
  const hidden = card.options.length - options.length;
  return [
    {
      type: "actions",
      block_id: "choice",
      elements: [{ type: "static_select", action_id: actionId("choose"), placeholder, options }],
    },
    ...(hidden > 0 ? [small(`${hidden} more can be chosen with /answer CODE OPTION`)] : []),
  ];
}
