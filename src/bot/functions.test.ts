import type { FunctionArgs, FunctionReference, FunctionReturnType } from "convex/server";
import { expect, test } from "vitest";
import type { api } from "../../convex/_generated/api.js";
import type { functions } from "./functions.ts";

type Ours = typeof functions;
type Theirs = typeof api;
// biome-ignore lint/suspicious/noExplicitAny: any function
type Any = FunctionReference<"query" | "mutation", "public", any, any>;

type Compared<O, T> = O extends Any
  ? T extends Any
    ? [O["_type"]] extends [T["_type"]]
      ? [FunctionArgs<O>] extends [FunctionArgs<T>]
        ? [FunctionReturnType<T>] extends [FunctionReturnType<O>]
          ? never
          : "its result differs"
        : "its arguments differ"
      : "a query here, a mutation there"
    : "the backend has none"
  : never;

/** `["runs:get", "its result differs"]` for each function that does not fit; never when all do. */
type Misfits = {
  [M in keyof Ours]: {
    [N in keyof Ours[M]]: Compared<
      Ours[M][N],
      M extends keyof Theirs ? (N extends keyof Theirs[M] ? Theirs[M][N] : null) : null
    > extends infer Why
      ? [Why] extends [never]
        ? never
        : [`${M & string}:${N & string}`, Why]
      : never;
  }[keyof Ours[M]];
}[keyof Ours];

test("the functions written out here are the backend's (checked by the compiler)", () => {
  // An error here reads like: '"fits"' is not assignable to '"runs:list its arguments differ"'.
  const found: [Misfits] extends [never] ? "fits" : `${Misfits[0]} ${Misfits[1] & string}` = "fits";
  expect(found).toBe("fits");
});
