/** The look at the budget before a model is called; by name, because the types of `internal` would depend on themselves here. */
import { makeFunctionReference } from "convex/server";
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { Id } from "../_generated/dataModel.js";

export const budgetRefusal = makeFunctionReference<
  "query",
  { turnId?: Id<"turns">; jobId?: Id<"jobs">; now: number },
  ErrorInfo | null
>("budgets:refusal");
