/** Which files of a functions directory are modules, by the rules of the official bundler (convex/src/bundler/index.ts, 1.48). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".jsx"];

/** A module of a component: `name` is what function paths use (`agents/factory`), `file` is absolute. */
export interface EntryPoint {
  name: string;
  /** Relative to the directory, with "/" and its extension. */
  relative: string;
  file: string;
}

/**
 * All modules under `dir`, sorted by code unit of their relative path (the order of the generated api). Skipped: `_generated`,
 * `schema.*`, names with more than one dot (tests, configs), dotfiles, `#` files, paths with a blank, nested component
 * directories, and TypeScript files without any import or export, which those that `isKnown` have. A `_deps` directory is an error, as
 * it is there.
 */
export function entryPoints(dir: string, isKnown: (file: string) => boolean = () => false): EntryPoint[] {
  const found: EntryPoint[] = [];
  walk(dir, "", isKnown, found);
  return found.sort((a, b) => (a.relative < b.relative ? -1 : a.relative > b.relative ? 1 : 0));
}

function walk(root: string, prefix: string, isKnown: (file: string) => boolean, found: EntryPoint[]): void {
  for (const item of readdirSync(join(root, prefix), { withFileTypes: true })) {
    const relative = prefix + item.name;
    if (item.isDirectory()) {
      if (relative === "_generated" || item.name === "node_modules") continue;
      if (relative === "_deps") {
        throw new Error(`The path "${join(root, relative)}" is reserved for dependencies. Please move your code.`);
      }
      if (!existsSync(join(root, relative, "convex.config.ts"))) walk(root, `${relative}/`, isKnown, found);
    } else if (isModule(item.name, relative)) {
      const file = join(root, relative);
      if (isKnown(file) || hasModuleSyntax(file)) {
        found.push({ name: relative.replace(/\.[^./]+$/, ""), relative, file });
      }
    }
  }
}

function isModule(base: string, relative: string): boolean {
  if (!EXTENSIONS.some((extension) => base.endsWith(extension))) return false;
  if (base.startsWith(".") || base.startsWith("#")) return false;
  if (base === "schema.ts" || base === "schema.js") return false;
  return base.split(".").length === 2 && !relative.includes(" ");
}

/** TypeScript needs an import or export to see a module; anything else would only confuse the type checker. */
function hasModuleSyntax(file: string): boolean {
  if (!file.endsWith(".ts") && !file.endsWith(".tsx")) return true;
  return /^\s{0,100}(import|export)/m.test(readFileSync(file, "utf8"));
}
