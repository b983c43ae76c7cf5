/**
 * What a tool is: data, that the model, the gate and the turn engine read. Groups of them lie beside this file, joined in `index.ts`.
 *
 *   look     reads, while the model speaks
 *   effect   one mutation, in the transaction that saves its result: done once for each call
 *   outside  done by a performer under a lease, with one idempotency key however often it is tried (model/outside_calls.ts)
 *
 * What is outside, and an effect that is `gated`, asks first; what others are told by it passes unless a rule speaks (model/gate.ts).
 *
 * Inputs are checked against `input` before `run`. Throw what refuses (`fail`): the refusal becomes the call's result. No module here
 * may import the agent component's client or a model's SDK: mutations are built of them.
 */
import type { z } from "zod";
import type { Doc } from "../../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../../_generated/server.js";
import type { Acting } from "../../model/people.ts";
import type { Capability } from "../../model/rights.ts";

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

/** What is looked at before a call that may have to be asked about. */
interface Guarded<Schema extends z.ZodType> {
  /** What the person served must be allowed to do; null: everybody may. */
  capability?: Capability | null;
  /** What is meant exactly, before it is judged and asked about: the project's repository where none was named. Fits `input` again. */
  prepare?(ctx: QueryCtx, serving: Serving, input: z.infer<Schema>): Promise<z.infer<Schema>>;
  /** Throws what refuses, before anybody is asked; looked at again before it is done. */
  check?(ctx: QueryCtx, call: Call, input: z.infer<Schema>): Promise<void>;
  /** What people are asked, in words of the matter; absent: `May AGENT go on with TOOL?`, by their titles */
  question?(input: z.infer<Schema>): string;
}

export interface EffectTool<Schema extends z.ZodType = z.ZodType> extends Described<Schema>, Guarded<Schema> {
  kind: "effect";
  /**
   * It has consequences outside of the factory. True: it asks first, unless the policy allows it. `byRule`: it passes, unless a rule of the
   * policy asks or blocks. Absent: the policy is not heard.
   */
  gated?: true | "byRule";
  /** Undefined: the call has no result yet; whoever ends it saves one later. */
  run(ctx: MutationCtx, call: Call, input: z.infer<Schema>): Promise<unknown>;
}

export interface OutsideTool<Schema extends z.ZodType = z.ZodType> extends Described<Schema>, Guarded<Schema> {
  kind: "outside";
  /** A key of `model/outside_performers.ts`, or `machine`: a gateway's machine takes it. */
  performer: string;
  /** Of all attempts together, from the first claim. */
  timeoutMs: number;
  capability: Capability | null;
  /**
   * An internal action by name, given the prepared input as JSON text: it gives fields that belong to the input, as JSON text, so that what
   * people approve is what stands there now. Null: none. Looked at once, before people are asked; a fact it cannot learn is left out.
   */
  lookUp?: string;
  /** It changes nothing: only a rule of the policy makes it ask. */
  readOnly?: boolean;
}

export type Tool = LookTool | EffectTool | OutsideTool;

export const look = <Schema extends z.ZodType>(tool: Omit<LookTool<Schema>, "kind">): LookTool<Schema> => ({
  ...tool,
  kind: "look",
});

export const effect = <Schema extends z.ZodType>(tool: Omit<EffectTool<Schema>, "kind">): EffectTool<Schema> => ({
  ...tool,
  kind: "effect",
});

export const outside = <Schema extends z.ZodType>(tool: Omit<OutsideTool<Schema>, "kind">): OutsideTool<Schema> => ({
  ...tool,
  kind: "outside",
});

/** Whether the policy is to be heard before it is done; a look is not. */
export const isGuarded = (tool: Tool): tool is EffectTool | OutsideTool =>
  tool.kind === "outside" || (tool.kind === "effect" && tool.gated !== undefined);

/** Whether people are asked about it where no rule of the policy speaks. */
export const isAskedAbout = (tool: Tool): boolean =>
  isGuarded(tool) && (tool.kind === "outside" ? tool.readOnly !== true : tool.gated === true);

/** `me` in an argument is the person served. */
export const named = (acting: Acting, name: string): string =>
  /^(?:me|myself)$/i.test(name.trim()) ? acting.person.name : name;
