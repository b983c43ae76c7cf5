/** A YAML or JSON text as a tree whose every part knows its place, so that each problem can name line and column. */
import { type Document, isAlias, isMap, isPair, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import type { Problem } from "../contract/problem.ts";
import type { Json } from "./definition.ts";
import { jsonProblem } from "./json_syntax.ts";

export type Tree =
  | { kind: "map"; at: number; entries: { key: string; at: number; value: Tree }[] }
  | { kind: "list"; at: number; items: Tree[] }
  | { kind: "scalar"; at: number; value: null | boolean | number | string; source: string };

export const MAX_SOURCE = 256_000;
/** Problems, and warnings, of one file. */
export const MAX_TOLD = 100;
const MAX_NESTING = 40;

/** Collects problems; offsets become lines and columns. Errors refuse a definition, warnings only speak. */
export class Problems {
  readonly errors: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly file: string;
  private readonly lines = new LineCounter();
  private seen = new Set<string>();
  constructor(file: string, source: string) {
    this.file = file;
    this.lines.addNewLine(0);
    for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) this.lines.addNewLine(at + 1);
  }
  error(at: number, message: string, remedy: string): void {
    this.add(this.errors, at, message, remedy);
  }
  warn(at: number, message: string, remedy: string): void {
    this.add(this.warnings, at, message, remedy);
  }
  private add(list: Problem[], at: number, message: string, remedy: string): void {
    const { line, col } = this.lines.linePos(Math.max(0, at));
    const key = `${line}:${col}:${message}`;
    // More than this helps nobody.
    if (this.seen.has(key) || list.length >= MAX_TOLD) return;
    this.seen.add(key);
    list.push({ file: this.file, line: Math.max(1, line), column: Math.max(1, col), message, remedy });
  }
}

/** Null when the text cannot be read at all; then `problems` says why. */
export function readTree(source: string, problems: Problems): Tree | null {
  if (source.length > MAX_SOURCE) {
    problems.error(
      0,
      `the file is longer than ${MAX_SOURCE} characters`,
      "split it into workflows that run one another",
    );
    return null;
  }
  const json = /^\s*[{[]/.test(source) ? parseJson(source) : undefined;
  // YAML takes much that looks like JSON and is none; a file that is named JSON is held to it, whatever else reads it.
  const isJson = /\.json$/i.test(problems.file);
  if (isJson && json === undefined && refusedAsJson(source, problems)) return null;
  let document: Document.Parsed;
  try {
    // YAML forbids tabs where JSON allows them; offsets stay the same. The library's own search for equal keys is quadratic.
    document = parseDocument(json === undefined ? source : source.replaceAll("\t", " "), {
      prettyErrors: false,
      uniqueKeys: false,
    });
  } catch {
    // The library recurses: what overflows its stack is nested absurdly.
    problems.error(0, "the file cannot be read: it is nested too deeply", "flatten it");
    return null;
  }
  // The few texts that are JSON and not YAML (very long keys) lose their places, not their meaning.
  if (document.errors.length > 0 && json !== undefined) return fromJson(json, problems, 0);
  if (document.errors.length > 0 && LIKE_JSON.test(source) && refusedAsJson(source, problems)) return null;
  for (const error of document.errors) problems.error(error.pos[0], sentence(error.message), "correct the YAML here");
  if (document.errors.length > 0) return null;
  if (document.contents === null) {
    problems.error(0, "the file is empty", "write a workflow: startNodeId and nodes, or steps");
    return null;
  }
  return convert(document.contents, problems, 0);
}

/** YAML has braces too, but hardly anybody begins with them and quotes the first name. */
const LIKE_JSON = /^\uFEFF?\s*\{\s*["}]/;

/** False: there is nothing in it, or nothing wrong with it as JSON. */
function refusedAsJson(source: string, problems: Problems): boolean {
  const problem = /\S/.test(source) ? jsonProblem(source) : null;
  if (problem !== null) problems.error(problem.at, `as JSON: ${problem.message}`, problem.remedy);
  return problem !== null;
}

const sentence = (message: string): string =>
  /stack/i.test(message) ? "nested too deeply" : message.replaceAll(/\s+/g, " ").slice(0, 200);

function parseJson(source: string): Json | undefined {
  try {
    return JSON.parse(source.replace(/^\uFEFF/, ""));
  } catch {
    return undefined;
  }
}

function fromJson(value: Json, problems: Problems, depth: number): Tree | null {
  if (depth > MAX_NESTING) {
    problems.error(0, "nested too deeply", "flatten it");
    return null;
  }
  if (typeof value !== "object" || value === null) return { kind: "scalar", at: 0, value, source: String(value) };
  const parts = Object.entries(value).map(([key, item]) => ({
    key,
    at: 0,
    value: fromJson(item, problems, depth + 1),
  }));
  if (parts.some((part) => part.value === null)) return null;
  const entries = parts as { key: string; at: number; value: Tree }[];
  return Array.isArray(value)
    ? { kind: "list", at: 0, items: entries.map((entry) => entry.value) }
    : { kind: "map", at: 0, entries };
}

function convert(node: Node, problems: Problems, depth: number): Tree | null {
  const at = node.range?.[0] ?? 0;
  if (depth > MAX_NESTING) {
    problems.error(at, "nested too deeply", "flatten it");
    return null;
  }
  if (isAlias(node) || ("anchor" in node && node.anchor)) {
    problems.error(at, "anchors and aliases (& and *) are not supported", "write the value out");
    return null;
  }
  if (isScalar(node)) return scalar(node.value, node.source, at, problems);
  if (isSeq(node)) {
    const items = node.items.map((item) => convert(item as Node, problems, depth + 1));
    return items.includes(null) ? null : { kind: "list", at, items: items as Tree[] };
  }
  if (!isMap(node)) {
    problems.error(at, "this is neither a value, a list nor a map", "correct the YAML here");
    return null;
  }
  const entries: { key: string; at: number; value: Tree }[] = [];
  const keys = new Set<string>();
  let whole = true;
  for (const pair of node.items) {
    if (!isPair(pair) || !isScalar(pair.key)) {
      problems.error(at, "a key must be one word or quoted text", "write key: value");
      whole = false;
      continue;
    }
    const keyAt = pair.key.range?.[0] ?? at;
    // The source keeps keys such as 1.10 as they were written.
    const key = typeof pair.key.value === "string" ? pair.key.value : (pair.key.source ?? String(pair.key.value));
    if (keys.has(key)) problems.error(keyAt, `"${key.slice(0, 60)}" stands here twice`, "remove or rename one");
    keys.add(key);
    const value: Tree | null =
      pair.value === null
        ? { kind: "scalar", at: keyAt, value: null, source: "" }
        : convert(pair.value as Node, problems, depth + 1);
    if (value === null) whole = false;
    else entries.push({ key, at: keyAt, value });
  }
  return whole ? { kind: "map", at, entries } : null;
}

function scalar(value: unknown, source: string | undefined, at: number, problems: Problems): Tree | null {
  if (value === null || typeof value === "boolean" || typeof value === "string" || typeof value === "number") {
    if (typeof value === "number" && !Number.isFinite(value)) {
      problems.error(at, "this number cannot be stored", "write a finite number, or quote it");
      return null;
    }
    return { kind: "scalar", at, value, source: source ?? String(value) };
  }
  if (typeof value === "bigint") return { kind: "scalar", at, value: Number(value), source: source ?? String(value) };
  problems.error(at, "values of this kind are not supported", "write text, a number, true, false or null");
  return null;
}

/** The plain value. */
export function toJson(tree: Tree): Json {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(toJson);
  return Object.fromEntries(tree.entries.map(({ key, value }) => [key, toJson(value)]));
}
