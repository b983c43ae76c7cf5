/**
 * What a tool is: data, that the model, the gate and the turn engine read. Groups of them lie beside this file, joined in `index.ts`.
 *
 *   look     reads, while the model speaks
 *   effect   one mutation, in the transaction that saves its result: done once for each call
 *
 * Inputs are checked against `input` before `run`. Throw what refuses (`fail`): the refusal becomes the call's result. No module here
 * may import the agent component's client or a model's SDK: mutations are built of them.
 */
import type { z } from "zod";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import type { Acting } from "../../model/people.ts";

/** For whom, and in which turn. Every tool acts as this person, with that person's rights. */
export interface Serving {
  acting: Acting;
  turn: Doc<"turns">;
  /** Who calls; one of `crew.ts`. */
  agent: string;
}

export interface Call extends Serving {
  toolCallId: string;
}

/** `description` is for the model. */
interface Described<Schema extends z.ZodType> {
  description: string;
  input: Schema;
}

export interface LookTool<Schema extends z.ZodType = z.ZodType> extends Described<Schema> {
  kind: "look";
  run(ctx: QueryCtx, serving: Serving, input: z.infer<Schema>): Promise<unknown>;
}

export interface EffectTool<Schema extends z.ZodType = z.ZodType> extends Described<Schema> {
  kind: "effect";
  /** Undefined: the call has no result yet; whoever ends it saves one later. */
  run(ctx: MutationCtx, call: Call, input: z.infer<Schema>): Promise<unknown>;
}

export type Tool = LookTool | EffectTool;
export type ToolGroup = Record<string, Tool>;

export const look = <Schema extends z.ZodType>(tool: Omit<LookTool<Schema>, "kind">): LookTool<Schema> => ({
  ...tool,
  kind: "look",
});

export const effect = <Schema extends z.ZodType>(tool: Omit<EffectTool<Schema>, "kind">): EffectTool<Schema> => ({
  ...tool,
  kind: "effect",
});

/** `me` in an argument is the person served. */
export const named = (acting: Acting, name: string): string =>
  /^(?:me|myself)$/i.test(name.trim()) ? acting.person.name : name;
