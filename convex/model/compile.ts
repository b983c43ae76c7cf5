/** The one place where definitions come from text: checked against the functions this backend has. */
import type { Definition } from "../../src/flow/definition.ts";
import { type Known, NOTHING_KNOWN, type Problem, parseDefinition, problemLine } from "../../src/flow/parse.ts";
import { fail } from "./errors.ts";
import { knownFunctions } from "./functions.ts";

export type { Problem } from "../../src/flow/parse.ts";

const known = (): Known => ({ ...NOTHING_KNOWN, functions: knownFunctions() });

/** Throws `invalid_definition`, whose message lists every problem on a line of its own with place and remedy. */
export function compileDefinition(source: string, file: string): { definition: Definition; warnings: string[] } {
  const parsed = parseDefinition(source, file, known());
  const warnings = parsed.warnings.map(problemLine);
  if (parsed.ok) return { definition: parsed.definition, warnings };
  const [first] = parsed.problems;
  const field = first === undefined ? file : `${first.file}:${first.line}:${first.column}`;
  fail("invalid_definition", parsed.problems.map(problemLine).join("\n"), { field });
}

export function problemsOf(source: string, file: string): { problems: Problem[]; warnings: Problem[] } {
  const parsed = parseDefinition(source, file, known());
  return { problems: parsed.ok ? [] : parsed.problems, warnings: parsed.warnings };
}
