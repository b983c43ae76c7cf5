/** The application's code cannot be loaded: syntax, a missing import, something the host refuses. The message is for its author. */
export class BundleError extends Error {
  override name = "BundleError";
}

/** Words esbuild's failure: the first few messages with file and line. */
export function buildFailure(what: string, error: unknown): BundleError {
  const errors = (error as { errors?: { text: string; location?: { file: string; line: number } | null }[] }).errors;
  if (errors === undefined || errors.length === 0) {
    return new BundleError(`${what} could not be bundled: ${error instanceof Error ? error.message : String(error)}`);
  }
  const lines = errors.slice(0, 5).map(({ text, location }) => {
    const where = location ? `${location.file}:${location.line}: ` : "";
    if (/Could not resolve "(node:[^"]+|fs|path|crypto|os|child_process)"/.test(text)) {
      return `${where}${text} (Node's modules are not available to Convex functions)`;
    }
    return `${where}${text}`;
  });
  if (errors.length > 5) lines.push(`… and ${errors.length - 5} more`);
  return new BundleError(`${what} could not be bundled:\n  ${lines.join("\n  ")}`);
}
