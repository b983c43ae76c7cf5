/** The one place where definitions come from text: checked against what this backend has at that moment. */

import { type Problem, problemLine } from "../../src/contract/problem.ts";
import type { Definition } from "../../src/flow/definition.ts";
import { type Known, parseDefinition } from "../../src/flow/parse.ts";
import type { QueryCtx } from "../_generated/server.js";
import { STEP_AGENTS } from "../agents/step_agents.ts";
import { fail } from "./errors.ts";
import { knownFunctions, SHELL_EXEC } from "./functions.ts";
import { profileNames } from "./profiles.ts";

export type { Problem } from "../../src/contract/problem.ts";

const MAX_WORKFLOWS = 500;
const MAX_MACHINES = 100;

/** `unattended`: a schedule or a hook that the text does not speak of starts it. */
export interface CompileOptions {
  unattended?: boolean;
}

async function known(ctx: QueryCtx, source: string, options: CompileOptions): Promise<Known> {
  const machines = await ctx.db.query("machines").take(MAX_MACHINES);
  const sandboxes = [...new Set(machines.flatMap((machine) => machine.sandboxes))].sort();
  return {
    functions: knownFunctions(machines),
    missing: {
      [SHELL_EXEC]: "set FACTORY_WORKSPACE and install a sandbox (bubblewrap or docker), then restart the bot",
    },
    roles: [...(await profileNames(ctx, "role")), ...STEP_AGENTS],
    hands: await profileNames(ctx, "hand"),
    sandboxes,
    workflows: await workflowNames(ctx, source),
    unattended: options.unattended ?? false,
  };
}

/** Rows carry whole definitions, so they are read only for a text that may run another workflow. */
async function workflowNames(ctx: QueryCtx, source: string): Promise<string[]> {
  if (!/\btype\W{1,6}run\b/.test(source)) return [];
  const rows = await ctx.db
    .query("workflows")
    .withIndex("by_latest_and_name", (q) => q.eq("latest", true))
    .take(MAX_WORKFLOWS);
  return rows.map((row) => row.name);
}

/** Throws `invalid_definition`, whose message lists every problem on a line of its own with place and remedy. */
export async function compileDefinition(
  ctx: QueryCtx,
  source: string,
  file: string,
  options: CompileOptions = {},
): Promise<{ definition: Definition; warnings: string[] }> {
  const parsed = parseDefinition(source, file, await known(ctx, source, options));
  const warnings = parsed.warnings.map(problemLine);
  if (parsed.ok) return { definition: parsed.definition, warnings };
  const [first] = parsed.problems;
  const field = first === undefined ? file : `${first.file}:${first.line}:${first.column}`;
  fail("invalid_definition", parsed.problems.map(problemLine).join("\n"), { field });
}

export async function problemsOf(
  ctx: QueryCtx,
  source: string,
  file: string,
): Promise<{ problems: Problem[]; warnings: Problem[] }> {
  const parsed = parseDefinition(source, file, await known(ctx, source, {}));
  return { problems: parsed.ok ? [] : parsed.problems, warnings: parsed.warnings };
}
