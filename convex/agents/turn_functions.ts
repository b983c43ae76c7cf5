/** The turn's steps, by name: agent files do not import the generated api, whose types would depend on themselves. */
import { makeFunctionReference } from "convex/server";
import type { ErrorInfo } from "../../src/contract/errors.ts";
import type { Id } from "../_generated/dataModel.js";
import type { TurnLease, TurnProgress } from "../turns.ts";

type Turn = { turnId: Id<"turns"> };
type Held = Turn & { leaseId: string };

export const beginTurn = makeFunctionReference<"mutation", Turn, TurnLease | null>("turns:begin");
export const beatTurn = makeFunctionReference<"mutation", Held & { text: string | null }, boolean>("turns:beat");
export const turnProgress = makeFunctionReference<"query", Turn, TurnProgress>("turns:progress");
export const turnEffect = makeFunctionReference<
  "mutation",
  Held & { toolCallId: string; toolName: string; input: string; seen?: string },
  boolean
>("turns:effect");
export const noteRefused = makeFunctionReference<
  "mutation",
  Turn & { toolCallId: string; toolName: string; input: string },
  null
>("agents/effects:noteRefused");
export const endTurn = makeFunctionReference<"mutation", Held, null>("turns:end");
export const failTurn = makeFunctionReference<"mutation", Held & { error: ErrorInfo }, null>("turns:fail");
