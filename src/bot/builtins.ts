/**
 * What comes with the product in `workflows/`: roles (`agents/*.md`), hands (`hands/*.md`) and the definitions that name them,
 * installed in this order at every start. What has not changed stays as it is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Actor } from "../contract/actor.ts";
import { toErrorInfo } from "../contract/errors.ts";
import { APP_DIR } from "./app_dir.ts";
import { type Backend, functions } from "./backend.ts";
import type { Logger } from "./logger.ts";

/**
 * A definition that cannot be installed is logged and left out: the others, and the bot, are worth more. Rejects when nothing can be
 * stored at all: that is said once, and not of each file. All are sent at once: the backend takes a client's mutations in their order, so
 * roles and hands are there before what names them.
 */
export async function installBuiltins(backend: Pick<Backend, "mutation">, actor: Actor, log: Logger): Promise<void> {
  const install = async (kind: string, file: string, send: (source: string) => Promise<unknown>): Promise<void> => {
    try {
      await send(readFileSync(join(APP_DIR, file), "utf8"));
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      if (error.code === "disk_full") throw thrown;
      log.error({ error, file }, `a built-in ${kind} could not be installed`);
    }
  };
  await Promise.all([
    ...profileFiles().map(({ kind, file }) =>
      install(kind, file, (source) => backend.mutation(functions.profiles.install, { actor, kind, source, file })),
    ),
    ...builtinFiles().map((file) =>
      install("workflow", file, async (source) => {
        const made = await backend.mutation(functions.workflows.create, { actor, source, file, origin: "builtin" });
        log.debug({ workflow: made.name, version: made.version, changed: made.changed }, "built-in workflow");
      }),
    ),
  ]);
}

/** Relative to the product's folder. */
export const builtinFiles = (): string[] => filesIn("workflows", /\.(ya?ml|json)$/);

export const profileFiles = (): { kind: "role" | "hand"; file: string }[] => [
  ...filesIn("workflows/agents", /\.md$/).map((file) => ({ kind: "role" as const, file })),
  ...filesIn("workflows/hands", /\.md$/).map((file) => ({ kind: "hand" as const, file })),
];

function filesIn(folder: string, wanted: RegExp): string[] {
  try {
    return readdirSync(join(APP_DIR, folder))
      .filter((name) => wanted.test(name))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
