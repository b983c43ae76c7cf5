import { existsSync } from "node:fs";
import { basename, join } from "node:path";

/** The directory with the functions: `dir/convex` when there is one, else `dir` itself. */
export function functionsDir(dir: string): string {
  const inside = join(dir, "convex");
  return basename(dir) !== "convex" && existsSync(inside) ? inside : dir;
}
