/** What a role lets a person do. `owner` and `admin` may do everything, a `viewer` only looks, everybody else works. */
import type { Doc } from "../_generated/dataModel.js";
import { fail } from "./errors.ts";
import type { Acting } from "./people.ts";

export type Capability =
  | "people.manage"
  | "workflows.manage"
  | "runs.start"
  | "runs.cancelAny"
  | "tasks.write"
  | "records.write";

const EVERYBODY: ReadonlySet<Capability> = new Set(["runs.start", "tasks.write", "records.write"]);

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
