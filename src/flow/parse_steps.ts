/**
 * The step notation: a list, one after the other, compiled to the graph.
 *
 *   sequential  -> task            fanout -> fanout        conditional -> branch "x.if" before a task, else on to the next step
 *   collect     -> task            loop   -> loop          approval: sync -> question "x.approval" before it
 *   errorMode   fail | skip | retry | ask
 *
 * A step's output is the variable `outputVar`, else the step's name in small letters; its name works in templates too.
 */
import type { FlowNode, OnFailure, RetryPolicy, Work } from "./definition.ts";
import { type Draft, edge } from "./draft.ts";
import { addGate } from "./parse_gate.ts";
import { loopParts } from "./parse_graph.ts";
import { COMMON, ITEM_LOCALS, LOOP_LOCALS, retryPolicy } from "./parse_parts.ts";
import { people } from "./parse_question.ts";
import { readWork, WORK_FIELDS } from "./parse_work.ts";
import { Shape } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import type { Tree } from "./tree.ts";

const MODES = ["sequential", "fanout", "collect", "conditional", "loop"] as const;
type Mode = (typeof MODES)[number];
const STEP_FIELDS = [
  "name",
  "description",
  "promptTemplate",
  "mode",
  "errorMode",
  "maxRetries",
  "retryBackoffMs",
  "maxIterations",
  "until",
  "condition",
  "outputVar",
  "over",
  "concurrency",
  "onFailure",
  ...WORK_FIELDS,
] as const;
const DEFAULT_RETRIES = 3;
const MAX_STEPS = 300;

interface StepPlan {
  tree: Tree;
  id: string;
  name: string | null;
  outputVar: string;
}

export function parseSteps(draft: Draft, top: Shape): void {
  const list = top.tree("steps");
  if (list?.kind !== "list" || list.items.length === 0) {
    top.error("steps", "steps must be a list with at least one step", "write steps: and below it - name: …");
    return;
  }
  if (list.items.length > MAX_STEPS) {
    top.error("steps", `more than ${MAX_STEPS} steps`, "split it into workflows that run one another");
    return;
  }
  const plans = list.items.map((tree, index) => plan(tree, index));
  claimNames(draft, plans);
  let lastFanout: string | null = null;
  for (const [index, step] of plans.entries()) {
    const next = plans[index + 1];
    const shape = new Shape(
      step.tree,
      STEP_FIELDS,
      draft.problems,
      step.name === null ? `step ${index + 1}` : `step "${step.name}"`,
    );
    if (step.name === null) shape.error("name", "name is missing", "give the step a name");
    // The condition, where the next step has one, comes before it.
    const nextId = next === undefined ? "end" : entryOf(next);
    const mode = buildStep(draft, shape, step, nextId, plans[index - 1]?.outputVar ?? "input");
    if (mode === "collect" && lastFanout === null)
      shape.error("mode", "there is no fanout before this collect", "put a step with mode: fanout before it");
    if (mode === "fanout") lastFanout = step.outputVar;
    if (mode === "collect" && lastFanout !== null && !draft.aliases.has("results"))
      draft.aliases.set("results", lastFanout);
  }
  const last = plans.at(-1)!;
  draft.nodes.set("end", { ...COMMON, type: "end", result: last.outputVar, error: null });
  draft.places.set("end", last.tree.at);
  draft.startNodeId = entryOf(plans[0]!);
  draft.startAt = plans[0]!.tree.at;
}

const field = (tree: Tree, name: string): string | null => {
  const value = tree.kind === "map" ? tree.entries.find(({ key }) => key === name)?.value : undefined;
  return value?.kind === "scalar" && value.value !== null
    ? typeof value.value === "string"
      ? value.value
      : value.source
    : null;
};

function plan(tree: Tree, index: number): StepPlan {
  const name = field(tree, "name")?.trim() || null;
  const slug = (name ?? "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 60);
  const id = /^[a-z]/.test(slug) && slug !== "end" ? slug : `step-${index + 1}`;
  return { tree, id, name, outputVar: field(tree, "outputVar")?.trim() || id.replaceAll("-", "_") };
}

const entryOf = (step: StepPlan): string => (field(step.tree, "mode") === "conditional" ? `${step.id}.if` : step.id);

/** Two steps of one name would be one node; a step's name stands for its variable unless it is the name of another. */
function claimNames(draft: Draft, plans: StepPlan[]): void {
  const taken = new Map<string, StepPlan>();
  for (const step of plans) {
    if (taken.has(step.id)) {
      draft.graphKnown = false;
      draft.problems.error(
        step.tree.at,
        `there are two steps named "${step.name}"`,
        "give each step a name of its own",
      );
    }
    taken.set(step.id, step);
  }
  const variables = new Set(plans.map(({ outputVar }) => outputVar));
  for (const step of plans) {
    for (const alias of [step.name ?? "", step.id, step.id.replaceAll("-", "_")]) {
      if (/^[A-Za-z_][\w-]*$/.test(alias) && !variables.has(alias) && !draft.aliases.has(alias))
        draft.aliases.set(alias, step.outputVar);
    }
  }
}

function buildStep(draft: Draft, shape: Shape, step: StepPlan, next: string, previousVar: string): Mode {
  const { id, outputVar } = step;
  // The mode that was probably meant: with another one its fields would be reported as out of place.
  const mode = shape.choice("mode", MODES, (didYouMean(field(step.tree, "mode") ?? "", MODES) as Mode) ?? "sequential");
  draft.places.set(id, shape.at);
  const only = (fieldName: string, when: boolean, where: string) => {
    if (!when && shape.has(fieldName))
      shape.error(fieldName, `${fieldName} only means something with ${where}`, `remove it, or write ${where}`);
  };
  only("until", mode === "loop", "mode: loop");
  only("maxIterations", mode === "loop", "mode: loop");
  only("condition", mode === "conditional", "mode: conditional");
  only("over", mode === "fanout", "mode: fanout");
  only("concurrency", mode === "fanout", "mode: fanout");
  const locals = mode === "loop" ? LOOP_LOCALS : mode === "fanout" ? ITEM_LOCALS : [];
  const { onFailure, failureApprovers, retry } = errorHandling(draft, shape);
  const common = { onFailure, failureApprovers, maxVisits: null, repeats: false };
  const work = readWork(draft, shape, "promptTemplate", locals);
  edge(draft, id, next, shape.at);
  draft.nodes.set(id, stepNode(draft, shape, { mode, common, work, retry, outputVar, next, previousVar }));
  addGate(draft, shape, id, { work, onFailure }, next);
  if (mode === "conditional") {
    const cond = shape.requiredText("condition", "write when the step runs: condition: health.status == 'critical'");
    draft.texts.push({
      kind: "expression",
      source: cond,
      at: shape.place("condition"),
      label: shape.label,
      locals: [],
    });
    draft.nodes.set(`${id}.if`, { ...common, type: "branch", cond, truthy: id, falsy: next });
    draft.places.set(`${id}.if`, shape.at);
  }
  return mode;
}

interface Parts {
  mode: Mode;
  common: { onFailure: OnFailure; failureApprovers: string[] | null; maxVisits: null; repeats: boolean };
  work: Work;
  retry: RetryPolicy;
  outputVar: string;
  next: string;
  previousVar: string;
}

function stepNode(draft: Draft, shape: Shape, step: Parts): FlowNode {
  const { common, work, retry, outputVar: saveAs, next } = step;
  if (step.mode === "loop") return { ...common, type: "loop", work, retry, ...loopParts(draft, shape), saveAs, next };
  if (step.mode !== "fanout") return { ...common, type: "task", work, retry, saveAs, next };
  const over = shape.text("over") ?? step.previousVar;
  draft.texts.push({ kind: "path", source: over, at: shape.place("over"), label: shape.label, locals: [] });
  const onItemFailure = common.onFailure === "skip" ? "skip" : "fail";
  return {
    ...common,
    type: "fanout",
    work,
    retry,
    over,
    concurrency: shape.count("concurrency", 8, 1, 100),
    onItemFailure,
    saveAs,
    next,
  };
}

function errorHandling(
  draft: Draft,
  shape: Shape,
): { onFailure: OnFailure; failureApprovers: string[] | null; retry: RetryPolicy } {
  const implied = shape.has("maxRetries") ? "retry" : "fail";
  const errorMode = shape.choice("errorMode", ["fail", "skip", "retry", "ask"], implied);
  if (shape.has("maxRetries") && errorMode !== "retry") {
    draft.problems.warn(
      shape.place("maxRetries"),
      `${shape.label}: maxRetries only counts with errorMode: retry`,
      "write errorMode: retry",
    );
  }
  const ends: OnFailure = errorMode === "skip" || errorMode === "ask" ? errorMode : "fail";
  const onFailure = shape.choice<OnFailure>("onFailure", ["fail", "skip", "ask"], ends);
  const failureApprovers = onFailure === "ask" ? people(draft, shape, "approvers") : null;
  if (onFailure === "ask" && failureApprovers === null && draft.unattended) {
    shape.error(
      "errorMode",
      "nobody starts this workflow by hand, so there is nobody to ask",
      "add approvers: [role:NAME]",
    );
  }
  const retry = retryPolicy(shape, "maxRetries", errorMode === "retry" ? DEFAULT_RETRIES : 0);
  return { onFailure, failureApprovers, retry: errorMode === "retry" ? retry : { ...retry, max: 0 } };
}
