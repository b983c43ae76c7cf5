/** Modals: a reason, words, a form, all of a payload, a workflow's inputs. Pure. */
import type { ModalView } from "@slack/types";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { readablePayload } from "../../src/contract/card.ts";
import { schemaOf } from "../../src/contract/form.ts";
import type { WorkflowForm } from "../../src/contract/lookups.ts";
import { parseJson } from "../../src/contract/untrusted.ts";
import { type Block, clipEscaped, marked, plain, small, words } from "./blocks.ts";
import { formBlocks } from "./form.ts";
import { MODALS } from "./ids.ts";
import { clip, LIMITS, pieces } from "./limits.ts";
import { fenced, inFence } from "./mrkdwn.ts";

/** Where what is submitted is answered, and whether only one person reads there. */
export interface ModalWhere {
  place: string;
  private: boolean;
}

export type ModalRequest =
  | {
      kind: "reason";
      approvalId: string;
      option: string;
      required: boolean;
      question: string | null;
      where: ModalWhere;
    }
  | { kind: "text"; approvalId: string; question: string | null; where: ModalWhere }
  /** These two need the question as it stands now. */
  | { kind: "form"; approvalId: string; where: ModalWhere }
  | { kind: "view"; approvalId: string; where: ModalWhere };

const modal = (
  callback: string,
  title: string,
  blocks: Block[],
  more: { submit?: string; about?: Record<string, unknown> } = {},
): ModalView => ({
  type: "modal",
  callback_id: callback,
  title: plain(title, LIMITS.modalTitle),
  close: plain(more.submit === undefined ? "Close" : "Cancel", LIMITS.modalButton),
  ...(more.submit === undefined ? {} : { submit: plain(more.submit, LIMITS.modalButton) }),
  ...(more.about === undefined ? {} : { private_metadata: clip(JSON.stringify(more.about), LIMITS.privateMetadata) }),
  blocks: blocks.slice(0, LIMITS.modalBlocks),
});

const asked = (question: string | null): Block[] => (question === null ? [] : [words(question)]);

const reasonInput = (label: string, required: boolean): Block => ({
  type: "input",
  block_id: "reason",
  optional: !required,
  label: plain(label, LIMITS.inputLabel),
  element: { type: "plain_text_input", action_id: "reason", multiline: true, max_length: LIMITS.inputText },
});

export function reasonView(request: Extract<ModalRequest, { kind: "reason" }>): ModalView {
  const { approvalId, option, required, question, where } = request;
  const label = required ? "Why? A reason is needed" : "Why?";
  return modal(MODALS.reason, `Answer: ${option}`, [...asked(question), reasonInput(label, required)], {
    submit: clip(option, LIMITS.modalButton),
    about: { approvalId, option, ...where },
  });
}

export function textView(request: Extract<ModalRequest, { kind: "text" }>): ModalView {
  const { approvalId, question, where } = request;
  const input: Block = {
    type: "input",
    block_id: "text",
    label: plain("Your answer", LIMITS.inputLabel),
    element: { type: "plain_text_input", action_id: "text", multiline: true, max_length: LIMITS.inputText },
  };
  return modal(MODALS.text, "Answer", [...asked(question), input], {
    submit: "Answer",
    about: { approvalId, ...where },
  });
}

/** Edited values and the option they go with. */
export function formView(card: ApprovalCard, where: ModalWhere): ModalView {
  const schema = schemaOf(card.form);
  if (schema === null || card.status !== "pending") return payloadView(card);
  const options = card.options.slice(0, LIMITS.selectOptions).map((option) => ({
    text: plain(option, LIMITS.optionText),
    value: clip(option, 150),
  }));
  const [first] = options;
  const choice: Block[] =
    first === undefined
      ? []
      : [
          {
            type: "input",
            block_id: "option",
            label: plain("Answer", LIMITS.inputLabel),
            element: { type: "static_select", action_id: "option", options, initial_option: first },
          },
        ];
  const values = parseJson(card.payload ?? "") ?? {};
  const blocks = [
    ...asked(card.question),
    ...formBlocks(schema, values),
    ...choice,
    reasonInput(card.reasonRequired.length > 0 ? `Why? Needed for ${card.reasonRequired.join(", ")}` : "Why?", false),
  ];
  return modal(MODALS.form, "Edit and answer", blocks, {
    submit: "Answer",
    about: { approvalId: card.approvalId, ...where },
  });
}

/** Payload longer than a modal can hold comes as a file instead; see `fitsModal`. */
const MODAL_PIECE = 2_400;
const MAX_PIECES = 60;

export const fitsModal = (card: ApprovalCard): boolean =>
  readablePayload(card.payload ?? "").length <= MODAL_PIECE * MAX_PIECES;

export function payloadView(card: ApprovalCard): ModalView {
  const readable = readablePayload(card.payload ?? "");
  const parts = readable === "" ? [] : pieces(readable, MODAL_PIECE).flatMap(escapedPieces);
  const shown = parts.slice(0, MAX_PIECES).map((part) => marked(fenced(part)));
  const rest = parts.length > MAX_PIECES ? [small("The rest is in the file that was sent to you.")] : [];
  const ended = card.outcomeLine === null ? [] : [words(card.outcomeLine)];
  return modal(MODALS.view, "Question", [...asked(card.question), small(card.context), ...ended, ...shown, ...rest]);
}

/** A piece full of `&` would be too long once it is escaped. */
function escapedPieces(piece: string): string[] {
  const found: string[] = [];
  for (let rest = piece; rest !== ""; ) {
    const cut = clipEscaped(rest, LIMITS.sectionText - 20, inFence);
    const taken = cut === rest ? rest : rest.slice(0, cut.length - 1);
    found.push(taken);
    rest = rest.slice(taken.length);
  }
  return found;
}

export function runView(form: WorkflowForm, where: ModalWhere, given: Record<string, string>): ModalView {
  const schema = parseJson(form.inputs ?? "") ?? {};
  const about = form.description === null ? [] : [words(form.description)];
  const inputs = formBlocks(schema, given);
  return modal(MODALS.run, clip(form.title, LIMITS.modalTitle), [...about, ...inputs], {
    submit: "Start",
    about: { workflow: form.name, ...where },
  });
}

/** Something to show at once while the rest is fetched. */
export const loadingView = (): ModalView => modal(MODALS.view, "One moment", [words("Looking it up…")]);

export const noticeView = (text: string): ModalView => modal(MODALS.view, "Sorry", [words(text)]);
