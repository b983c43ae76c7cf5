/**
 * What a name means at one moment of a run, first match: local (item, iteration, this …), variable, another name of a variable,
 * field of the input, `input` / `workflow_input` / `run`. A variable that some node may set and none has set yet is null; any other name is unknown.
 */
import { FactoryError } from "../contract/errors.ts";
import type { Definition, Json } from "./definition.ts";
import { follow, isObject, own } from "./json.ts";
import { didYouMean } from "./suggest.ts";
import type { Context } from "./types.ts";

export interface Scope {
  /** Undefined: unknown. */
  lookup(name: string): Json | undefined;
  /** For did-you-mean. */
  names(): Iterable<string>;
}

/** Names that are always there. */
export const BUILT_IN = ["input", "workflow_input", "run"] as const;

export function runScope(
  definition: Pick<Definition, "aliases" | "declares">,
  context: Pick<Context, "input" | "run">,
  variables: ReadonlyMap<string, Json>,
): Scope {
  const { input } = context;
  return {
    lookup(name) {
      const direct = variables.get(name);
      if (direct !== undefined) return direct;
      const alias = own(definition.aliases, name);
      const aliased = alias === undefined ? undefined : variables.get(alias);
      if (aliased !== undefined) return aliased;
      const given = isObject(input) ? own(input, name) : undefined;
      if (given !== undefined) return given;
      if (name === "input" || name === "workflow_input") return input;
      if (name === "run") return { ...context.run };
      return alias !== undefined || definition.declares.includes(name) ? null : undefined;
    },
    *names() {
      yield* variables.keys();
      yield* definition.declares;
      yield* Object.keys(definition.aliases);
      if (isObject(input)) yield* Object.keys(input);
      yield* BUILT_IN;
    },
  };
}

/** The same with some names on top. */
export function within(outer: Scope, locals: Readonly<Record<string, Json>>): Scope {
  return {
    lookup: (name) => own(locals, name) ?? (Object.hasOwn(locals, name) ? null : outer.lookup(name)),
    *names() {
      yield* Object.keys(locals);
      yield* outer.names();
    },
  };
}

/** The value at a path. Unknown names and fields of texts are errors; see `follow` for `missing`. */
export function resolve(scope: Scope, path: readonly string[], missing: "error" | "null"): Json {
  const name = path[0]!;
  const value = scope.lookup(name);
  if (value === undefined) {
    const near = didYouMean(
      name,
      [...scope.names()].filter((known) => !known.startsWith("~")),
    );
    throw new FactoryError("invalid_input", `there is no variable "${name}"`, {
      field: name,
      remedy: near
        ? `did you mean "${near}"?`
        : "set it with saveAs or outputVar in an earlier node, or give it as input",
    });
  }
  return follow(value, path, 1, missing);
}

const PATH = /^[A-Za-z_@][\w-]*(?:\.[\w-]+|\[\d+\])*$/;

/** `a.b.0`, `a.b[0]`; null when the text is no path. */
export function parsePath(text: string): string[] | null {
  const trimmed = text.trim();
  if (trimmed.length > 200 || !PATH.test(trimmed)) return null;
  return trimmed.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
}
