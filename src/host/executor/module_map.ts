/** The modules of a component as `import.meta.glob` gives them. */
export type ModuleGlob = Record<string, () => Promise<unknown>>;

/** null when there is no such module. `path` has no extension (`dir/module`). */
export type LoadModule = (path: string) => Promise<Record<string, unknown> | null>;

/**
 * Modules are loaded when first asked for, never all at once: a glob may contain test files, which would register their tests.
 * Paths count from the folder that contains `_generated`.
 */
export function moduleMap(glob: ModuleGlob): LoadModule {
  const generated = Object.keys(glob).find((path) => path.includes("_generated"));
  if (generated === undefined) {
    throw new Error(
      'Could not find the "_generated" directory among the modules: import.meta.glob must include it, for example `import.meta.glob("./**/*.ts")` in the folder of your functions.',
    );
  }
  const root = generated.slice(0, generated.indexOf("_generated"));
  const loaders = new Map(Object.entries(glob).map(([path, load]) => [path.replace(/\.[^./]+$/, ""), load]));
  return async (path) => ((await loaders.get(root + path)?.()) as Record<string, unknown> | undefined) ?? null;
}
