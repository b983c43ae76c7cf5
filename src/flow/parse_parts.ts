/** Parts that both notations share: work, questions, places, approvers. */
import { TIERS } from "../contract/approval.ts";
import { normalize } from "../contract/option.ts";
import type { ApprovalNode, FlowNode, Json, OnFailure, QuestionSpec, RetryPolicy, Work } from "./definition.ts";
import { type Draft, mapTargets } from "./draft.ts";
import { isObject, own } from "./json.ts";
import { reservedReason, wordsFor } from "./options.ts";
import { checkSchema } from "./schema_syntax.ts";
import { Shape, scalarText } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import { parseTemplate, templateReads } from "./template.ts";
import { type Tree, toJson } from "./tree.ts";

const DEFAULT_TIMEOUT_MS = 300_000;
const DEFAULT_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 60_000;
const MAX_OPTIONS = 25;
const SANDBOXES = ["docker", "bubblewrap"];
/** Every task's locals besides the run's variables. */
export const LOOP_LOCALS = ["iteration", "maxIterations", "output", "feedback"] as const;
export const ITEM_LOCALS = ["item", "index"] as const;

export const WORK_FIELDS = [
  "functionId",
  "config",
  "agent",
  "sessionRef",
  "timeoutMs",
  "sandbox",
  "approval",
  "approvers",
] as const;

/** Templates inside the strings of a JSON value. */
export function noteTemplates(draft: Draft, tree: Tree | null, label: string, locals: readonly string[]): void {
  if (tree === null) return;
  if (tree.kind === "scalar") {
    if (typeof tree.value === "string")
      draft.texts.push({ kind: "template", source: tree.value, at: tree.at, label, locals });
  } else if (tree.kind === "list") for (const item of tree.items) noteTemplates(draft, item, label, locals);
  else for (const entry of tree.entries) noteTemplates(draft, entry.value, label, locals);
}

/** The text of a template field, noted for checking; null when absent. */
export function template(draft: Draft, shape: Shape, field: string, locals: readonly string[] = []): string | null {
  const source = shape.text(field);
  if (source !== null)
    draft.texts.push({ kind: "template", source, at: shape.place(field), label: shape.label, locals });
  return source;
}

export function work(draft: Draft, shape: Shape, promptField: string, locals: readonly string[]): Work {
  const prompt = template(draft, shape, promptField, locals);
  const functionId = shape.text("functionId") ?? "agent::chat";
  const { known } = draft;
  const registered =
    known.functions === null ? {} : Object.hasOwn(known.functions, functionId) ? known.functions[functionId]! : null;
  if (registered === null) {
    const near = didYouMean(functionId, Object.keys(known.functions!));
    const names = Object.keys(known.functions!).slice(0, 20).join(", ");
    const remedy =
      own(known.missing ?? {}, functionId) ?? (near ? `did you mean "${near}"?` : `the functions are ${names}`);
    shape.error("functionId", `there is no function "${functionId.slice(0, 60)}"`, remedy);
  } else if (registered.needsApproval && shape.text("approval") !== "sync") {
    shape.error("functionId", `${functionId} never runs without approval`, "add approval: sync");
  }
  if (registered?.needsSandbox && !shape.has("sandbox")) {
    const example = known.sandboxes?.[0] ?? "docker";
    shape.error("functionId", `${functionId} never runs outside of a sandbox`, `add sandbox: ${example}`);
  }
  if (registered?.needsSandbox) command(draft, shape);
  if (functionId === "hand::run") hand(draft, shape);
  if (functionId === "agent::chat" && prompt === null) {
    shape.error(promptField, `${promptField} is missing`, `write what the agent is to do: ${promptField}: …`);
  }
  noteTemplates(draft, shape.tree("config"), shape.label, locals);
  const fallback = draft.sharedSession ? "shared" : "new";
  return {
    functionId,
    prompt,
    args: shape.json("config"),
    agent: agent(draft, shape),
    session: shape.choice("sessionRef", ["shared", "new"], fallback),
    timeoutMs: shape.durationMs("timeoutMs") ?? DEFAULT_TIMEOUT_MS,
    sandbox: sandbox(draft, shape),
  };
}

function agent(draft: Draft, shape: Shape): string | null {
  const named = shape.text("agent");
  if (named === null) return draft.agents[0] ?? null;
  const roles = draft.agents.length > 0 ? draft.agents : draft.known.roles;
  if (roles !== null && !roles.includes(named)) {
    const near = didYouMean(named, roles);
    const listed = roles.length === 0 ? "list it under agents" : `the roles are ${roles.slice(0, 30).join(", ")}`;
    shape.error("agent", `there is no role "${named.slice(0, 40)}"`, near ? `did you mean "${near}"?` : listed);
  }
  return named;
}

/** A command is a program with its arguments: nobody is to be asked about one that could not be run. */
function command(draft: Draft, shape: Shape): void {
  const config = shape.tree("config");
  const entry = config?.kind === "map" ? config.entries.find(({ key }) => key === "command") : undefined;
  const remedy = "write config: { command: [npm, test] }";
  // A variable may hold the whole list.
  const variable = entry !== undefined && /^\s*\{\{[^{}]+\}\}\s*$/.test(scalarText(entry.value) ?? "");
  if (entry === undefined) shape.error("config", "it names no command", remedy);
  else if (variable) return;
  else if (entry.value.kind !== "list" || entry.value.items.length === 0)
    draft.problems.error(
      entry.value.at,
      `${shape.label}: command is not a list of a program and its arguments`,
      remedy,
    );
}

/** A hand that is named outright must be there; one that a variable names is looked up when the step runs. */
function hand(draft: Draft, shape: Shape): void {
  const config = shape.tree("config");
  const entry = config?.kind === "map" ? config.entries.find(({ key }) => key === "handId") : undefined;
  const named = entry === undefined ? null : scalarText(entry.value);
  if (named === null || named.trim() === "") {
    shape.error("config", "hand::run needs to know which hand", "write config: { handId: NAME, input: … }");
    return;
  }
  const hands = draft.known.hands ?? null;
  if (hands === null || named.includes("{{") || hands.includes(named)) return;
  const near = didYouMean(named, hands);
  const remedy = near ? `did you mean "${near}"?` : `write it to workflows/hands/${named.slice(0, 40)}.md`;
  draft.problems.error(entry!.value.at, `${shape.label}: there is no hand "${named.slice(0, 40)}"`, remedy);
}

function sandbox(draft: Draft, shape: Shape): string | null {
  const named = shape.text("sandbox");
  if (named === null) return null;
  const here = draft.known.sandboxes;
  if (!SANDBOXES.includes(named)) {
    shape.error("sandbox", `there is no sandbox "${named.slice(0, 40)}"`, `write one of ${SANDBOXES.join(", ")}`);
  } else if (here !== null && !here.includes(named)) {
    const others = here.length === 0 ? "" : `, or use ${here.join(" or ")}`;
    const install = named === "docker" ? "install docker and start its engine" : "install bubblewrap (bwrap)";
    shape.error("sandbox", `this machine has no ${named}`, `${install}${others}, or run where it is`);
  }
  return named;
}

export function retryPolicy(shape: Shape, field: string, fallback = 0): RetryPolicy {
  return {
    max: shape.count(field, fallback, 0, 20),
    backoffMs: shape.durationMs("retryBackoffMs") ?? DEFAULT_BACKOFF_MS,
    maxBackoffMs: Math.max(MAX_BACKOFF_MS, shape.durationMs("retryBackoffMs") ?? 0),
  };
}

// ---- questions ---------------------------------------------------------------------------------------------------------------

export const QUESTION_FIELDS = [
  "approvers",
  "quorum",
  "fourEyes",
  "tier",
  "channels",
  "payload",
  "form",
  "reasonRequired",
  "expiresInMs",
  "remindAfterMs",
  "escalate",
] as const;

/** `question` and `options` are the caller's; everything else about asking is read here. */
export function questionSpec(
  draft: Draft,
  shape: Shape,
  question: string,
  options: string[],
  freeText: boolean,
): QuestionSpec {
  const form = shape.tree("form");
  if (form !== null) checkSchema(form, draft.problems, `${shape.label}: form`);
  noteTemplates(draft, shape.tree("payload"), shape.label, []);
  const approvers = people(draft, shape, "approvers");
  if (approvers === null && draft.unattended) {
    const remedy = "add approvers, for example approvers: [role:release]";
    shape.error("approvers", "nobody starts this workflow by hand, so there is nobody to ask", remedy);
  }
  const quorum = shape.count("quorum", 1, 1, 50);
  const fourEyes = shape.flag("fourEyes");
  const tier = shape.choice("tier", TIERS, "low");
  if (approvers === null && (fourEyes || tier === "high")) {
    const field = fourEyes ? "fourEyes" : "tier";
    shape.error(field, "only whoever starts the run is asked, and they may not approve it themselves", "add approvers");
  }
  const everybody = approvers?.every((approver) => approver.startsWith("person:")) ? new Set(approvers).size : null;
  if (quorum > (approvers === null ? 1 : (everybody ?? quorum))) {
    shape.error("quorum", `fewer than ${quorum} people may answer`, "name more approvers, or a role");
  }
  return {
    question,
    options,
    freeText,
    approvers,
    quorum,
    fourEyes,
    tier,
    channels: places(shape, "channels", true),
    payload: shape.json("payload"),
    form: form === null ? null : toJson(form),
    reasonRequired: reasonRequired(shape, options),
    expiresInMs: shape.durationMs("expiresInMs"),
    remindAfterMs: shape.durationMs("remindAfterMs"),
    escalate: escalation(draft, shape),
  };
}

/** Options, each with words of its own. */
export function optionList(draft: Draft, shape: Shape): string[] {
  const listed = shape.texts("options") ?? [];
  const options: string[] = [];
  const owners = new Map<string, string>();
  const say = (at: number, message: string, remedy: string) =>
    draft.problems.error(at, `${shape.label}: ${message}`, remedy);
  for (const { text, at } of listed) {
    const option = text.trim();
    const reason = reservedReason(option);
    if (reason !== null)
      say(at, `an option cannot be named "${option.slice(0, 40)}": ${reason}`, "choose another word");
    else if (option.length > 60 || /[\p{Cc}]/u.test(option))
      say(at, "an option has at most 60 characters on one line", "shorten it");
    else if (normalize(option) === "") say(at, `"${option}" has no word in it`, "name the option");
    else options.push(option);
  }
  for (const [index, option] of options.entries()) {
    const clash = wordsFor(options, index).find((word) => owners.has(word));
    for (const word of wordsFor(options, index)) owners.set(word, owners.get(word) ?? option);
    if (clash === undefined) continue;
    const message = `"${clash}" would mean both "${owners.get(clash)}" and "${option}"`;
    say(shape.place("options"), message, "choose words that cannot be confused");
  }
  if (options.length > MAX_OPTIONS) shape.error("options", `more than ${MAX_OPTIONS} options`, "ask in two steps");
  return options;
}

function reasonRequired(shape: Shape, options: string[]): string[] {
  const listed = shape.texts("reasonRequired") ?? [];
  for (const { text, at } of listed) {
    if (!options.includes(text)) {
      const near = didYouMean(text, options);
      const remedy = near ? `did you mean "${near}"?` : `the options are ${options.join(", ")}`;
      shape.problems.error(
        at,
        `${shape.label}: reasonRequired names "${text.slice(0, 40)}", which is no option`,
        remedy,
      );
    }
  }
  return listed.map(({ text }) => text);
}

/** A person's name may have several words. */
export const PERSON_OR_ROLE = /^(?:role:[^\s:{}]+|person:[^\s:{}]+(?: +[^\s:{}]+)*)$/;

export function people(draft: Draft, shape: Shape, field: string): string[] | null {
  const listed = shape.texts(field);
  if (listed === null) return null;
  for (const { text, at } of listed) {
    if (!PERSON_OR_ROLE.test(text)) {
      const remedy = 'write "person:ana" or "role:release"; a variable cannot name who decides';
      draft.problems.error(at, `${shape.label}: "${text.slice(0, 60)}" is neither a person nor a role`, remedy);
    }
  }
  if (listed.length === 0)
    shape.error(
      field,
      `${field} is empty`,
      "name somebody, or leave the field out: then whoever started the run is asked",
    );
  return listed.length === 0 ? null : listed.map(({ text }) => text);
}

/** `wayOnly` takes a channel's name without an address too. */
export function places(shape: Shape, field: string, wayOnly: boolean): string[] | null {
  const listed = shape.texts(field);
  for (const { text, at } of listed ?? []) checkPlace(shape, text, at, wayOnly);
  return listed?.map(({ text }) => text) ?? null;
}

export function checkPlace(shape: Shape, place: string, at: number, wayOnly: boolean): void {
  const known = /^(slack|discord|sms):\S+$/.test(place) || /^terminal(:\S+)?$/.test(place);
  if (known || (wayOnly && /^(slack|discord|sms)$/.test(place))) return;
  const remedy = "write slack:#name, discord:CHANNEL, sms:PERSON, sms:+E164 or terminal";
  shape.problems.error(at, `${shape.label}: "${place.slice(0, 60)}" is not a place`, remedy);
}

function escalation(draft: Draft, shape: Shape): QuestionSpec["escalate"] {
  const tree = shape.tree("escalate");
  if (tree === null) return [];
  if (tree.kind !== "list") {
    shape.error("escalate", "escalate must be a list", "write - afterMs: 1800000 and to or via below it");
    return [];
  }
  return tree.items.map((item) => {
    const rung = new Shape(item, ["afterMs", "to", "via"], draft.problems, `${shape.label}: escalate`);
    if (!rung.has("afterMs")) rung.error("afterMs", "afterMs is missing", "write after how many milliseconds");
    if (!rung.has("to") && !rung.has("via"))
      rung.error("to", "to or via is missing", "write whom to ask, or on which channel");
    return {
      afterMs: rung.durationMs("afterMs") ?? 0,
      to: people(draft, rung, "to") ?? [],
      via: places(rung, "via", true) ?? [],
    };
  });
}

// ---- approval: sync ----------------------------------------------------------------------------------------------------------

/** Adds the question before a task with `approval: sync`; once all nodes are read, `linkGates` puts it in the way. */
export function gate(
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

export const COMMON = { onFailure: "fail" as const, failureApprovers: null, maxVisits: null, repeats: false };

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
