/** Words what went wrong at the start, in a form that passes between threads. */
import { BundleError } from "./bundle/errors.ts";
import { HostStartError } from "./options.ts";
import { listenError } from "./ports.ts";
import { HostError } from "./values/index.ts";

export function startFailure(
  thrown: unknown,
  host: string,
  port: number,
): { message: string; code: string; port?: number } {
  const error = listenError(thrown, host, port);
  if (error instanceof HostStartError) {
    return { message: error.message, code: error.code, ...(error.port !== undefined && { port: error.port }) };
  }
  if (error instanceof BundleError) return { message: error.message, code: "bundle" };
  if (error instanceof HostError) return { message: error.message, code: error.reason ?? "unknown" };
  // Not one of ours: the stack is what helps, and it may come from another context's Error class.
  const { stack, message } = (typeof error === "object" && error !== null ? error : {}) as Partial<Error>;
  return { message: stack ?? message ?? String(error), code: "unknown" };
}
