/**
 * The functions a step may call, and how: `mutation` runs inside the run's own transaction (a throw is a failed node and leaves
 * nothing behind), `agent` is a job under a lease. A name that is not here is refused when a definition is validated.
 */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import { v } from "convex/values";
import type { Id } from "../_generated/dataModel.js";
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

export type FunctionSpec =
  | { kind: "mutation"; ref: InlineFunction; capability: Capability | null }
  | { kind: "agent"; capability: Capability | null };

/** A reference by name: the types of `internal` would depend on themselves here. */
export const inlineFunction = (name: string): InlineFunction =>
  makeFunctionReference<"mutation">(name) as unknown as InlineFunction;

function taskTool(name: string, capability: Capability | null): FunctionSpec {
  return { kind: "mutation", ref: inlineFunction(`step_functions:${name}`), capability };
}

const functions: Record<string, FunctionSpec> = {
  "agent::chat": { kind: "agent", capability: null },
  "tool::record": { kind: "mutation", ref: inlineFunction("records:write"), capability: "records.write" },
  "tool::createTask": taskTool("createTask", "tasks.write"),
  "tool::assignTask": taskTool("assignTask", "tasks.write"),
  "tool::transitionTask": taskTool("transitionTask", "tasks.write"),
  "tool::listFactoryTasks": taskTool("listFactoryTasks", null),
  "tool::getProjectStatus": taskTool("getProjectStatus", null),
};

/** For validation. */
export const knownFunctions = (): Record<string, { needsApproval?: boolean }> =>
  Object.fromEntries(Object.keys(functions).map((name) => [name, {}]));

export function functionSpec(name: string): FunctionSpec | null {
  return Object.hasOwn(functions, name) ? (functions[name] ?? null) : null;
}
