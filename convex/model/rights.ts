/** What a role lets a person do. `owner` and `admin` may do everything, a `viewer` only looks, everybody else works. */
import type { Doc } from "../_generated/dataModel.js";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";

export const CAPABILITIES = [
  "people.manage",
  "workflows.manage",
  "runs.start",
  "runs.cancelAny",
  "tasks.write",
  "records.write",
  "agents.use",
  "channels.post",
  "files.write",
  "code.write",
  "hands.run",
  "security.check",
  "shell.exec",
  "policy.manage",
  "budgets.manage",
] as const;
export type Capability = (typeof CAPABILITIES)[number];

const EVERYBODY: ReadonlySet<Capability> = new Set([
  "runs.start",
  "tasks.write",
  "records.write",
  "agents.use",
  "channels.post",
  "files.write",
  "code.write",
  "hands.run",
  "security.check",
] satisfies Capability[]);

/** What a step in a role may use. Null: the role file names none, so what everybody may. */
export const roleMay = (capabilities: readonly string[] | null, capability: Capability): boolean =>
  capabilities === null ? EVERYBODY.has(capability) : capabilities.includes(capability);

export function may(person: Doc<"people">, capability: Capability): boolean {
  if (person.isOwner || person.roles.includes("owner") || person.roles.includes("admin")) return true;
  if (person.roles.length === 1 && person.roles[0] === "viewer") return false;
  return EVERYBODY.has(capability);
}

/** The operator's shell acting for another has that other's rights, not its own. */
export function demand(acting: Acting, capability: Capability): void {
  if (may(acting.person, capability)) return;
  fail("forbidden", `${acting.shown} may not do this: it needs ${capability}`, {
    remedy: "ask the owner for the role admin",
  });
}
