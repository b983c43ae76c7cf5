/**
 * The one expression language of branch, condition, until and #if. A small grammar, never evaluated as code.
 *
 *   or      = and { ("or" | "||") and }
 *   and     = not { ("and" | "&&") not }
 *   not     = ("not" | "!") not | compare
 *   compare = left [ operator right ]          a left alone asks whether it is truthy
 *   left    = "(" or ")" | quoted | number | true | false | null | path | "{{" path "}}"
 *   right   = quoted | number | true | false | null | "{{" path "}}" | word     an unquoted word on the right is text, not a variable
 *   operator = == != contains not_contains starts_with ends_with < > <= >=
 *
 * Falsy: nothing, false, 0, blank text, the text "false", an empty list or object.
 */
import type { Json } from "./definition.ts";
import { numberOf, textOf } from "./json.ts";
import { parsePath } from "./scope.ts";

export const OPERATORS = [
  "==",
  "!=",
  "contains",
  "not_contains",
  "starts_with",
  "ends_with",
  "<",
  ">",
  "<=",
  ">=",
] as const;
export type Operator = (typeof OPERATORS)[number];

export type Operand =
  | { kind: "literal"; value: Json; bare: boolean; at: number }
  | { kind: "path"; path: string[]; at: number };
export type Expression =
  | { kind: "and" | "or"; parts: Expression[] }
  | { kind: "not"; part: Expression }
  | { kind: "compare"; operator: Operator; left: Operand | Expression; right: Operand }
  | { kind: "truthy"; value: Operand };

/** `at` is the offset in the source. */
export interface SyntaxProblem {
  at: number;
  message: string;
  remedy: string;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: SyntaxProblem };

const MAX_LENGTH = 4000;
const MAX_NESTING = 40;

class Unparsable extends Error {
  readonly problem: SyntaxProblem;
  constructor(at: number, message: string, remedy: string) {
    super(message);
    this.problem = { at, message, remedy };
  }
}

const cache = new Map<string, Parsed<Expression>>();

export function parseExpression(source: string): Parsed<Expression> {
  const known = cache.get(source);
  if (known) return known;
  const parsed = parseFresh(source);
  // Only speed is at stake; the bound keeps a long-lived process small.
  if (cache.size > 500) cache.clear();
  if (source.length <= MAX_LENGTH) cache.set(source, parsed);
  return parsed;
}

function parseFresh(source: string): Parsed<Expression> {
  try {
    if (source.length > MAX_LENGTH) {
      throw new Unparsable(
        0,
        `the expression is longer than ${MAX_LENGTH} characters`,
        "split it over several branches",
      );
    }
    return { ok: true, value: new Parser(source).whole() };
  } catch (thrown) {
    if (thrown instanceof Unparsable) return { ok: false, problem: thrown.problem };
    throw thrown;
  }
}

const SYMBOLS = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "!", "(", ")"] as const;

class Parser {
  private at = 0;
  private depth = 0;
  private readonly source: string;
  constructor(source: string) {
    this.source = source;
  }

  whole(): Expression {
    this.blanks();
    if (this.at >= this.source.length)
      throw new Unparsable(0, "the expression is empty", "write for example: summary contains DONE");
    const expression = this.or();
    this.blanks();
    if (this.at < this.source.length) {
      throw new Unparsable(
        this.at,
        `did not expect "${excerpt(this.source, this.at)}" here`,
        `put text of several words in quotes; the operators are ${OPERATORS.join(" ")}, joined by and, or, not`,
      );
    }
    return expression;
  }

  private or(): Expression {
    return this.chain("or", () => this.chain("and", () => this.not()));
  }

  private chain(kind: "and" | "or", part: () => Expression): Expression {
    const parts = [part()];
    while (this.word(kind) || this.symbol(kind === "and" ? "&&" : "||")) parts.push(part());
    return parts.length === 1 ? parts[0]! : { kind, parts };
  }

  private not(): Expression {
    let negations = 0;
    while (this.word("not") || this.symbol("!")) negations++;
    const part = this.compare();
    return negations % 2 === 1 ? { kind: "not", part } : part;
  }

  private compare(): Expression {
    this.blanks();
    const start = this.at;
    let left: Operand | Expression;
    if (this.symbol("(")) {
      if (++this.depth > MAX_NESTING)
        throw new Unparsable(start, "too many brackets inside one another", "simplify the expression");
      left = this.or();
      if (!this.symbol(")"))
        throw new Unparsable(this.at, `the bracket opened at ${start + 1} is not closed`, 'add ")"');
      this.depth--;
    } else {
      left = this.left();
    }
    const operator = this.operator();
    if (operator === null) return isOperand(left) ? { kind: "truthy", value: left } : left;
    return { kind: "compare", operator, left, right: this.right(operator) };
  }

  private operator(): Operator | null {
    this.blanks();
    for (const symbol of ["==", "!=", "<=", ">=", "<", ">"] as const) if (this.symbol(symbol)) return symbol;
    for (const name of ["contains", "not_contains", "starts_with", "ends_with"] as const)
      if (this.word(name)) return name;
    if (/^=[^=]/.test(this.source.slice(this.at, this.at + 2))) {
      throw new Unparsable(this.at, '"=" is not an operator', 'write "=="');
    }
    return null;
  }

  private left(): Operand {
    this.blanks();
    const start = this.at;
    const fixed = this.quoted() ?? this.braced();
    if (fixed) return fixed;
    const word = this.take(/[\w@.[\]-]+/y);
    if (word === null) {
      throw new Unparsable(
        start,
        `expected a variable, found "${excerpt(this.source, start)}"`,
        "write a variable's name, for example: summary contains DONE",
      );
    }
    const literal = literalOf(word);
    if (literal !== undefined) return { kind: "literal", value: literal, bare: false, at: start };
    const path = parsePath(word);
    if (path === null) throw new Unparsable(start, `"${word}" is not a variable's name`, "put text in quotes");
    return { kind: "path", path, at: start };
  }

  private right(operator: Operator): Operand {
    this.blanks();
    const start = this.at;
    const fixed = this.quoted() ?? this.braced();
    if (fixed) return fixed;
    const word = this.take(/[^\s()'"{}&|=!<>]+/y);
    if (word === null || ["and", "or", "not"].includes(word)) {
      throw new Unparsable(
        start,
        `nothing stands to the right of ${operator}`,
        "write a value: a word, a number or quoted text",
      );
    }
    const literal = literalOf(word);
    return { kind: "literal", value: literal === undefined ? word : literal, bare: literal === undefined, at: start };
  }

  private quoted(): Operand | null {
    const start = this.at;
    const quote = this.source[start];
    if (quote !== "'" && quote !== '"') return null;
    let text = "";
    for (let at = start + 1; at < this.source.length; at++) {
      const character = this.source[at]!;
      if (character === quote) {
        this.at = at + 1;
        return { kind: "literal", value: text, bare: false, at: start };
      }
      if (character === "\\" && at + 1 < this.source.length) text += this.source[++at];
      else text += character;
    }
    throw new Unparsable(start, "the quote is not closed", `add ${quote}`);
  }

  private braced(): Operand | null {
    const start = this.at;
    if (!this.source.startsWith("{{", start)) return null;
    const end = this.source.indexOf("}}", start);
    if (end < 0) throw new Unparsable(start, "{{ is not closed", "add }}");
    const inner = this.source.slice(start + 2, end);
    const path = parsePath(inner);
    if (path === null)
      throw new Unparsable(
        start,
        `"${inner.trim().slice(0, 40)}" is not a variable's name`,
        "write {{name}} or {{name.field}}",
      );
    this.at = end + 2;
    return { kind: "path", path, at: start };
  }

  private blanks(): void {
    while (this.at < this.source.length && /\s/.test(this.source[this.at]!)) this.at++;
  }

  private symbol(symbol: (typeof SYMBOLS)[number]): boolean {
    this.blanks();
    if (!this.source.startsWith(symbol, this.at)) return false;
    // "!" of "!=" is not a negation.
    if (symbol === "!" && this.source[this.at + 1] === "=") return false;
    this.at += symbol.length;
    return true;
  }

  private word(word: string): boolean {
    this.blanks();
    if (!this.source.startsWith(word, this.at)) return false;
    const after = this.source[this.at + word.length];
    if (after !== undefined && /[\w.-]/.test(after)) return false;
    this.at += word.length;
    return true;
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.source)?.[0];
    if (match === undefined) return null;
    this.at += match.length;
    return match;
  }
}

export const isOperand = (value: Operand | Expression): value is Operand =>
  value.kind === "literal" || value.kind === "path";
const excerpt = (source: string, at: number): string => (at >= source.length ? "the end" : source.slice(at, at + 20));

function literalOf(word: string): Json | undefined {
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  return numberOf(word) ?? undefined;
}

/** Every variable's path that the expression reads, with offsets; and the unquoted words on a right side. */
export function readsOf(expression: Expression): {
  paths: { path: string[]; at: number }[];
  words: { word: string; at: number }[];
} {
  const paths: { path: string[]; at: number }[] = [];
  const words: { word: string; at: number }[] = [];
  const visit = (part: Expression | Operand): void => {
    if (part.kind === "path") paths.push(part);
    else if (part.kind === "literal") part.bare && words.push({ word: textOf(part.value), at: part.at });
    else if (part.kind === "truthy") visit(part.value);
    else if (part.kind === "not") visit(part.part);
    else if (part.kind === "compare") [part.left, part.right].forEach(visit);
    else part.parts.forEach(visit);
  };
  visit(expression);
  return { paths, words };
}
