/** A question, its options, whom it asks and where, as both notations write them. */
import { TIERS } from "../contract/approval.ts";
import { normalize } from "../contract/option.ts";
import type { QuestionSpec } from "./definition.ts";
import type { Draft } from "./draft.ts";
import { reservedReason, wordsFor } from "./options.ts";
import { noteTemplates } from "./parse_parts.ts";
import { checkSchema } from "./schema_syntax.ts";
import { Shape } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import { toJson } from "./tree.ts";

const MAX_OPTIONS = 25;

export const QUESTION_FIELDS = [
  "approvers",
  "quorum",
  "fourEyes",
  "tier",
  "channels",
  "payload",
  "form",
  "reasonRequired",
  "expiresInMs",
  "remindAfterMs",
  "escalate",
] as const;

/** `question` and `options` are the caller's; everything else about asking is read here. */
export function questionSpec(
  draft: Draft,
  shape: Shape,
  question: string,
  options: string[],
  freeText: boolean,
): QuestionSpec {
  const form = shape.tree("form");
  if (form !== null) checkSchema(form, draft.problems, `${shape.label}: form`);
  noteTemplates(draft, shape.tree("payload"), shape.label, []);
  const approvers = people(draft, shape, "approvers");
  if (approvers === null && draft.unattended) {
    const remedy = "add approvers, for example approvers: [role:release]";
    shape.error("approvers", "nobody starts this workflow by hand, so there is nobody to ask", remedy);
  }
  const quorum = shape.count("quorum", 1, 1, 50);
  const fourEyes = shape.flag("fourEyes");
  const tier = shape.choice("tier", TIERS, "low");
  if (approvers === null && (fourEyes || tier === "high")) {
    const field = fourEyes ? "fourEyes" : "tier";
    shape.error(field, "only whoever starts the run is asked, and they may not approve it themselves", "add approvers");
  }
  const everybody = approvers?.every((approver) => approver.startsWith("person:")) ? new Set(approvers).size : null;
  if (quorum > (approvers === null ? 1 : (everybody ?? quorum))) {
    shape.error("quorum", `fewer than ${quorum} people may answer`, "name more approvers, or a role");
  }
  return {
    question,
    options,
    freeText,
    approvers,
    quorum,
    fourEyes,
    tier,
    channels: places(shape, "channels", true),
    payload: shape.json("payload"),
    form: form === null ? null : toJson(form),
    reasonRequired: reasonRequired(shape, options),
    expiresInMs: shape.durationMs("expiresInMs"),
    remindAfterMs: shape.durationMs("remindAfterMs"),
    escalate: escalation(draft, shape),
  };
}

/** Options, each with words of its own. */
export function optionList(draft: Draft, shape: Shape): string[] {
  const listed = shape.texts("options") ?? [];
  const options: string[] = [];
  const owners = new Map<string, string>();
  const say = (at: number, message: string, remedy: string) =>
    draft.problems.error(at, `${shape.label}: ${message}`, remedy);
  for (const { text, at } of listed) {
    const option = text.trim();
    const reason = reservedReason(option);
    if (reason !== null)
      say(at, `an option cannot be named "${option.slice(0, 40)}": ${reason}`, "choose another word");
    else if (option.length > 60 || /[\p{Cc}]/u.test(option))
      say(at, "an option has at most 60 characters on one line", "shorten it");
    else if (normalize(option) === "") say(at, `"${option}" has no word in it`, "name the option");
    else options.push(option);
  }
  for (const [index, option] of options.entries()) {
    const clash = wordsFor(options, index).find((word) => owners.has(word));
    for (const word of wordsFor(options, index)) owners.set(word, owners.get(word) ?? option);
    if (clash === undefined) continue;
    const message = `"${clash}" would mean both "${owners.get(clash)}" and "${option}"`;
    say(shape.place("options"), message, "choose words that cannot be confused");
  }
  if (options.length > MAX_OPTIONS) shape.error("options", `more than ${MAX_OPTIONS} options`, "ask in two steps");
  return options;
}

function reasonRequired(shape: Shape, options: string[]): string[] {
  const listed = shape.texts("reasonRequired") ?? [];
  for (const { text, at } of listed) {
    if (!options.includes(text)) {
      const near = didYouMean(text, options);
      const remedy = near ? `did you mean "${near}"?` : `the options are ${options.join(", ")}`;
      shape.problems.error(
        at,
        `${shape.label}: reasonRequired names "${text.slice(0, 40)}", which is no option`,
        remedy,
      );
    }
  }
  return listed.map(({ text }) => text);
}

/** A person's name may have several words. */
export const PERSON_OR_ROLE = /^(?:role:[^\s:{}]+|person:[^\s:{}]+(?: +[^\s:{}]+)*)$/;

export function people(draft: Draft, shape: Shape, field: string): string[] | null {
  const listed = shape.texts(field);
  if (listed === null) return null;
  for (const { text, at } of listed) {
    if (!PERSON_OR_ROLE.test(text)) {
      const remedy = 'write "person:ana" or "role:release"; a variable cannot name who decides';
      draft.problems.error(at, `${shape.label}: "${text.slice(0, 60)}" is neither a person nor a role`, remedy);
    }
  }
  if (listed.length === 0)
    shape.error(
      field,
      `${field} is empty`,
      "name somebody, or leave the field out: then whoever started the run is asked",
    );
  return listed.length === 0 ? null : listed.map(({ text }) => text);
}

/** `wayOnly` takes a channel's name without an address too. */
export function places(shape: Shape, field: string, wayOnly: boolean): string[] | null {
  const listed = shape.texts(field);
  for (const { text, at } of listed ?? []) checkPlace(shape, text, at, wayOnly);
  return listed?.map(({ text }) => text) ?? null;
}

export function checkPlace(shape: Shape, place: string, at: number, wayOnly: boolean): void {
  const known = /^(slack|discord|sms):\S+$/.test(place) || /^terminal(:\S+)?$/.test(place);
  if (known || (wayOnly && /^(slack|discord|sms)$/.test(place))) return;
  const remedy = "write slack:#name, discord:CHANNEL, sms:PERSON, sms:+E164 or terminal";
  shape.problems.error(at, `${shape.label}: "${place.slice(0, 60)}" is not a place`, remedy);
}

function escalation(draft: Draft, shape: Shape): QuestionSpec["escalate"] {
  const tree = shape.tree("escalate");
  if (tree === null) return [];
  if (tree.kind !== "list") {
    shape.error("escalate", "escalate must be a list", "write - afterMs: 1800000 and to or via below it");
    return [];
  }
  return tree.items.map((item) => {
    const rung = new Shape(item, ["afterMs", "to", "via"], draft.problems, `${shape.label}: escalate`);
    if (!rung.has("afterMs")) rung.error("afterMs", "afterMs is missing", "write after how many milliseconds");
    if (!rung.has("to") && !rung.has("via"))
      rung.error("to", "to or via is missing", "write whom to ask, or on which channel");
    return {
      afterMs: rung.durationMs("afterMs") ?? 0,
      to: people(draft, rung, "to") ?? [],
      via: places(rung, "via", true) ?? [],
    };
  });
}
