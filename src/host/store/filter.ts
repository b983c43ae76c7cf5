/** The expression language of `.filter(q => …)` (convex/server, filter_builder_impl), compiled to closures over documents. */
import { compareValues, jsonToConvex, type Value } from "convex/values";
import { HostError } from "../values/error.ts";
import { fieldAt } from "../values/key.ts";
import { isPlainObject, isUndefined, resolveCommitTs } from "../values/special.ts";
import type { Json, JsonObject } from "./types.ts";

type Operand = Value | undefined;
type Evaluate = (document: JsonObject) => Operand;
export type Predicate = (document: JsonObject) => boolean;

// What a commit time counts as until it is known.
const PENDING_TS = 2n ** 63n - 1n;

export function compileFilter(expression: Json): Predicate {
  const evaluate = compile(expression);
  return (document) => Boolean(evaluate(document));
}

function compile(expression: Json): Evaluate {
  if (!isPlainObject(expression)) throw unknown(expression);
  const [operator] = Object.keys(expression);
  const operand = operator === undefined ? undefined : expression[operator];
  if (operand === undefined) throw unknown(expression);
  switch (operator) {
    case "$field": {
      const path = String(operand).split(".");
      return (document) => toValue(fieldAt(document, path));
    }
    case "$literal": {
      const literal = toValue(operand);
      return () => literal;
    }
    case "$and":
    case "$or": {
      const parts = (operand as Json[]).map(compile);
      return operator === "$and"
        ? (document) => parts.every((part) => Boolean(part(document)))
        : (document) => parts.some((part) => Boolean(part(document)));
    }
    case "$not":
    case "$neg": {
      const part = compile(operand);
      return operator === "$not" ? (document) => !part(document) : (document) => negate(part(document));
    }
  }
  const binary = BINARY[operator as keyof typeof BINARY];
  if (binary === undefined || !Array.isArray(operand) || operand.length !== 2) throw unknown(expression);
  const left = compile(operand[0]!);
  const right = compile(operand[1]!);
  return (document) => binary(left(document), right(document));
}

const BINARY = {
  $eq: (a: Operand, b: Operand) => compareValues(a, b) === 0,
  $neq: (a: Operand, b: Operand) => compareValues(a, b) !== 0,
  $lt: (a: Operand, b: Operand) => compareValues(a, b) < 0,
  $lte: (a: Operand, b: Operand) => compareValues(a, b) <= 0,
  $gt: (a: Operand, b: Operand) => compareValues(a, b) > 0,
  $gte: (a: Operand, b: Operand) => compareValues(a, b) >= 0,
  $add: arithmetic(
    "add",
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  $sub: arithmetic(
    "sub",
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  $mul: arithmetic(
    "mul",
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  $div: arithmetic(
    "div",
    (a, b) => a / b,
    (a, b) => a / b,
  ),
  $mod: arithmetic(
    "mod",
    (a, b) => a % b,
    (a, b) => a % b,
  ),
};

function arithmetic(
  name: string,
  floats: (a: number, b: number) => number,
  integers: (a: bigint, b: bigint) => bigint,
) {
  return (a: Operand, b: Operand): Operand => {
    if (typeof a === "number" && typeof b === "number") return floats(a, b);
    if (typeof a === "bigint" && typeof b === "bigint") {
      if (b === 0n && (name === "div" || name === "mod")) throw new HostError(`Division by zero in \`q.${name}\`.`);
      return integers(a, b);
    }
    throw new HostError(
      `Cannot evaluate \`q.${name}\` of ${typeName(a)} and ${typeName(b)}: both must be numbers of one type.`,
    );
  };
}

function negate(value: Operand): Operand {
  if (typeof value === "number" || typeof value === "bigint") return -value;
  throw new HostError(`Cannot evaluate \`q.neg\` of ${typeName(value)}.`);
}

function toValue(json: Json | undefined): Operand {
  if (json === undefined || isUndefined(json)) return undefined;
  if (typeof json !== "object" || json === null) return json;
  return jsonToConvex(resolveCommitTs(json, PENDING_TS));
}

function typeName(value: Operand): string {
  return value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
}

function unknown(expression: Json): HostError {
  return new HostError(`The embedded Convex host does not know the filter expression ${JSON.stringify(expression)}.`);
}
