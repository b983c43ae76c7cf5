/** The work of a task, as both notations write it: function, prompt, agent, sandbox. */
import type { Work } from "./definition.ts";
import type { Draft } from "./draft.ts";
import { own } from "./json.ts";
import { noteTemplates, template } from "./parse_parts.ts";
import { type Shape, scalarText } from "./shape.ts";
import { didYouMean } from "./suggest.ts";

const DEFAULT_TIMEOUT_MS = 300_000;
const SANDBOXES = ["docker", "bubblewrap"];

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

export function readWork(draft: Draft, shape: Shape, promptField: string, locals: readonly string[]): Work {
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
