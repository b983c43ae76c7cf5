/**
 * Roles and hands as files: Markdown with a head of fields between two lines of `---`, and instructions below. A role is who does a
 * step; a hand is a worker of its own, with the functions it may call and a bound on its steps, started by a step or by its schedule.
 */

import { type Problem, problemLine } from "../contract/problem.ts";
import type { Definition } from "./definition.ts";
import { readSchedule } from "./schedule.ts";
import { Shape } from "./shape.ts";
import { didYouMean } from "./suggest.ts";
import { MAX_SOURCE, Problems, readTree } from "./tree.ts";

export type ProfileKind = "role" | "hand";

export interface Role {
  kind: "role";
  name: string;
  title: string;
  description: string | null;
  /** What steps in this role may use; null: what everybody may. */
  capabilities: string[] | null;
  instructions: string;
}

export interface Hand {
  kind: "hand";
  name: string;
  title: string;
  description: string | null;
  /** What it may call: `tool::NAME`. */
  functions: string[];
  /** Calls of the model, at most; the last one has to answer. */
  maxSteps: number;
  timeoutMs: number;
  schedule: Definition["schedule"];
  instructions: string;
}

export interface ProfileKnown {
  /** Functions a hand may be given. */
  functions: readonly string[];
  capabilities: readonly string[];
}

export type ProfileResult = { ok: true; profile: Role | Hand } | { ok: false; problems: Problem[] };

const MAX_INSTRUCTIONS = 20_000;
const DEFAULT_STEPS = 8;
const MAX_STEPS = 50;
const DEFAULT_TIMEOUT_MS = 600_000;
const NAME = /^[A-Za-z0-9][\w-]{0,63}$/;
const FIELDS = {
  role: ["title", "description", "capabilities"],
  hand: ["title", "description", "functions", "maxSteps", "timeoutMs", "schedule"],
} as const;

/** The file's name is the profile's. Every problem is reported at once, with its place. */
export function parseProfile(kind: ProfileKind, source: string, file: string, known: ProfileKnown): ProfileResult {
  const problems = new Problems(file, source);
  const profile = read(kind, source, file, known, problems);
  return profile === null || problems.errors.length > 0
    ? { ok: false, problems: problems.errors }
    : { ok: true, profile };
}

function read(
  kind: ProfileKind,
  source: string,
  file: string,
  known: ProfileKnown,
  problems: Problems,
): Role | Hand | null {
  const name = file.replace(/^.*[/\\]/, "").replace(/\.md$/i, "");
  if (!NAME.test(name)) {
    problems.error(
      0,
      `"${name.slice(0, 64)}" cannot be a ${kind}'s name`,
      "name the file with letters, digits, - and _",
    );
  }
  const parts = split(source);
  if (parts === null || source.length > MAX_SOURCE) {
    problems.error(0, "the file has no head", "begin with a line ---, fields such as title:, and another line ---");
    return null;
  }
  const instructions = source.slice(parts.bodyAt).trim();
  if (instructions === "") problems.error(parts.bodyAt, "there are no instructions", "write them below the head");
  if (instructions.length > MAX_INSTRUCTIONS) {
    problems.error(parts.bodyAt, `the instructions are longer than ${MAX_INSTRUCTIONS} characters`, "shorten them");
  }
  const tree = readTree(parts.head, problems);
  if (tree === null) return null;
  const top = new Shape(tree, FIELDS[kind], problems, `the ${kind}`);
  const common = {
    name,
    title: top.text("title")?.trim() ?? name,
    description: top.text("description")?.trim() ?? null,
    instructions,
  };
  if (kind === "role") return { kind, ...common, capabilities: listed(top, "capabilities", known.capabilities) };
  return {
    kind,
    ...common,
    functions: listed(top, "functions", known.functions) ?? [],
    maxSteps: top.count("maxSteps", DEFAULT_STEPS, 1, MAX_STEPS),
    timeoutMs: top.durationMs("timeoutMs") ?? DEFAULT_TIMEOUT_MS,
    schedule: readSchedule(top),
  };
}

/** The head keeps its offsets: what stands before and after it is blank. Null: there is none. */
function split(source: string): { head: string; bodyAt: number } | null {
  const open = /^\uFEFF?---[ \t]*\r?\n/.exec(source);
  if (open === null) return null;
  const close = /^---[ \t]*$/m.exec(source.slice(open[0].length));
  if (close === null) return null;
  const headEnd = open[0].length + close.index;
  const head = `${open[0].replaceAll(/[^\r\n]/g, " ")}${source.slice(open[0].length, headEnd)}`;
  return { head, bodyAt: headEnd + close[0].length };
}

function listed(top: Shape, field: string, known: readonly string[]): string[] | null {
  const found = top.texts(field);
  for (const { text, at } of found ?? []) {
    if (known.includes(text)) continue;
    const near = didYouMean(text, known);
    const remedy = near ? `did you mean "${near}"?` : `choose from ${known.join(", ")}`;
    top.problems.error(at, `${top.label}: ${field} has "${text.slice(0, 60)}", which is not one`, remedy);
  }
  return found === null ? null : [...new Set(found.map(({ text }) => text))];
}

export const profileProblems = (problems: Problem[]): string => problems.map(problemLine).join("\n");
