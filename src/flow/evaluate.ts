/** The meaning of an expression. Pure: the same scope gives the same answer. */
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import { type Expression, isOperand, type Operand, type Operator, parseExpression } from "./expression.ts";
import { kindOf, numberOf, textOf } from "./json.ts";
import { resolve, type Scope } from "./scope.ts";

/** Throws a FactoryError for an unknown variable, a field of a text, or an order between things that have none. */
export function evaluate(expression: Expression, scope: Scope): boolean {
  switch (expression.kind) {
    case "and":
      return expression.parts.every((part) => evaluate(part, scope));
    case "or":
      return expression.parts.some((part) => evaluate(part, scope));
    case "not":
      return !evaluate(expression.part, scope);
    case "truthy":
      return isTruthy(operandValue(expression.value, scope));
    case "compare": {
      const left = isOperand(expression.left) ? operandValue(expression.left, scope) : evaluate(expression.left, scope);
      return compare(left, expression.operator, operandValue(expression.right, scope));
    }
  }
}

/** Parses and evaluates; a text that does not parse is a FactoryError too. */
export function holds(source: string, scope: Scope): boolean {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    throw new FactoryError(
      "invalid_definition",
      `the expression "${source.slice(0, 80)}" cannot be read: ${parsed.problem.message}`,
      {
        remedy: parsed.problem.remedy,
      },
    );
  }
  return evaluate(parsed.value, scope);
}

const operandValue = (operand: Operand, scope: Scope): Json =>
  operand.kind === "literal" ? operand.value : resolve(scope, operand.path, "null");

export function isTruthy(value: Json): boolean {
  if (typeof value === "string") return value.trim() !== "" && value.trim().toLowerCase() !== "false";
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

function compare(left: Json, operator: Operator, right: Json): boolean {
  switch (operator) {
    case "==":
      return isEqual(left, right);
    case "!=":
      return !isEqual(left, right);
    case "contains":
      return contains(left, right);
    case "not_contains":
      return !contains(left, right);
    case "starts_with":
      return textOf(left).trimStart().startsWith(textOf(right));
    case "ends_with":
      return textOf(left).trimEnd().endsWith(textOf(right));
    default:
      return isOrdered(left, operator, right);
  }
}

/** Numbers by value (also written as text), text without the blanks around it, nothing equals blank text. */
function isEqual(left: Json, right: Json): boolean {
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== null && b !== null && (typeof left === "number" || typeof right === "number")) return a === b;
  return textOf(left).trim() === textOf(right).trim();
}

function contains(left: Json, right: Json): boolean {
  if (Array.isArray(left)) return left.some((item) => isEqual(item, right));
  return textOf(left).includes(textOf(right));
}

function isOrdered(left: Json, operator: "<" | ">" | "<=" | ">=", right: Json): boolean {
  if (left === null || right === null) return false;
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a === null || b === null) {
    const odd = a === null ? left : right;
    throw new FactoryError(
      "invalid_input",
      `${operator} compares numbers, but one side is ${kindOf(odd)}: "${textOf(odd).slice(0, 40)}"`,
      {
        remedy: "let the earlier step answer with a number alone, or use contains",
      },
    );
  }
  if (operator === "<") return a < b;
  if (operator === ">") return a > b;
  return operator === "<=" ? a <= b : a >= b;
}
