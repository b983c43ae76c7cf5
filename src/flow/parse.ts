/**
 * A workflow file, in either notation, as YAML or JSON -> the compiled graph. Every problem is reported at once, each with its place and
 * remedy; nothing that has a problem compiles.
 */
import type { Problem } from "../contract/problem.ts";
import type { Definition, Json } from "./definition.ts";
import { type Draft, type Known, NOTHING_KNOWN } from "./draft.ts";
import { readHook } from "./hook.ts";
import { isObject } from "./json.ts";
import { linkGates } from "./parse_gate.ts";
import { parseGraph } from "./parse_graph.ts";
import { noteTemplates } from "./parse_parts.ts";
import { checkPlace, places } from "./parse_question.ts";
import { parseSteps } from "./parse_steps.ts";
import { readSchedule } from "./schedule.ts";
import { checkInput } from "./schema.ts";
import { checkSchema } from "./schema_syntax.ts";
import { Shape, scalarText } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import { Problems, readTree, type Tree, toJson } from "./tree.ts";
import { declared, validateDraft } from "./validate.ts";

export type { Known } from "./draft.ts";
export { NOTHING_KNOWN } from "./draft.ts";

export type ParseResult =
  | { ok: true; definition: Definition; warnings: Problem[] }
  | { ok: false; problems: Problem[]; warnings: Problem[] };

const TOP_FIELDS = [
  "id",
  "name",
  "title",
  "description",
  "agents",
  "inputs",
  "outputs",
  "notify",
  "schedule",
  "hook",
  "sharedSession",
  "startNodeId",
  "nodes",
  "steps",
] as const;

export function parseDefinition(source: string, file: string, known: Known = NOTHING_KNOWN): ParseResult {
  const problems = new Problems(file, source);
  const refused = (): ParseResult => ({
    ok: false,
    problems: inOrder(problems.errors),
    warnings: inOrder(problems.warnings),
  });
  const tree = readTree(source, problems);
  if (tree === null) return refused();
  const top = new Shape(tree, TOP_FIELDS, problems, "the workflow");
  if (tree.kind !== "map") return refused();
  const schedule = readSchedule(top);
  const hook = readHook(top);
  const draft: Draft = {
    problems,
    known,
    nodes: new Map(),
    places: new Map(),
    startNodeId: "",
    startAt: top.at,
    edges: [],
    graphKnown: true,
    texts: [],
    aliases: new Map(),
    agents: readAgents(top, known),
    unattended: known.unattended === true || schedule !== null || hook !== null,
    sharedSession: top.has("sharedSession"),
  };
  const inputsTree = top.tree("inputs");
  if (inputsTree !== null) checkSchema(inputsTree, problems, "inputs");
  const inputs = inputsTree === null ? null : toJson(inputsTree);
  const notation = readNotation(top);
  if (notation === "graph") parseGraph(draft, top);
  else if (notation === "steps") parseSteps(draft, top);
  const { name, title } = readNames(top, file);
  const outputs = readOutputs(draft, top);
  const notify = places(top, "notify", false) ?? [];
  const sharedSession = readSharedSession(top);
  linkGates(draft);
  validateDraft(draft, inputs, [schedule?.input ?? null, hook?.input ?? null].flatMap(fieldsOf));
  if (schedule !== null && problems.errors.length === 0) {
    const checked = checkInput(inputs, schedule.input);
    if (!checked.ok)
      top.error(
        "schedule",
        `its input does not fit: ${checked.error.message}`,
        checked.error.remedy ?? "correct the input",
      );
  }
  if (problems.errors.length > 0) return refused();
  const definition: Definition = {
    format: 1,
    name,
    title,
    description: top.text("description")?.trim() ?? null,
    notation: notation ?? "graph",
    startNodeId: draft.startNodeId,
    nodes: Object.fromEntries(draft.nodes),
    sharedSession,
    agents: draft.agents,
    inputs,
    outputs,
    notify,
    schedule,
    // Absent where there is none: definitions without a hook keep the hash they have.
    ...(hook === null ? {} : { hook }),
    aliases: Object.fromEntries(draft.aliases),
    declares: declared(draft.nodes),
  };
  return { ok: true, definition, warnings: inOrder(problems.warnings) };
}

const fieldsOf = (input: Json): string[] => (isObject(input) ? Object.keys(input) : []);
const inOrder = (list: Problem[]): Problem[] => [...list].sort((a, b) => a.line - b.line || a.column - b.column);

function readNotation(top: Shape): "graph" | "steps" | null {
  const [graph, steps] = [top.has("nodes") || top.has("startNodeId"), top.has("steps")];
  if (graph && steps) top.error("steps", "both nodes and steps", "use one notation");
  else if (!graph && !steps) top.error("nodes", "neither nodes nor steps", "write startNodeId and nodes, or steps");
  else return graph ? "graph" : "steps";
  return null;
}

const NAME = /^[A-Za-z0-9][\w-]{0,63}$/;

/** `id` is the name; else a `name` of one word; else the file's. */
function readNames(top: Shape, file: string): { name: string; title: string } {
  const [id, shown] = [top.text("id"), top.text("name")];
  const base = file.replace(/^.*[/\\]/, "").replace(/\.(ya?ml|json|jsonc)$/i, "");
  const name = id ?? (shown !== null && NAME.test(shown) ? shown : base);
  if (!NAME.test(name)) {
    top.error(
      "id",
      `"${name.slice(0, 64)}" cannot be a workflow's name`,
      "write id: with letters, digits, - and _, at most 64",
    );
  }
  return { name, title: (top.text("title") ?? shown ?? name).trim() };
}

function readAgents(top: Shape, known: Known): string[] {
  const listed = top.texts("agents") ?? [];
  for (const { text, at } of listed) {
    if (known.roles === null || known.roles.includes(text)) continue;
    const near = didYouMean(text, known.roles);
    const remedy = near
      ? `did you mean "${near}"?`
      : `write its instructions to workflows/agents/${text.slice(0, 40)}.md`;
    top.problems.error(at, `there is no role "${text.slice(0, 40)}"`, remedy);
  }
  return listed.map(({ text }) => text);
}

function readSharedSession(top: Shape): { title: string } | null {
  const tree = top.tree("sharedSession");
  if (tree === null) return null;
  const shape = new Shape(tree, ["title"], top.problems, "sharedSession");
  return { title: shape.requiredText("title", "give the session a title") };
}

function readOutputs(draft: Draft, top: Shape): Definition["outputs"] {
  const tree = top.tree("outputs");
  if (tree === null) return [];
  const items: Tree[] = tree.kind === "list" ? tree.items : [tree];
  return items.map((item) => {
    const place = scalarText(item);
    if (place !== null) {
      checkPlace(top, place, item.at, false);
      return { to: place, template: null };
    }
    const shape = new Shape(item, ["to", "template"], top.problems, "outputs");
    const to = shape.requiredText("to", "name a place, for example slack:#eng");
    if (to !== "") checkPlace(shape, to, shape.place("to"), false);
    noteTemplates(draft, shape.tree("template"), "outputs", ["result"]);
    return { to, template: shape.text("template") };
  });
}
