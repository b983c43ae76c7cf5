/**
 * How a definition says that an event from outside starts it: `hook: NAME`, or with a condition on the body and the input made of it.
 * The only name in them is `body`, because nothing of a run is there yet.
 */
import type { Hook, Json } from "./definition.ts";
import { holds } from "./evaluate.ts";
import { parseExpression, readsOf } from "./expression.ts";
import { HOOK_NAME } from "./hook_name.ts";
import { isObject, textOf } from "./json.ts";
import type { Scope } from "./scope.ts";
import { Shape, scalarText } from "./shape.ts";
import { parseTemplate, renderJson, templateReads } from "./template.ts";
import type { Tree } from "./tree.ts";

/** What a hook's condition and input may read. */
export const bodyScope = (body: Json): Scope => ({
  lookup: (name) => (name === "body" ? body : undefined),
  names: () => ["body"],
});

/** Throws a FactoryError when the condition cannot be decided on this body. */
export const hookWants = (hook: Hook, body: Json): boolean => hook.when === null || holds(hook.when, bodyScope(body));

/** Throws a FactoryError when the body lacks a field that the input needs. */
export const hookInput = (hook: Hook, body: Json): Json =>
  hook.input === null ? body : renderJson(hook.input, bodyScope(body));

/** What `key` of an event node is compared with: the body's own `key`. Null: it has none. */
export function eventKeyOf(body: Json): string | null {
  const key = isObject(body) && Object.hasOwn(body, "key") ? body.key : undefined;
  return typeof key === "string" || typeof key === "number" ? textOf(key) : null;
}

export function readHook(top: Shape): Hook | null {
  const tree = top.tree("hook");
  if (tree === null) return null;
  const name = scalarText(tree);
  if (name !== null) return { name: checkName(top, name, tree.at), when: null, input: null };
  const shape = new Shape(tree, ["name", "when", "input"], top.problems, "hook");
  const named = shape.requiredText("name", "write the last part of the address: POST /hooks/NAME");
  if (named !== "") checkName(shape, named, shape.place("name"));
  const when = shape.text("when");
  if (when !== null) checkCondition(shape, when);
  checkTemplates(shape, shape.tree("input"));
  return { name: named, when, input: shape.json("input") };
}

function checkName(shape: Shape, name: string, at: number): string {
  if (!HOOK_NAME.test(name)) {
    const message = `"${name.slice(0, 64)}" cannot be a hook's name`;
    shape.problems.error(at, `${shape.label}: ${message}`, "letters, digits, - and _, at most 64");
  }
  return name;
}

const ONLY_BODY = "a hook knows only its body: write body.FIELD";

function checkCondition(shape: Shape, source: string): void {
  const parsed = parseExpression(source);
  if (!parsed.ok) {
    shape.error("when", parsed.problem.message, parsed.problem.remedy);
    return;
  }
  for (const { path } of readsOf(parsed.value).paths)
    if (path[0] !== "body") shape.error("when", `nothing sets "${path[0]}" here`, ONLY_BODY);
}

function checkTemplates(shape: Shape, tree: Tree | null): void {
  if (tree === null) return;
  if (tree.kind === "list") for (const item of tree.items) checkTemplates(shape, item);
  else if (tree.kind === "map") for (const { value } of tree.entries) checkTemplates(shape, value);
  else if (typeof tree.value === "string") {
    const say = (message: string, remedy: string) =>
      shape.problems.error(tree.at, `${shape.label}: ${message}`, remedy);
    const parsed = parseTemplate(tree.value);
    if (!parsed.ok) say(parsed.problem.message, parsed.problem.remedy);
    else
      for (const { path } of templateReads(parsed.value))
        if (path[0] !== "body") say(`nothing sets "${path[0]}" here`, ONLY_BODY);
  }
}
