/** The definitions that come with the product (`workflows/*.yaml`), installed at every start; unchanged ones stay as they are. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Actor } from "../contract/actor.ts";
import { toErrorInfo } from "../contract/errors.ts";
import { APP_DIR } from "./app_dir.ts";
import { type Backend, functions } from "./backend.ts";
import type { Logger } from "./logger.ts";

/** A definition that cannot be installed is logged and left out: the others, and the bot, are worth more. */
export async function installBuiltins(backend: Pick<Backend, "mutation">, actor: Actor, log: Logger): Promise<void> {
  for (const file of builtinFiles()) {
    try {
      const source = readFileSync(join(APP_DIR, file), "utf8");
      const made = await backend.mutation(functions.workflows.create, { actor, source, file, origin: "builtin" });
      log.debug({ workflow: made.name, version: made.version, changed: made.changed }, "built-in workflow");
    } catch (thrown) {
      log.error({ error: toErrorInfo(thrown), file }, "a built-in workflow could not be installed");
    }
  }
}

/** Relative to the product's folder. */
export function builtinFiles(): string[] {
  try {
    return readdirSync(join(APP_DIR, "workflows"))
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .sort()
      .map((name) => `workflows/${name}`);
  } catch {
    return [];
  }
}
