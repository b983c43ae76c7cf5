/** The graph notation: a map of named nodes and the one to start with. */
import type { FlowNode, NodeType, OnFailure } from "./definition.ts";
import { type Draft, edge, readEdges } from "./draft.ts";
import { HOOK_NAME } from "./hook_name.ts";
import { addGate } from "./parse_gate.ts";
import { ITEM_LOCALS, LOOP_LOCALS, noteTemplates, retryPolicy, template } from "./parse_parts.ts";
import { optionList, people, QUESTION_FIELDS, questionSpec } from "./parse_question.ts";
import { readWork, WORK_FIELDS } from "./parse_work.ts";
import { Shape, scalarText } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import type { Tree } from "./tree.ts";
import { meantType, readUnknown } from "./unknown_type.ts";

const COMMON_FIELDS = ["id", "type", "title", "onFailure", "maxVisits", "approvers"] as const;
const WORK = ["prompt", "retries", "retryBackoffMs", "saveAs", "next", ...WORK_FIELDS] as const;
const FIELDS: Record<NodeType, readonly string[]> = {
  task: [...COMMON_FIELDS, ...WORK],
  approval: [...COMMON_FIELDS, "question", "options", "freeText", "saveAs", "next", ...QUESTION_FIELDS],
  wait: [...COMMON_FIELDS, "forMs", "next"],
  branch: [...COMMON_FIELDS, "cond", "truthy", "falsy"],
  parallel: [...COMMON_FIELDS, "branches", "next"],
  end: [...COMMON_FIELDS, "result", "error"],
  loop: [...COMMON_FIELDS, ...WORK, "maxIterations", "until"],
  fanout: [...COMMON_FIELDS, ...WORK, "over", "concurrency", "onItemFailure"],
  event: [...COMMON_FIELDS, "name", "key", "timeoutMs", "saveAs", "next"],
  run: [...COMMON_FIELDS, "workflow", "input", "saveAs", "next"],
};
const TYPES = Object.keys(FIELDS) as NodeType[];
const NODE_ID = /^[A-Za-z][\w-]{0,63}$/;
const MAX_NODES = 1000;

export function parseGraph(draft: Draft, top: Shape): void {
  draft.startAt = top.place("startNodeId");
  draft.startNodeId = top.requiredText("startNodeId", "name the node to begin with");
  const nodes = top.tree("nodes");
  if (nodes?.kind !== "map" || nodes.entries.length === 0) {
    top.error("nodes", "nodes must be a map with at least one node", "write nodes: and below it done: { type: end }");
    return;
  }
  if (nodes.entries.length > MAX_NODES) {
    top.error("nodes", `more than ${MAX_NODES} nodes`, "split it into workflows that run one another");
    return;
  }
  // Gates of `approval: sync` join the nodes while they are read, so all ids come first: an unknown target can then be told from a later one.
  for (const { key, at, value } of nodes.entries) {
    // Of two nodes with one name only one can stay, and of one without a usable name nothing.
    if (draft.places.has(key) || !NODE_ID.test(key)) draft.graphKnown = false;
    if (!NODE_ID.test(key)) {
      draft.problems.error(
        at,
        `"${key.slice(0, 70)}" cannot be a node's id`,
        "begin with a letter; letters, digits, _ and - may follow, at most 64",
      );
    } else parseNode(draft, key, at, value);
  }
}

function parseNode(draft: Draft, id: string, at: number, tree: Tree): void {
  const label = `node "${id}"`;
  draft.places.set(id, at);
  const typeTree = tree.kind === "map" ? tree.entries.find(({ key }) => key === "type")?.value : undefined;
  const named = typeTree === undefined ? null : scalarText(typeTree);
  const known = TYPES.find((one) => one === named);
  // With its meaning guessed, everything else that is wrong with the node can be said at once.
  const type = known ?? meantType(named, tree, FIELDS);
  if (known === undefined) {
    const near = type ?? didYouMean(named ?? "", TYPES);
    const remedy = near ? `did you mean "${near}"?` : `write type: with one of ${TYPES.join(", ")}`;
    const message = named === null ? `${label} has no type` : `${label}: there is no node type "${named.slice(0, 40)}"`;
    draft.problems.error(typeTree?.at ?? at, message, remedy);
  }
  if (type === null) {
    readUnknown(draft, id, label, tree);
    return;
  }
  const shape = new Shape(tree, FIELDS[type], draft.problems, label);
  if (shape.has("id") && shape.text("id") !== id)
    shape.error("id", `id differs from the name "${id}" it stands under`, "make them the same, or leave id out");
  draft.nodes.set(id, buildNode(draft, id, type, shape));
}

function buildNode(draft: Draft, id: string, type: NodeType, shape: Shape): FlowNode {
  const go = (field: string): string => {
    const target = shape.requiredText(field, "name the node that comes then");
    return edge(draft, id, target, shape.place(field));
  };
  const onFailure = shape.choice<OnFailure>("onFailure", ["fail", "skip", "ask"], "fail");
  const failureApprovers = onFailure === "ask" ? people(draft, shape, "approvers") : null;
  if (onFailure === "ask" && failureApprovers === null && draft.unattended) {
    shape.error(
      "onFailure",
      "nobody starts this workflow by hand, so there is nobody to ask",
      "add approvers: [role:NAME]",
    );
  }
  if (onFailure === "skip" && (type === "approval" || type === "parallel" || type === "end")) {
    shape.error("onFailure", `a node of type ${type} cannot be skipped`, "write fail or ask");
  }
  const common = {
    onFailure,
    failureApprovers,
    // A bound that cannot be read is one all the same.
    maxVisits: shape.optionalCount("maxVisits", 1, 1_000_000) ?? (shape.has("maxVisits") ? 1 : null),
    repeats: false,
  };
  const saveAs = shape.text("saveAs");
  switch (type) {
    case "task": {
      const task = {
        ...common,
        type,
        work: readWork(draft, shape, "prompt", []),
        retry: retryPolicy(shape, "retries"),
        saveAs,
        next: go("next"),
      };
      addGate(draft, shape, id, task, task.next);
      return task;
    }
    case "approval":
      return approval(draft, id, shape, common, saveAs);
    case "wait": {
      const forMs = shape.durationMs("forMs");
      if (!shape.has("forMs")) shape.error("forMs", "forMs is missing", "write how many milliseconds to wait");
      return { ...common, type, forMs: forMs ?? 1, next: go("next") };
    }
    case "branch": {
      const cond = shape.requiredText("cond", "write a condition, for example cond: summary contains DONE");
      draft.texts.push({ kind: "expression", source: cond, at: shape.place("cond"), label: shape.label, locals: [] });
      return { ...common, type, cond, truthy: go("truthy"), falsy: go("falsy") };
    }
    case "parallel":
      return { ...common, type, branches: readEdges(draft, () => branches(draft, id, shape)), next: go("next") };
    case "end": {
      const result = shape.text("result");
      if (result !== null) {
        const kind = result.includes("{{") ? "template" : "path";
        draft.texts.push({ kind, source: result, at: shape.place("result"), label: shape.label, locals: [] });
      }
      return { ...common, type, result, error: template(draft, shape, "error") };
    }
    case "loop": {
      const work = readWork(draft, shape, "prompt", LOOP_LOCALS);
      const loop = {
        ...common,
        type,
        work,
        retry: retryPolicy(shape, "retries"),
        ...loopParts(draft, shape),
        saveAs: saveAs ?? id,
        next: go("next"),
      };
      addGate(draft, shape, id, loop, loop.next);
      return loop;
    }
    case "fanout": {
      const over = shape.requiredText("over", "name the list: over: items");
      draft.texts.push({ kind: "path", source: over, at: shape.place("over"), label: shape.label, locals: [] });
      const work = readWork(draft, shape, "prompt", ITEM_LOCALS);
      const concurrency = shape.count("concurrency", 8, 1, 100);
      const onItemFailure = shape.choice("onItemFailure", ["fail", "skip"], "fail");
      const fanout = {
        ...common,
        type,
        work,
        retry: retryPolicy(shape, "retries"),
        over,
        concurrency,
        onItemFailure,
        saveAs: saveAs ?? id,
        next: go("next"),
      };
      addGate(draft, shape, id, fanout, fanout.next);
      return fanout;
    }
    case "event":
      return event(draft, id, shape, common, saveAs);
    case "run": {
      noteTemplates(draft, shape.tree("input"), shape.label, []);
      const workflow = shape.requiredText("workflow", "name the workflow to run");
      const { workflows } = draft.known;
      if (workflow !== "" && workflows !== null && !workflows.includes(workflow)) {
        const near = didYouMean(workflow, workflows);
        shape.error(
          "workflow",
          `there is no workflow "${workflow.slice(0, 60)}"`,
          near ? `did you mean "${near}"?` : "create it first",
        );
      }
      return { ...common, type, workflow, input: shape.json("input"), saveAs, next: go("next") };
    }
  }
}

interface CommonParts {
  onFailure: OnFailure;
  failureApprovers: string[] | null;
  maxVisits: number | null;
  repeats: boolean;
}

export function loopParts(draft: Draft, shape: Shape): { maxIterations: number; until: string } {
  if (!shape.has("maxIterations")) shape.error("maxIterations", "a loop without a bound", "add maxIterations: 3");
  const until = shape.text("until") ?? "";
  if (until !== "") {
    draft.texts.push({
      kind: "until",
      source: until,
      at: shape.place("until"),
      label: shape.label,
      locals: LOOP_LOCALS,
    });
  }
  return { maxIterations: shape.count("maxIterations", 1, 1, 1000), until };
}

function branches(draft: Draft, id: string, shape: Shape): string[] {
  const listed = shape.texts("branches") ?? [];
  if (listed.length === 0)
    shape.error("branches", "branches must list the nodes that begin side by side", "write branches: [one, another]");
  if (listed.length > 50) shape.error("branches", "more than 50 branches", "use a fanout over a list");
  const seen = new Set<string>();
  for (const { text, at } of listed) {
    if (seen.has(text))
      draft.problems.error(at, `${shape.label}: branch "${text.slice(0, 60)}" is listed twice`, "remove one");
    seen.add(text);
    edge(draft, id, text, at);
  }
  return [...seen];
}

function approval(draft: Draft, id: string, shape: Shape, common: CommonParts, saveAs: string | null): FlowNode {
  const freeText = shape.flag("freeText");
  shape.requiredText("question", "write what people are asked");
  const question = template(draft, shape, "question") ?? "";
  const options = freeText ? [] : optionList(draft, shape);
  if (freeText && shape.has("options"))
    shape.error("options", "a question for free text has no options", "remove options or freeText");
  if (!freeText && options.length === 0 && (shape.texts("options") ?? []).length === 0) {
    shape.error("options", "options are missing", "write options: [yes, no], or freeText: true");
  }
  const spec = questionSpec(draft, shape, question, options, freeText);
  // Words that were refused as options still have their branch, so that only the refusal is reported.
  const named = (shape.texts("options") ?? []).map(({ text }) => text.trim());
  const ways = freeText ? { allowed: ["answered"], needed: ["answered"] } : { allowed: named, needed: options };
  const next = readEdges(draft, () => approvalNext(draft, id, shape, ways, spec.expiresInMs !== null));
  return { ...common, type: "approval", ...spec, saveAs: saveAs ?? id, next };
}

function approvalNext(
  draft: Draft,
  id: string,
  shape: Shape,
  ways: { allowed: string[]; needed: string[] },
  expires: boolean,
): Record<string, string> {
  const tree = shape.tree("next");
  const single = tree === null ? "" : nameIn(tree);
  if (single !== "" && ways.needed[0] === "answered" && !expires)
    return { answered: edge(draft, id, single, shape.place("next")) };
  if (tree?.kind !== "map") {
    const example = [...ways.needed, ...(expires ? ["expired"] : [])].map((option) => `${option}: NODE`).join(", ");
    shape.error("next", "next must name a node for each option", `write next: { ${example} }`);
    return {};
  }
  const next: Record<string, string> = {};
  const wanted = [...ways.allowed, "expired"];
  for (const { key, at, value } of tree.entries) {
    const target = nameIn(value);
    if (!wanted.includes(key)) {
      const near = didYouMean(key, wanted);
      const remedy = near ? `did you mean "${near}"?` : `the options are ${ways.allowed.join(", ")}`;
      draft.problems.error(at, `${shape.label}: next has "${key.slice(0, 40)}", which is no option`, remedy);
    } else if (target === "") {
      draft.problems.error(value.at, `${shape.label}: next.${key} must name a node`, `write ${key}: NODE`);
    } else if (key !== "__proto__") {
      next[key] = edge(draft, id, target, value.at);
    }
    if (key === "expired" && !expires) {
      draft.problems.warn(
        at,
        `${shape.label}: the branch "expired" is never taken, because the question never expires`,
        "add expiresInMs",
      );
    }
  }
  for (const option of [...ways.needed, ...(expires ? ["expired"] : [])]) {
    if (!tree.entries.some(({ key }) => key === option)) {
      shape.error("next", `next has no branch for "${option}"`, `add ${option}: NODE`);
    }
  }
  return next;
}

/** Empty: it names nothing. */
function nameIn(tree: Tree): string {
  const text = scalarText(tree) ?? "";
  return text.trim() === "" ? "" : text;
}

function event(draft: Draft, id: string, shape: Shape, common: CommonParts, saveAs: string | null): FlowNode {
  const name = shape.requiredText("name", "write the event's name");
  if (name !== "" && !HOOK_NAME.test(name))
    shape.error("name", `"${name.slice(0, 64)}" cannot be an event's name`, "letters, digits, - and _, at most 64");
  const key = template(draft, shape, "key");
  const timeoutMs = shape.durationMs("timeoutMs");
  const tree = shape.tree("next");
  let [next, expired]: [string, string | null] = ["", null];
  if (tree?.kind === "map") {
    [next, expired] = readEdges(draft, () => {
      const ways = new Shape(tree, ["received", "expired"], draft.problems, `${shape.label}: next`);
      const received = ways.requiredText("received", "name the node that comes when the event came");
      const late = ways.text("expired");
      if (late !== null) edge(draft, id, late, ways.place("expired"));
      return [edge(draft, id, received, ways.place("received")), late];
    });
  } else {
    next = edge(draft, id, shape.requiredText("next", "name the node that comes then"), shape.place("next"));
  }
  if (expired !== null && timeoutMs === null)
    shape.error("next", "expired is never taken without timeoutMs", "add timeoutMs");
  return { ...common, type: "event", name, key, timeoutMs, saveAs, next, expired };
}
