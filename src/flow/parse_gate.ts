/** `approval: sync`: the question that stands before a task. */
import type { ApprovalNode, FlowNode, Json, OnFailure, Work } from "./definition.ts";
import { type Draft, mapTargets } from "./draft.ts";
import { isObject } from "./json.ts";
import { COMMON, ITEM_LOCALS, LOOP_LOCALS } from "./parse_parts.ts";
import { people } from "./parse_question.ts";
import type { Shape } from "./shape.ts";
import { parseTemplate, templateReads } from "./template.ts";

/** Adds the question before a task with `approval: sync`; once all nodes are read, `linkGates` puts it in the way. */
export function addGate(
  draft: Draft,
  shape: Shape,
  nodeId: string,
  task: { work: Work; onFailure: OnFailure },
  skipTo: string,
): void {
  const mode = shape.text("approval");
  if (mode === null || shape.choice("approval", ["sync"], "sync") !== "sync") return;
  const { functionId, prompt, args } = task.work;
  const payload: Json = {
    function: functionId,
    ...(prompt !== null && { prompt: shownAtGate(prompt) }),
    ...(args !== null && { config: shownAtGate(args) }),
  };
  const gateId = `${nodeId}.approval`;
  const refusedId = `${nodeId}.refused`;
  const skips = task.onFailure === "skip";
  const approvers = people(draft, shape, "approvers");
  if (approvers === null && draft.unattended) {
    shape.error(
      "approval",
      "nobody starts this workflow by hand, so there is nobody to ask",
      "add approvers: [role:NAME]",
    );
  }
  const node: ApprovalNode = {
    type: "approval",
    onFailure: "fail",
    failureApprovers: null,
    maxVisits: null,
    repeats: false,
    question: `Run "${nodeId}" (${functionId})?`,
    options: ["approve", "deny"],
    freeText: false,
    approvers,
    quorum: 1,
    fourEyes: false,
    tier: "low",
    channels: null,
    payload,
    form: null,
    reasonRequired: [],
    expiresInMs: null,
    remindAfterMs: null,
    escalate: [],
    saveAs: `${nodeId.replaceAll("-", "_")}_approval`,
    next: { approve: nodeId, deny: skips ? skipTo : refusedId },
  };
  draft.nodes.set(gateId, node);
  draft.places.set(gateId, shape.at);
  if (!skips) {
    const error = `"${nodeId}" was not approved: denied by {{${node.saveAs}.by}} {{${node.saveAs}.reason}}`;
    draft.nodes.set(refusedId, { ...COMMON, type: "end", result: null, error });
    draft.places.set(refusedId, shape.at);
  }
}

/** A text that reads what only a round or an item has is shown as it is written: at the gate there is neither yet. */
function shownAtGate(value: Json): Json {
  if (typeof value === "string") {
    const parsed = parseTemplate(value);
    const locals: readonly string[] = [...LOOP_LOCALS, ...ITEM_LOCALS];
    const reads = parsed.ok && templateReads(parsed.value).some(({ path }) => locals.includes(path[0]!));
    return reads ? value.replaceAll("{{", "\\{{") : value;
  }
  if (Array.isArray(value)) return value.map(shownAtGate);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shownAtGate(part)]))
    : value;
}

/** Sends everything that goes to a task with a gate to the gate. */
export function linkGates(draft: Draft): void {
  const gateOf = (target: string) => (draft.nodes.has(`${target}.approval`) ? `${target}.approval` : target);
  for (const [id, node] of draft.nodes as Map<string, FlowNode>) {
    const owner = id.endsWith(".approval") ? id.slice(0, -".approval".length) : null;
    draft.nodes.set(
      id,
      mapTargets(node, (target) => (target === owner ? target : gateOf(target))),
    );
  }
  draft.startNodeId = gateOf(draft.startNodeId);
}
