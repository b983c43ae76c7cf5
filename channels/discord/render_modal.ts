/** Modals: a reason, words, a form, a workflow's inputs. Pure. */
import { type ApprovalCard, MAX_REASON } from "../../src/contract/approval.ts";
import { schemaOf } from "../../src/contract/form.ts";
import type { WorkflowForm } from "../../src/contract/lookups.ts";
import { parseJson } from "../../src/contract/untrusted.ts";
import { type Field, formFields } from "./form.ts";
import { customId } from "./ids.ts";
import { clip, LIMITS } from "./limits.ts";
import { COMPONENT } from "./wire.ts";

export interface Modal {
  custom_id: string;
  title: string;
  components: Field[];
}

/** Custom ids of fields that are not a form's. */
export const INPUTS = { reason: "reason", text: "text", option: "option" } as const;
const input = (id: string, label: string, hint: string | null, required: boolean): Field => ({
  type: COMPONENT.label,
  label: clip(label, LIMITS.fieldLabel),
  ...(hint === null || hint === "" ? {} : { description: clip(hint, LIMITS.fieldDescription) }),
  component: { type: COMPONENT.text, custom_id: id, style: 2, required, max_length: MAX_REASON },
});

/** `opener`: the interaction that opens it. `question` is what one is asked, where it is known. */
export function reasonModal(
  ids: { approvalId: string; option: string },
  required: boolean,
  question: string | null,
  opener: string,
): Modal {
  return {
    custom_id: customId(required ? "demand" : "reason", ids.approvalId, ids.option, 0, opener),
    title: clip(`${ids.option}: why?`, LIMITS.modalTitle),
    components: [input(INPUTS.reason, required ? "Reason" : "Reason, if you like", question, required)],
  };
}

export function textModal(approvalId: string, question: string | null, opener: string): Modal {
  return {
    custom_id: customId("write", approvalId, "", 0, opener),
    title: "Your answer",
    components: [input(INPUTS.text, "Answer", question, true)],
  };
}

/** The option is chosen in it; the fields hold what was asked for. */
export function formModal(card: ApprovalCard, opener: string): Modal {
  const schema = schemaOf(card.form) ?? {};
  const { fields } = formFields(schema, parseJson(card.payload ?? "") ?? {}, LIMITS.modalFields - 1);
  const options = card.options.slice(0, LIMITS.selectOptions).map((option, index) => ({
    label: clip(option, LIMITS.optionLabel),
    value: clip(option, LIMITS.optionLabel),
    ...(index === 0 ? { default: true } : {}),
  }));
  const answer: Field =
    options.length === 0
      ? input(INPUTS.text, "Answer", card.question, true)
      : {
          type: COMPONENT.label,
          label: "Answer",
          component: { type: COMPONENT.select, custom_id: INPUTS.option, options, min_values: 1, max_values: 1 },
        };
  return {
    custom_id: customId("edit", card.approvalId, "", 0, opener),
    title: clip(card.question.replaceAll("\n", " "), LIMITS.modalTitle),
    components: [...fields, answer],
  };
}

/** null: it takes no input, or more of what it requires than a modal holds. */
export function runModal(form: WorkflowForm, opener: string): Modal | null {
  const schema = parseJson(form.inputs ?? "") ?? {};
  const required = Array.isArray(schema.required) ? schema.required.length : 0;
  const { fields } = formFields(schema, {}, LIMITS.modalFields);
  if (fields.length === 0 || required > LIMITS.modalFields) return null;
  return {
    custom_id: customId("run", form.name, "", 0, opener),
    title: clip(form.title, LIMITS.modalTitle),
    components: fields,
  };
}
