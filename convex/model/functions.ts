/**
 * The functions a step may call, and how: `mutation` runs inside the run's own transaction (a throw is a failed node and leaves
 * nothing behind), `job` is work under a lease. A name that is not here is refused when a definition is validated.
 */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import type { Doc, Id } from "../_generated/dataModel.js";
import type { Capability } from "./rights.ts";

/** What an inline function gets. `args` is JSON text; `key` is the same for every attempt: what may happen once is keyed by it. */
export interface FunctionCall {
  args: string;
  key: string;
  runId: Id<"runs">;
  nodeId: string;
  /** For whom the run acts: who started it. */
  personId: Id<"people">;
}

export const vFunctionCall = v.object({
  args: v.string(),
  key: v.string(),
  runId: v.id("runs"),
  nodeId: v.string(),
  personId: v.id("people"),
});

/** Returns the output as JSON text. */
export type InlineFunction = FunctionReference<"mutation", "internal", { call: FunctionCall }, string>;

/** What an agent's own work is: a prompt answered by a role, a hand with functions, a command in a sandbox. */
export type JobKind = "agent" | "hand" | "command";

/** `capability` null: everybody may. */
export type FunctionSpec =
  | { kind: "mutation"; ref: InlineFunction; capability: Capability | null }
  | { kind: "job"; job: JobKind; capability: Capability | null };

/** A reference by name: the types of `internal` would depend on themselves here. */
export const inlineFunction = (name: string): InlineFunction =>
  makeFunctionReference<"mutation">(name) as unknown as InlineFunction;

function taskTool(name: string, capability: Capability | null): FunctionSpec {
  return { kind: "mutation", ref: inlineFunction(`step_functions:${name}`), capability };
}

const functions: Record<string, FunctionSpec> = {
  "agent::chat": { kind: "job", job: "agent", capability: "agents.use" },
  "hand::run": { kind: "job", job: "hand", capability: "hands.run" },
  "security::check": { kind: "mutation", ref: inlineFunction("security:check"), capability: "security.check" },
  "tool::record": { kind: "mutation", ref: inlineFunction("records:write"), capability: "records.write" },
  "tool::createTask": taskTool("createTask", "tasks.write"),
  "tool::assignTask": taskTool("assignTask", "tasks.write"),
  "tool::transitionTask": taskTool("transitionTask", "tasks.write"),
  "tool::listFactoryTasks": taskTool("listFactoryTasks", null),
  "tool::getProjectStatus": taskTool("getProjectStatus", null),
  "tool::shell_exec": { kind: "job", job: "command", capability: "shell.exec" },
};

export const SHELL_EXEC = "tool::shell_exec";
/** Never without a person's yes, whatever a definition says. */
export const NEEDS_APPROVAL: ReadonlySet<string> = new Set([SHELL_EXEC]);
/** What a hand may be given: it acts without asking, so nothing that needs a yes. */
export const HAND_FUNCTIONS = Object.keys(functions).filter(
  (name) => name.startsWith("tool::") && !NEEDS_APPROVAL.has(name),
);

/** Whether some machine can run commands: it has the workspace and a sandbox for it. */
export const canRunCommands = (machines: Pick<Doc<"machines">, "workspace" | "sandboxes">[]): boolean =>
  machines.some(({ workspace, sandboxes }) => workspace && sandboxes.length > 0);

/** For validation. `tool::shell_exec` is there only where it can be done. */
export function knownFunctions(
  machines: Pick<Doc<"machines">, "workspace" | "sandboxes">[],
): Record<string, { needsApproval?: boolean; needsSandbox?: boolean }> {
  const names = Object.keys(functions).filter((name) => name !== SHELL_EXEC || canRunCommands(machines));
  return Object.fromEntries(
    names.map((name) => [name, { needsApproval: NEEDS_APPROVAL.has(name), needsSandbox: name === SHELL_EXEC }]),
  );
}

export function functionSpec(name: string): FunctionSpec | null {
  return Object.hasOwn(functions, name) ? (functions[name] ?? null) : null;
}
