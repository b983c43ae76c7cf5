/**
 * Edited values in an answer by text: `ok 7N amount=9 memo="two words"`, where the question has a form. What names a field of the form is
 * never taken for a reason: an answer that was to change a value and does not say so clearly settles nothing.
 */
import { FIELD_NAME, fieldWays, jsonOr } from "../contract/form.ts";
import { meaningOf } from "../contract/option.ts";
import type { Json } from "./definition.ts";
import { isObject, type JsonObject } from "./json.ts";
import { readPairs } from "./pairs.ts";
import { coerceInput } from "./schema.ts";

export interface Formed {
  code: string;
  /** JSON schema of the payload's fields that may be edited; absent or null: none. */
  form?: Json;
}

export type Edits = { fields: JsonObject | null; reason: string | null } | { problem: string };

/** `rest`: what stands after the code. A denial changes nothing, so all of it is the reason. */
export function readEdits({ code, form }: Formed, option: string, rest: string | null): Edits {
  if (form == null || rest === null || meaningOf(option) === "deny") return { fields: null, reason: rest };
  const names = namesOf(form);
  if (!BEGINS_AS_PAIR.test(rest) && !names.some((name) => isSet(name, rest))) return { fields: null, reason: rest };
  const how = `Write for example: ${changing(form, option, code) ?? `${option} ${code} FIELD=VALUE`}; a reason besides as reason="…"`;
  const unclear = (problem: string): Edits => ({ problem: `${problem}. Nothing is settled. ${how}` });
  const pairs = readPairs(rest);
  if ("problem" in pairs) return unclear(pairs.problem);
  // Phones begin a word with a capital.
  const given = [...pairs.values].map(([name, value]) => [fieldFor(name, [...names, "reason"]), value] as const);
  const twice = given.find(([name], at) => given.findIndex(([other]) => other === name) !== at);
  if (twice !== undefined) return unclear(`"${twice[0]}" is given twice`);
  const isReason = ([name]: readonly [string, string]) => name === "reason" && !names.includes(name);
  const reason = given.find(isReason)?.[1].trim() || null;
  const words = given.filter((pair) => !isReason(pair));
  if (words.length === 0) return { fields: null, reason };
  const typed = words.map(([name, text], at) => [name, typedAs(form, name, text, at === words.length - 1)] as const);
  return { fields: Object.fromEntries(typed), reason };
}

/** A final `.` or `!` of the message does not matter, but to text. */
function typedAs(form: Json, name: string, text: string, isLast: boolean): Json {
  const typed = fieldValue(form, name, text);
  const bare = isLast && typeof typed === "string" ? fieldValue(form, name, text.replace(/[.!]$/u, "")) : typed;
  return typeof bare === "string" ? typed : bare;
}

/** A form that lists no fields says nothing about their types. */
const fieldValue = (form: Json, name: string, text: string): Json =>
  namesOf(form).length === 0 ? (jsonOr(text) as Json) : coerceInput(form, { [name]: text })[name]!;

const BEGINS_AS_PAIR = new RegExp(`^${FIELD_NAME}=`, "u");

/** `amount=9`, `amount: rent`, and any number beside the name, `amount should be $9`, `9 for the amount`: better asked again than lost. */
function isSet(name: string, rest: string): boolean {
  const word = name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const [before, after] = [String.raw`(?<![\p{L}\p{N}_])`, String.raw`(?![\p{L}\p{N}_])`];
  if (new RegExp(String.raw`${before}${word}\s*[=:]`, "iu").test(rest)) return true;
  const others = rest.replaceAll(new RegExp(`${before}${word}${after}`, "giu"), " ");
  return others !== rest && /\d/.test(others);
}

const namesOf = (form: Json): string[] =>
  isObject(form) && isObject(form.properties ?? null) ? Object.keys(form.properties as JsonObject) : [];

function fieldFor(name: string, names: string[]): string {
  if (names.includes(name)) return name;
  const alike = names.filter((one) => one.toLowerCase() === name.toLowerCase());
  return alike.length === 1 ? alike[0]! : name;
}

/** "ok 7N amount=NUMBER"; null: no field of the form can be named in text. */
export function changing(form: Json | undefined, option: string, code: string): string | null {
  const { ways } = isObject(form) ? fieldWays(form) : { ways: [] };
  return ways.length === 0 ? null : `${option} ${code} ${ways.join(" ")}`;
}
