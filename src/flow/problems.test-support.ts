/** A definition's problems and warnings as lines. */
import { problemLine } from "../contract/problem.ts";
import { type Known, NOTHING_KNOWN, parseDefinition } from "./parse.ts";

export const parse = (source: string, known: Known = NOTHING_KNOWN) => parseDefinition(source, "w.yaml", known);
/** Every problem as a line. */
export const problems = (source: string, known?: Known): string[] => {
  const parsed = parse(source, known);
  return parsed.ok ? [] : parsed.problems.map(problemLine);
};
export const warnings = (source: string): string[] => parse(source).warnings.map(problemLine);

/** One node, and the end it leads to. */
export const node = (text: string, more = ""): string =>
  `startNodeId: n\n${more}\nnodes:\n  n: ${text}\n  z: { type: end }\n`;
