import type { Context } from "./context.ts";

/** A command's work. `args` as commander gives them, in order; `options` with the global ones. */
export type Handler = (context: Context, args: string[], options: Options) => Promise<void>;
export type Options = Record<string, string | boolean | string[] | undefined>;
/** Makes commander's action of a handler: a fresh context, closed afterwards. */
export type Act = (handler: Handler) => (...given: unknown[]) => Promise<void>;

export const text = (value: Options[string]): string | undefined => (typeof value === "string" ? value : undefined);
export const list = (value: Options[string]): string[] => (Array.isArray(value) ? value : []);
/** For options that may be given several times. */
export const collect = (value: string, before: string[]): string[] => [...before, value];
