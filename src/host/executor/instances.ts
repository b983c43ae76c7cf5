/** Expands definitions into the tree of installed components. */
import type { BundledApp } from "../bundle/app.ts";
import type { ComponentInstance } from "../engine/types.ts";
import type { ComponentPath } from "../store/types.ts";

export interface InstalledComponent extends ComponentInstance {
  /** `/prefix/` → component whose http router answers below it. */
  httpMounts: Record<string, ComponentPath>;
}

/** Root first. A component sees only CONVEX_CLOUD_URL, CONVEX_SITE_URL and what its parent passes. Schemas are null here. */
export function installComponents(
  app: BundledApp,
  env: Record<string, string>,
): Map<ComponentPath, InstalledComponent> {
  const installed = new Map<ComponentPath, InstalledComponent>();
  const platform = Object.fromEntries(
    ["CONVEX_CLOUD_URL", "CONVEX_SITE_URL"].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
  const install = (path: ComponentPath, dir: string, own: Record<string, string>, above: string[]) => {
    const definition = app.definitions.get(dir);
    if (definition === undefined) throw new Error(`The component definition in ${dir} was not found.`);
    if (above.includes(dir)) throw new Error(`The component in ${dir} uses itself.`);
    const childPath = (name: string) => (path === "" ? name : `${path}/${name}`);
    installed.set(path, {
      path,
      definition: dir,
      children: Object.fromEntries(definition.children.map(({ name }) => [name, childPath(name)])),
      env: own,
      schema: null,
      httpMounts: Object.fromEntries(
        Object.entries(definition.httpMounts).map(([prefix, name]) => [prefix, childPath(name)]),
      ),
    });
    for (const child of definition.children) {
      const passed = child.env.flatMap(([name, from]) => {
        const value = from.type === "value" ? from.value : own[from.name];
        return value === undefined ? [] : [[name, value] as const];
      });
      install(childPath(child.name), child.dir, { ...Object.fromEntries(passed), ...platform }, [...above, dir]);
    }
  };
  install("", app.dir, env, []);
  return installed;
}
