/** Checks that need the whole graph: targets, reachability, loops, parallel blocks, and what templates and expressions read. */

import { knots } from "./cycles.ts";
import type { FlowNode, Json } from "./definition.ts";
import { type Draft, targetsOf } from "./draft.ts";
import { parseExpression, readsOf, type SyntaxProblem } from "./expression.ts";
import { isObject, type JsonObject } from "./json.ts";
import { BUILT_IN, parsePath } from "./scope.ts";
import { didYouMean } from "./suggest.ts";
import { parseTemplate, templateReads } from "./template.ts";
import { MAX_TOLD } from "./tree.ts";
import { isBareWord } from "./until.ts";

type Nodes = ReadonlyMap<string, FlowNode>;

/** Reports to the draft's problems; sets `repeats` on its nodes. `given`: fields of the input that the file's own schedule or hook gives. */
export function validateDraft(draft: Draft, inputs: Json, given: readonly string[] = []): void {
  if (checkTargets(draft) && draft.graphKnown) {
    checkReachable(draft);
    checkLoops(draft);
    checkParallel(draft);
    markRepeats(draft.nodes);
  }
  checkTexts(draft, inputs, given);
  checkNames(draft);
}

// ---- the graph ---------------------------------------------------------------------------------------------------------------

/** Whether every target is there. */
function checkTargets(draft: Draft): boolean {
  const ids = [...draft.places.keys()].filter((id) => !id.includes("."));
  let all = true;
  const check = (to: string, at: number, label: string) => {
    if (to === "" || draft.places.has(to)) return;
    all = false;
    const near = didYouMean(to, ids);
    const remedy = near ? `did you mean "${near}"?` : `the nodes are ${ids.slice(0, 30).join(", ")}`;
    draft.problems.error(at, `${label}there is no node "${to.slice(0, 64)}"`, remedy);
  };
  for (const { from, to, at } of draft.edges) check(to, at, `node "${from}": `);
  check(draft.startNodeId, draft.startAt, "");
  return all && draft.startNodeId !== "";
}

/** Every node that can be reached from these, without going beyond `stop`. */
function reach(nodes: Nodes, from: readonly string[], stop: string | null = null): Set<string> {
  const found = new Set<string>();
  const waiting = [...from];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const node = nodes.get(id);
    if (node === undefined || id === stop || found.has(id)) continue;
    found.add(id);
    waiting.push(...targetsOf(node));
  }
  return found;
}

function checkReachable(draft: Draft): void {
  const found = reach(draft.nodes, [draft.startNodeId]);
  for (const id of draft.nodes.keys()) {
    // A generated node is reported by its owner.
    if (found.has(id) || id.includes(".")) continue;
    draft.problems.error(
      draft.places.get(id) ?? 0,
      `node "${id}" cannot be reached`,
      "let another node's next name it, or remove it",
    );
  }
  const ends = [...found].some((id) => draft.nodes.get(id)?.type === "end");
  if (!ends)
    draft.problems.warn(
      draft.startAt,
      "no end can be reached: the run goes on until it is cancelled",
      "let some node's next name an end",
    );
}

/** A cycle must pass something that takes a person, time or an event, or a node that bounds its visits. */
function checkLoops(draft: Draft): void {
  const free = new Map(
    [...draft.nodes].filter(
      ([, node]) => !["approval", "wait", "event"].includes(node.type) && node.maxVisits === null,
    ),
  );
  for (const knot of knots(free.keys(), (id) => targetsOf(free.get(id)!).filter((target) => free.has(target)))) {
    const first = [...draft.nodes.keys()].find((id) => knot.includes(id))!;
    const owner = first.split(".")[0]!;
    const way = knot.length > 1 ? "one of the nodes on the way" : "it";
    draft.problems.error(
      draft.places.get(first) ?? 0,
      `node "${owner}" leads back to itself without a bound`,
      `add maxVisits: 10 to ${way}, or put a wait or a question between`,
    );
  }
}

function checkParallel(draft: Draft): void {
  const { nodes, problems, places } = draft;
  const regions = new Map<string, Set<string>>();
  for (const [id, node] of nodes) if (node.type === "parallel") regions.set(id, reach(nodes, node.branches, node.next));
  for (const [id, region] of regions) {
    const block = nodes.get(id) as Extract<FlowNode, { type: "parallel" }>;
    const at = places.get(id) ?? 0;
    if (region.has(id)) {
      problems.error(
        at,
        `node "${id}": one of its branches leads back to it before the branches have joined`,
        `let the branches meet at "${block.next}" first`,
      );
      continue;
    }
    for (const [other, node] of nodes) {
      if (region.has(other) || other === id) continue;
      // An end is the whole run's, so anybody may lead to it.
      const inside = targetsOf(node).find((target) => region.has(target) && nodes.get(target)?.type !== "end");
      // Generated nodes belong to the node they stand before.
      if (inside !== undefined) {
        problems.error(
          places.get(other) ?? at,
          `node "${other}" leads to "${inside}" inside a branch of "${id}"`,
          `only "${id}" may lead there; from outside go to "${id}" or "${block.next}"`,
        );
      }
    }
    if (region.has(draft.startNodeId))
      problems.error(draft.startAt, `the run begins inside a branch of "${id}"`, `begin at "${id}"`);
    for (const [outer, outerRegion] of regions) {
      const join = (nodes.get(outer) as typeof block).next;
      if (outer !== id && outerRegion.has(id) && join !== block.next && region.has(join)) {
        problems.error(
          at,
          `a branch of "${id}" leaves for "${join}" without passing its own join "${block.next}"`,
          `let it go to "${block.next}"`,
        );
      }
    }
    for (const branch of block.branches) {
      const joins =
        branch === block.next ||
        [...reach(nodes, [branch], block.next)].some((other) => targetsOf(nodes.get(other)!).includes(block.next));
      if (!joins)
        problems.warn(
          at,
          `node "${id}": branch "${branch}" never comes to "${block.next}"`,
          "the block then ends only when that branch ends the run",
        );
    }
  }
}

/** A node repeats when it lies on a cycle, or when branches side by side share it. */
function markRepeats(nodes: Map<string, FlowNode>): void {
  const repeats = new Set(knots(nodes.keys(), (id) => targetsOf(nodes.get(id)!)).flat());
  for (const node of nodes.values()) {
    if (node.type !== "parallel") continue;
    const seen = new Set<string>();
    for (const branch of node.branches) {
      for (const inside of reach(nodes, [branch], node.next)) {
        if (seen.has(inside)) repeats.add(inside);
        seen.add(inside);
      }
    }
  }
  for (const id of repeats) nodes.set(id, { ...nodes.get(id)!, repeats: true });
}

// ---- templates and expressions -----------------------------------------------------------------------------------------------

/** Every variable that some node sets. */
export function declared(nodes: Nodes): string[] {
  const names = [...nodes.values()].flatMap((node) => ("saveAs" in node && node.saveAs !== null ? [node.saveAs] : []));
  return [...new Set(names)].sort();
}

/**
 * Fields of the input, and what else it may have: `none` by the rule that declared inputs are all there are, `any` where the schema itself
 * lets others in, `unsaid` where it says nothing about them.
 */
function inputNames(inputs: Json): { names: string[]; others: "none" | "any" | "unsaid" } {
  if (!isObject(inputs)) return { names: [], others: "unsaid" };
  const names = Object.keys(isObject(inputs.properties ?? null) ? (inputs.properties as JsonObject) : {});
  const combined = ["anyOf", "oneOf", "allOf"].some((keyword) => Object.hasOwn(inputs, keyword));
  const more = inputs.additionalProperties;
  if (combined || more === true || isObject(more ?? null)) return { names, others: "any" };
  return { names, others: names.length > 0 || more === false ? "none" : "unsaid" };
}

function checkTexts(draft: Draft, inputs: Json, given: readonly string[]): void {
  const input = inputNames(inputs);
  const variables = new Set([...declared(draft.nodes), ...draft.aliases.keys(), ...input.names, ...BUILT_IN]);
  const answers = answersOf(draft.nodes);
  // Whoever declares no inputs reads them all the same; once each is enough to be told that they are what the run then needs.
  const told = new Set<string>(given);
  for (const { kind, source, at, label, locals } of draft.texts) {
    const read = (path: readonly string[], where: number) => {
      const name = path[0]!;
      if (locals.includes(name)) return;
      if (variables.has(name)) {
        if (!input.names.includes(name)) doubtField(name, path[1], where);
        return;
      }
      // A list that is full takes no more, and looking for what is near is the costly part.
      const { errors, warnings } = draft.problems;
      if ((input.others === "none" ? errors : warnings).length >= MAX_TOLD) return;
      const near = didYouMean(name, [...variables, ...locals]);
      const remedy = unsaved(draft.nodes, name) ?? (near === null ? null : `did you mean "${near}"?`);
      const message = `${label}: nothing sets the variable "${name}"`;
      if (input.others === "none") {
        draft.problems.error(where, message, remedy ?? "set it with saveAs or outputVar, or add it to inputs");
      } else if (told.has(name)) {
        return;
      } else if (remedy !== null) {
        const stop = remedy.endsWith("?") ? "" : ".";
        draft.problems.warn(where, message, `${remedy}${stop} If it is an input, declare it under inputs`);
      } else if (input.others === "unsaid") {
        told.add(name);
        const way = "set it with saveAs or outputVar; if it is an input, declare it under inputs";
        draft.problems.warn(where, `${message}; the run fails here unless its input has it`, way);
      }
    };
    // Before the question is answered its variable is nothing and any field of it too, so the file may run.
    const doubtField = (name: string, field: string | undefined, where: number) => {
      const there = name === "run" ? RUN_FIELDS : answers.has(name) ? ANSWER_FIELDS : null;
      if (field === undefined || there === null || there.includes(field)) return;
      const near = didYouMean(field, there);
      const remedy = near === null ? `it has ${there.join(", ")}` : `did you mean "${name}.${near}"?`;
      draft.problems.warn(where, `${label}: "${name}" has no field "${field}"`, remedy);
    };
    // The fields of a loop's output cannot be known beforehand, and what it lacks is nothing: only a slip of the hand shows.
    const doubtUntil = (name: string) => {
      const near = variables.has(name) || locals.includes(name) ? null : didYouMean(name, locals);
      const message = `${label}: until reads "${name}", which is nothing unless the output has such a field`;
      if (near !== null) draft.problems.warn(at, message, `did you mean "${near}"?`);
    };
    const refuse = ({ message, remedy }: SyntaxProblem) => draft.problems.error(at, `${label}: ${message}`, remedy);
    if (kind === "path") {
      const path = parsePath(source);
      if (path === null)
        refuse({
          at,
          message: `"${source.slice(0, 60)}" is not a variable's name`,
          remedy: "write name or name.field",
        });
      else read(path, at);
    } else if (kind === "template") {
      const parsed = parseTemplate(source);
      if (!parsed.ok) refuse(parsed.problem);
      else for (const { path } of templateReads(parsed.value)) read(path, at);
    } else if (kind === "expression" || !isBareWord(source)) {
      const parsed = parseExpression(source);
      if (!parsed.ok) {
        refuse(parsed.problem);
        continue;
      }
      const { paths, words } = readsOf(parsed.value);
      for (const { path } of paths) {
        if (kind === "expression") read(path, at);
        else doubtUntil(path[0]!);
      }
      for (const { word } of words) {
        if (!variables.has(word)) continue;
        draft.problems.warn(
          at,
          `${label}: "${word}" on the right side is text, but there is also a variable of that name`,
          `write {{${word}}} for the variable, '${word}' for the text`,
        );
      }
    }
  }
}

const RUN_FIELDS = ["id", "title", "startedBy", "workflow"];
const ANSWER_FIELDS = ["option", "reason", "by", "channel", "at", "text", "fields", "payload"];

/** Variables that hold an answer and nothing else. */
function answersOf(nodes: Nodes): Set<string> {
  const names = new Set<string>();
  for (const node of nodes.values()) if (node.type === "approval") names.add(node.saveAs);
  for (const node of nodes.values())
    if (node.type !== "approval" && "saveAs" in node && node.saveAs !== null) names.delete(node.saveAs);
  return names;
}

/** A node's id stands for its output only where the node keeps one under it; null: it is no node's id. */
function unsaved(nodes: Nodes, name: string): string | null {
  const node = name.includes(".") ? undefined : nodes.get(name);
  if (node === undefined) return null;
  if (!("saveAs" in node)) return `node "${name}" has no output; name a variable`;
  return node.saveAs === null
    ? `add saveAs: ${name} to node "${name}"`
    : `the output of node "${name}" is "${node.saveAs}"`;
}

const VARIABLE = /^[A-Za-z_][\w-]{0,63}$/;

function checkNames(draft: Draft): void {
  for (const [id, node] of draft.nodes) {
    if (!("saveAs" in node) || node.saveAs === null || id.includes(".")) continue;
    const at = draft.places.get(id) ?? 0;
    if (!VARIABLE.test(node.saveAs) || node.saveAs === "__proto__") {
      draft.problems.error(
        at,
        `node "${id}": "${node.saveAs.slice(0, 64)}" cannot be a variable's name`,
        "begin with a letter; letters, digits, _ and - may follow",
      );
    } else if ((BUILT_IN as readonly string[]).includes(node.saveAs)) {
      draft.problems.error(
        at,
        `node "${id}": the variable "${node.saveAs}" is always there and cannot be set`,
        "choose another name",
      );
    }
  }
}
