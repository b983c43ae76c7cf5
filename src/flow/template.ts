/**
 * The one template language of prompts, questions, payloads and outputs.
 *
 *   {{path}}   {{#if expression}} … {{else if expression}} … {{else}} … {{/if}}   {{#each path}} … {{this}} {{@index}} … {{/each}}   \{{ is a literal {{
 *
 * Values are data: what a variable contains is never read as a template again. A block tag alone on its line leaves no empty line.
 * Inside #each the fields of the item are names too.
 */
import { FactoryError } from "../contract/errors.ts";
import type { Json } from "./definition.ts";
import { evaluate } from "./evaluate.ts";
import { type Expression, type Parsed, parseExpression, readsOf, type SyntaxProblem } from "./expression.ts";
import { isObject, kindOf, textOf } from "./json.ts";
import { parsePath, resolve, type Scope, within } from "./scope.ts";

export type TemplateNode =
  | { kind: "text"; text: string }
  | { kind: "value"; path: string[]; at: number }
  | { kind: "if"; arms: { when: Expression | null; at: number; body: TemplateNode[] }[] }
  | { kind: "each"; path: string[]; at: number; body: TemplateNode[] };
export type Template = TemplateNode[];

const MAX_SOURCE = 100_000;
const MAX_NESTING = 20;
export const MAX_RENDERED = 500_000;
/** Rounds of #each in one rendering, so that nested lists end. */
const MAX_ROUNDS = 100_000;

const cache = new Map<string, Parsed<Template>>();

export function parseTemplate(source: string): Parsed<Template> {
  const known = cache.get(source);
  if (known) return known;
  const parsed = parseFresh(source);
  if (cache.size > 500) cache.clear();
  if (source.length < 20_000) cache.set(source, parsed);
  return parsed;
}

interface Open {
  kind: "root" | "if" | "each";
  at: number;
  body: TemplateNode[];
  node: TemplateNode | null;
  sawElse: boolean;
}

const BLOCK = /^(#|\/|else\b)/;

function parseFresh(source: string): Parsed<Template> {
  const no = (at: number, message: string, remedy: string): { ok: false; problem: SyntaxProblem } => ({
    ok: false,
    problem: { at, message, remedy },
  });
  if (source.length > MAX_SOURCE) return no(0, `the template is longer than ${MAX_SOURCE} characters`, "shorten it");
  const root: Template = [];
  const stack: Open[] = [{ kind: "root", at: 0, body: root, node: null, sawElse: false }];
  let text = "";
  const flush = () => {
    if (text !== "") stack.at(-1)!.body.push({ kind: "text", text });
    text = "";
  };
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("{{", at);
    if (open < 0) {
      text += source.slice(at);
      break;
    }
    if (source[open - 1] === "\\" && open > at) {
      text += `${source.slice(at, open - 1)}{{`;
      at = open + 2;
      continue;
    }
    text += source.slice(at, open);
    const close = source.indexOf("}}", open + 2);
    if (close < 0) return no(open, "{{ is not closed", "add }}, or write \\{{ for the characters themselves");
    const tag = source.slice(open + 2, close).trim();
    at = close + 2;
    if (!BLOCK.test(tag)) {
      const path = parsePath(tag);
      if (path === null) {
        return no(
          open,
          `"${tag.slice(0, 40)}" is not a variable's name`,
          "write {{name}}, {{name.field}}, {{#if …}} or {{#each …}}",
        );
      }
      flush();
      stack.at(-1)!.body.push({ kind: "value", path, at: open + 2 });
      continue;
    }
    // A block tag alone on its line takes the line with it.
    const lineStart = text.lastIndexOf("\n") + 1;
    const alone =
      /^[ \t]*$/.test(text.slice(lineStart)) &&
      (lineStart > 0 || stack.at(-1)!.body.length === 0) &&
      /^[ \t]*(\r?\n|$)/.test(source.slice(at, at + 200));
    if (alone) {
      text = text.slice(0, lineStart);
      at += /^[ \t]*(\r?\n)?/.exec(source.slice(at))![0].length;
    }
    flush();
    const top = stack.at(-1)!;
    if (tag.startsWith("#")) {
      if (stack.length > MAX_NESTING) return no(open, "too many blocks inside one another", "simplify the template");
      const [, name, rest] = /^#\s*(\w*)\s*([\s\S]*)$/.exec(tag)!;
      if (name === "if") {
        const when = parseExpression(rest!);
        if (!when.ok) return no(open, `#if: ${when.problem.message}`, when.problem.remedy);
        const arm = { when: when.value, at: open, body: [] as TemplateNode[] };
        const node: TemplateNode = { kind: "if", arms: [arm] };
        top.body.push(node);
        stack.push({ kind: "if", at: open, body: arm.body, node, sawElse: false });
      } else if (name === "each") {
        const path = parsePath(rest!);
        if (path === null)
          return no(open, `#each needs a list's name, not "${rest!.slice(0, 40)}"`, "write {{#each items}}");
        const node: TemplateNode = { kind: "each", path, at: open, body: [] };
        top.body.push(node);
        stack.push({ kind: "each", at: open, body: node.body, node, sawElse: false });
      } else {
        return no(open, `there is no block "#${name}"`, "the blocks are #if and #each");
      }
    } else if (tag.startsWith("else")) {
      if (top.kind !== "if" || top.node?.kind !== "if") return no(open, "{{else}} outside of {{#if}}", "remove it");
      if (top.sawElse) return no(open, "nothing may follow {{else}} but {{/if}}", "remove the second {{else}}");
      const rest = /^else(?:\s+if\s+([\s\S]+))?$/.exec(tag);
      if (rest === null) return no(open, `"${tag.slice(0, 40)}" is not a tag`, "write {{else}} or {{else if …}}");
      const when = rest[1] === undefined ? null : parseExpression(rest[1]);
      if (when !== null && !when.ok) return no(open, `else if: ${when.problem.message}`, when.problem.remedy);
      const arm = { when: when === null ? null : when.value, at: open, body: [] as TemplateNode[] };
      top.node.arms.push(arm);
      top.body = arm.body;
      top.sawElse = when === null;
    } else {
      const name = tag.slice(1).trim();
      if (top.kind === "root") return no(open, `{{/${name.slice(0, 20)}}} closes nothing`, "remove it");
      if (name !== top.kind)
        return no(open, `{{/${name.slice(0, 20)}}} where {{/${top.kind}}} is expected`, `write {{/${top.kind}}}`);
      stack.pop();
    }
  }
  flush();
  const open = stack.at(-1)!;
  if (open.kind !== "root") return no(open.at, `{{#${open.kind}}} is not closed`, `add {{/${open.kind}}}`);
  return { ok: true, value: root };
}

/** Throws a FactoryError for a text that is no template, an unknown variable, a missing field, or a result that is too long. */
export function render(source: string, scope: Scope): string {
  if (!source.includes("{{")) return source;
  const parsed = parseTemplate(source);
  if (!parsed.ok) {
    throw new FactoryError("invalid_definition", `the template cannot be read: ${parsed.problem.message}`, {
      remedy: parsed.problem.remedy,
    });
  }
  const budget = { characters: MAX_RENDERED, rounds: MAX_ROUNDS };
  const out: string[] = [];
  emit(parsed.value, scope, out, budget);
  return out.join("");
}

interface Budget {
  characters: number;
  rounds: number;
}

function emit(template: Template, scope: Scope, out: string[], budget: Budget): void {
  for (const node of template) {
    if (node.kind === "text") put(node.text, out, budget);
    else if (node.kind === "value") put(textOf(resolve(scope, node.path, "error")), out, budget);
    else if (node.kind === "if") {
      const arm = node.arms.find(({ when }) => when === null || evaluate(when, scope));
      if (arm) emit(arm.body, scope, out, budget);
    } else each(node, scope, out, budget);
  }
}

function each(node: Extract<TemplateNode, { kind: "each" }>, scope: Scope, out: string[], budget: Budget): void {
  const list = resolve(scope, node.path, "error");
  if (list === null) return;
  if (!Array.isArray(list)) {
    throw new FactoryError("invalid_input", `#each needs a list, but ${node.path.join(".")} is ${kindOf(list)}`, {
      field: node.path.join("."),
      remedy: "let the earlier step answer with a JSON list",
    });
  }
  for (const [index, item] of list.entries()) {
    if (--budget.rounds < 0) throw tooLarge();
    const locals = { this: item, item, "@index": index, index };
    emit(node.body, within(isObject(item) ? within(scope, item) : scope, locals), out, budget);
  }
}

function put(text: string, out: string[], budget: Budget): void {
  budget.characters -= text.length;
  if (budget.characters < 0) throw tooLarge();
  out.push(text);
}

const tooLarge = () =>
  new FactoryError("too_large", `the text of a template grew beyond ${MAX_RENDERED} characters`, {
    remedy: "use fewer or shorter variables in it",
  });

/**
 * Fills the templates in the strings of a JSON value. A string that is one {{path}} and nothing else keeps the variable's type.
 */
export function renderJson(value: Json, scope: Scope): Json {
  if (typeof value === "string") {
    const alone = /^\{\{([^{}#/]+)\}\}$/.exec(value.trim());
    const path = alone ? parsePath(alone[1]!) : null;
    return path === null ? render(value, scope) : resolve(scope, path, "error");
  }
  if (Array.isArray(value)) return value.map((item) => renderJson(item, scope));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renderJson(item, scope)]));
  return value;
}

/** Every variable's path read, with its offset; names that a block around it defines are left out. */
export function templateReads(template: Template, defined: readonly string[] = []): { path: string[]; at: number }[] {
  const found: { path: string[]; at: number }[] = [];
  const visit = (nodes: Template, locals: readonly string[], inEach: boolean) => {
    const note = (path: string[], at: number) => {
      if (!locals.includes(path[0]!) && !inEach) found.push({ path, at });
    };
    for (const node of nodes) {
      if (node.kind === "value") note(node.path, node.at);
      else if (node.kind === "if") {
        for (const arm of node.arms) {
          if (arm.when) for (const read of readsOf(arm.when).paths) note(read.path, arm.at);
          visit(arm.body, locals, inEach);
        }
      } else if (node.kind === "each") {
        note(node.path, node.at);
        // The item's fields are names too, and cannot be known beforehand.
        visit(node.body, locals, true);
      }
    }
  };
  visit(template, defined, false);
  return found;
}
