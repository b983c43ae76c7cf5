/**
 * What comes with the product in `workflows/`: roles (`agents/*.md`), hands (`hands/*.md`) and the definitions that name them,
 * installed in this order at every start. What has not changed stays as it is.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Actor } from "../contract/actor.ts";
import { type ErrorInfo, FactoryError, toErrorInfo } from "../contract/errors.ts";
import { type Problem, problemLine } from "../contract/problem.ts";
import { APP_DIR } from "./app_dir.ts";
import { type Backend, functions } from "./backend.ts";
import type { Logger } from "./logger.ts";

/**
 * A definition that cannot be installed is logged and left out: the others, and the bot, are worth more. Rejects when nothing can be
 * stored at all: that is said once, and not of each file. All are sent at once: the backend takes a client's mutations in their order, so
 * roles and hands are there before what names them.
 */
export async function installBuiltins(
  backend: Pick<Backend, "mutation">,
  actor: Actor,
  log: Logger,
  folder = APP_DIR,
): Promise<void> {
  const install = async (file: string, send: (source: string) => Promise<unknown>): Promise<void> => {
    try {
      await send(readBuiltin(folder, file));
    } catch (thrown) {
      const error = toErrorInfo(thrown);
      if (error.code === "disk_full") throw thrown;
      log.error(`left out: ${oneLine(file, error)}`);
    }
  };
  await Promise.all([
    ...profileFiles(folder).map(({ kind, file }) =>
      install(file, (source) => backend.mutation(functions.profiles.install, { actor, kind, source, file })),
    ),
    ...builtinFiles(folder).map((file) =>
      install(file, async (source) => {
        const made = await backend.mutation(functions.workflows.create, { actor, source, file, origin: "builtin" });
        log.debug({ workflow: made.name, version: made.version, changed: made.changed }, "built-in workflow");
      }),
    ),
  ]);
}

const OWN_FAULTS = new Set(["invalid_input", "invalid_definition"]);

/** Those that the next start would leave out, each with its reason and remedy on one line. */
export async function brokenBuiltins(backend: Pick<Backend, "query">, folder = APP_DIR): Promise<string[]> {
  const examine = async (
    file: string,
    check: (source: string) => Promise<{ problems: Problem[] }>,
  ): Promise<string[]> => {
    try {
      const { problems } = await check(readBuiltin(folder, file));
      const lines = problems.map(problemLine);
      return lines.length === 0 ? [] : [firstOf(file, lines)];
    } catch (thrown) {
      // Only the file's own fault; that nothing can be asked is another matter.
      if (!(thrown instanceof FactoryError) || !OWN_FAULTS.has(thrown.info.code)) throw thrown;
      return [oneLine(file, thrown.info)];
    }
  };
  const found = await Promise.all([
    ...profileFiles(folder).map(({ kind, file }) =>
      examine(file, (source) => backend.query(functions.profiles.check, { kind, source, file })),
    ),
    ...builtinFiles(folder).map((file) =>
      examine(file, (source) => backend.query(functions.workflows.validate, { source, file })),
    ),
  ]);
  return found.flat();
}

/** Relative to the product's folder. */
export const builtinFiles = (folder = APP_DIR): string[] => filesIn(folder, "workflows", /\.(ya?ml|json)$/);

export const profileFiles = (folder = APP_DIR): { kind: "role" | "hand"; file: string }[] => [
  ...filesIn(folder, "workflows/agents", /\.md$/).map((file) => ({ kind: "role" as const, file })),
  ...filesIn(folder, "workflows/hands", /\.md$/).map((file) => ({ kind: "hand" as const, file })),
];

function filesIn(folder: string, part: string, wanted: RegExp): string[] {
  try {
    return readdirSync(join(folder, part))
      .filter((name) => wanted.test(name))
      .sort()
      .map((name) => `${part}/${name}`);
  } catch {
    return [];
  }
}

function readBuiltin(folder: string, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(join(folder, file)));
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const [reason, remedy] =
      code === "ERR_ENCODING_INVALID_ENCODED_DATA"
        ? ["it is not UTF-8 text", "save it as UTF-8, or move it away"]
        : code === "EISDIR"
          ? ["it is a folder", "move it away"]
          : [`it cannot be read: ${message}`, "let this user read it, or move it away"];
    throw new FactoryError("invalid_input", reason, { field: file, remedy, cause: thrown });
  }
}

function oneLine(file: string, { message, remedy }: ErrorInfo): string {
  const lines = message.split("\n");
  // Each line of a refused definition begins with its place and ends with its remedy.
  if (lines[0]!.startsWith(`${file}:`)) return firstOf(file, lines);
  return `${file}: ${lines.join(" ")}${remedy === null ? "" : ` (${remedy})`}`;
}

const firstOf = (file: string, lines: string[]): string =>
  lines.length === 1 ? lines[0]! : `${lines[0]}; ${lines.length - 1} more: factory workflow create ${file} --validate`;
