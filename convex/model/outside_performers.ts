/** Who does outside calls inside Convex: an internal action each, that claims the call and hands in its result (agents/outside_functions.ts). */
import { type FunctionReference, makeFunctionReference } from "convex/server";
import type { Id } from "../_generated/dataModel.js";

export type OutsidePerformer = FunctionReference<"action", "internal", { callId: Id<"outsideCalls"> }, null>;

/** A gateway's machine: it watches for what is ready (outside_work.ts). */
export const MACHINE = "machine";

/** A reference by name: the types of `internal` would depend on themselves here. */
const action = (name: string): OutsidePerformer => makeFunctionReference<"action">(name) as unknown as OutsidePerformer;

export const outsidePerformers: Record<string, OutsidePerformer> = {
  github: action("github/perform:run"),
  files: action("agents/fetch_file:run"),
};
