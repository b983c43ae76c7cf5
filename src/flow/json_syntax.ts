/**
 * Where and why a text is not JSON. The engine's own errors differ by version and some have no position, so the text is read once more,
 * without keeping values, up to the first thing that JSON does not allow.
 */
import type { SyntaxProblem } from "./expression.ts";

class NotJson extends Error {
  readonly problem: SyntaxProblem;
  constructor(at: number, message: string, remedy: string) {
    super(message);
    this.problem = { at, message, remedy };
  }
}

interface Open {
  bracket: "{" | "[";
  at: number;
}

const CLOSES = { "{": "}", "[": "]" } as const;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const QUOTED = /"[^"\r\n]{0,40}"?/y;
const WORD = /[^\s,:{}[\]"]+/y;

/** Null: it is JSON. */
export function jsonProblem(source: string): SyntaxProblem | null {
  try {
    new Reader(source).whole();
    return null;
  } catch (thrown) {
    if (thrown instanceof NotJson) return thrown.problem;
    throw thrown;
  }
}

/** A list of open brackets instead of recursion: no text is too deep for it. */
class Reader {
  private at = 0;
  private readonly open: Open[] = [];
  private readonly source: string;
  constructor(source: string) {
    this.source = source;
    if (source.startsWith("\uFEFF")) this.at = 1;
  }

  whole(): void {
    this.value("the text");
    while (this.open.length > 0) {
      const { bracket } = this.open.at(-1)!;
      const [end, next] = [CLOSES[bracket], this.next()];
      if (next === end) this.close();
      else if (next === ",") this.comma(end, bracket);
      else {
        this.neverEnds();
        throw new NotJson(
          this.at,
          `expected "," or "${end}" after the value, found ${this.found()}`,
          this.unlessComment("put a comma between two values, and close every bracket"),
        );
      }
    }
    if (this.next() !== undefined)
      throw new NotJson(this.at, `nothing may follow the value, found ${this.found()}`, "remove it");
  }

  /** A value, or the beginning of one: the first value inside a bracket is read along with it. */
  private value(what: string): void {
    for (;;) {
      const next = this.next();
      if (next !== "{" && next !== "[") {
        this.plain(next, what);
        return;
      }
      this.open.push({ bracket: next, at: this.at++ });
      if (this.next() === CLOSES[next]) {
        this.close();
        return;
      }
      what = next === "{" ? this.key() : "the list";
    }
  }

  private comma(end: string, bracket: "{" | "["): void {
    const comma = this.at++;
    if (this.next() === end) throw new NotJson(comma, `a comma before "${end}"`, "remove it");
    this.value(bracket === "{" ? this.key() : "the list");
  }

  /** Ends behind the colon. */
  private key(): string {
    const start = this.at;
    if (this.next() !== '"') {
      this.neverEnds();
      throw new NotJson(
        this.at,
        `expected a field's name in double quotes, found ${this.found()}`,
        this.unlessComment('write "name": value'),
      );
    }
    this.quoted();
    const name = this.source.slice(start, this.at).trim().slice(0, 60);
    if (this.next() !== ":") {
      this.neverEnds();
      throw new NotJson(this.at, `expected ":" after ${name}, found ${this.found()}`, `write ${name}: value`);
    }
    this.at++;
    return name;
  }

  private plain(next: string | undefined, what: string): void {
    if (next === '"') {
      this.quoted();
      return;
    }
    if (next === undefined || ",:}]".includes(next)) {
      if (this.open.length > 0) this.neverEnds();
      throw new NotJson(this.at, `${what} has no value here, found ${this.found()}`, "write one, or null");
    }
    if (this.number()) return;
    const word = this.word();
    if (word === "true" || word === "false" || word === "null") {
      this.at += word.length;
      return;
    }
    const remedy = /^[-+.]?\d/.test(word)
      ? "write a number like 5, -1.5 or 1e6, or put it in double quotes"
      : "put text in double quotes; besides there are numbers, true, false and null";
    throw new NotJson(this.at, `${this.found()} is not a value of JSON`, this.unlessComment(remedy));
  }

  private unlessComment(remedy: string): string {
    return /^(\/\/|\/\*|#)/.test(this.source.slice(this.at, this.at + 2)) ? "JSON has no comments: remove it" : remedy;
  }

  private quoted(): void {
    const start = this.at++;
    for (; this.at < this.source.length; this.at++) {
      const character = this.source[this.at]!;
      if (character === '"') {
        this.at++;
        return;
      }
      if (character === "\n" || character === "\r") break;
      if (character < " ") throw new NotJson(this.at, "a control character inside text", "write it as \\t or \\u0000");
      if (character !== "\\") continue;
      if (!/^(?:["\\/bfnrt]|u[\da-fA-F]{4})/.test(this.source.slice(this.at + 1, this.at + 6)))
        throw new NotJson(
          this.at,
          `"\\${this.source[this.at + 1] ?? ""}" means nothing in text`,
          'write \\\\ for a backslash, \\" for a quote, \\n for a new line',
        );
      this.at++;
    }
    throw new NotJson(
      start,
      "the text that begins here does not end on its line",
      'add the closing ", and write \\n for a new line',
    );
  }

  /** At the end of the text: the innermost bracket is what lacks its end. */
  private neverEnds(): void {
    const innermost = this.open.at(-1);
    if (this.next() !== undefined || innermost === undefined) return;
    const { bracket, at } = innermost;
    throw new NotJson(at, `the "${bracket}" here is not closed before the text ends`, `add "${CLOSES[bracket]}"`);
  }

  private close(): void {
    this.open.pop();
    this.at++;
  }

  /** The next character that counts; undefined at the end. */
  private next(): string | undefined {
    while (" \t\r\n".includes(this.source[this.at] ?? "x")) this.at++;
    return this.source[this.at];
  }

  private number(): boolean {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.source);
    if (match === null || /[\w.+-]/.test(this.source[NUMBER.lastIndex] ?? " ")) return false;
    this.at = NUMBER.lastIndex;
    return true;
  }

  private word(): string {
    WORD.lastIndex = this.at;
    return WORD.exec(this.source)?.[0] ?? "";
  }

  private found(): string {
    if (this.at >= this.source.length) return "the end";
    QUOTED.lastIndex = this.at;
    const found = QUOTED.exec(this.source)?.[0].replaceAll('"', "") ?? this.word();
    return `"${(found || this.source[this.at]!).slice(0, 40)}"`;
  }
}
