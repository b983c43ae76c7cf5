/** A call that changes something and has no answer may have counted all the same: the error says so, and where to look. */
import { getFunctionName } from "convex/server";
import type { Backend } from "../bot/backend.ts";
import { BackendUnreachable } from "../bot/unreachable.ts";
import { FactoryError } from "../contract/errors.ts";

/** A backend of which each change that has no answer is told as such. */
export function tellingWhatCounted(backend: Backend): Backend {
  return {
    ...backend,
    mutation: (ref, args) =>
      backend.mutation(ref, args).catch((thrown: unknown) => {
        throw told(
          thrown,
          "it is not known whether this counted",
          `before doing it again look: ${look(getFunctionName(ref), args)}`,
        );
      }),
  };
}

/** For a failure before anything was asked for. */
export const nothingCounted = (thrown: unknown): unknown => told(thrown, "nothing was changed", null);

function told(thrown: unknown, what: string, remedy: string | null): unknown {
  if (!(thrown instanceof BackendUnreachable)) return thrown;
  const { code, message, field, remedy: first } = thrown.info;
  return new FactoryError(code, `${message}; ${what}`, {
    field: field!,
    remedy: remedy === null ? first! : `${first}; ${remedy}`,
    cause: thrown,
  });
}

function look(name: string, args: Record<string, unknown>): string {
  if (name === "runs:cancel") return `factory workflow status ${args.runId}`;
  if (name === "runs:start" || name === "runs:restart") return "factory workflow runs";
  if (name.startsWith("approvals:")) return `factory approvals show ${args.ref}`;
  return "factory audit list";
}
