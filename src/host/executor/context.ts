/** A vm context with a component's script in it. */
import { constants, createContext, Script as VmScript } from "node:vm";
import { type BridgeOptions, createBridge } from "./bridge.ts";
import { calls } from "./call.ts";
import type { DefinitionScripts, Loaders } from "./compiled.ts";
import { installRealm, type RealmBridge, type RealmControl } from "./realm.ts";

/** A module's exports, or any object of a context. */
export type ModuleExports = Record<string, unknown>;

const bootScript = new VmScript(`(${installRealm.toString()})`, { filename: "convex-script:boot/0" });

export class FunctionContext {
  /** Calls it has served. */
  served = 0;
  readonly #realm: RealmControl;
  readonly #context: object;
  readonly #scripts: DefinitionScripts;
  readonly #modules: Loaders;
  #deferred: Loaders | undefined;
  /** Made once: the bundle builds the object anew at each call. Its properties are getters, so it stays true. */
  readonly #loaded = new Map<string, ModuleExports>();
  readonly #failed = new Map<string, unknown>();
  readonly #imported = new Map<string, Promise<ModuleExports>>();

  constructor(scripts: DefinitionScripts, options: BridgeOptions) {
    // vm is no security boundary; refusing eval only mirrors Convex, so that code which needs it is noticed here.
    const context = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
    const install = bootScript.runInContext(context) as (bridge: RealmBridge) => RealmControl;
    this.#realm = install(createBridge(options));
    this.#context = context;
    this.#scripts = scripts;
    this.#modules = scripts.main.evaluate(context, (key: string) => this.#import(key));
  }

  /**
   * The module's exports, evaluated at the first request; null when there is no such module. An evaluation that threw throws the same
   * again, because the script would hand out a half-made module.
   */
  module(name: string): ModuleExports | null {
    const load = Object.hasOwn(this.#modules, name) ? this.#modules[name] : undefined;
    if (load === undefined) return null;
    if (this.#failed.has(name)) throw this.#failed.get(name);
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    try {
      const exports = calls.run(undefined, load) as ModuleExports;
      this.#loaded.set(name, exports);
      this.#realm.accept();
      return exports;
    } catch (error) {
      this.#failed.set(name, error);
      throw error;
    }
  }

  /** An `import()`: the same promise each time, so a module is evaluated once and one that failed fails the same again. */
  #import(key: string): Promise<ModuleExports> {
    if (calls.getStore()?.isAction === false) {
      throw new TypeError(
        "dynamic module import unsupported: Convex has import() in actions only. Import it at the top of the file.",
      );
    }
    let imported = this.#imported.get(key);
    if (imported === undefined) {
      const load = this.#modules[key] ?? this.#loadDeferred()[key];
      if (load === undefined) throw new Error(`There is no ${key}.`);
      imported = calls.run(undefined, load) as Promise<ModuleExports>;
      imported.then(
        () => this.#realm.accept(),
        () => {},
      );
      this.#imported.set(key, imported);
    }
    return imported;
  }

  #loadDeferred(): Loaders {
    this.#deferred ??= this.#scripts.deferred()?.evaluate(this.#context, (key) => this.#import(key)) ?? {};
    return this.#deferred;
  }

  /** A request of the host as one of this context's Request class. */
  adoptRequest(request: Request): Request {
    return this.#realm.adoptRequest(request);
  }

  /** Why it must not be used again; null when it may. */
  damage(): string | null {
    if (this.#failed.size > 0) return `module "${[...this.#failed.keys()][0]}" failed to load`;
    const changed = this.#realm.changed();
    return changed === null ? null : `a function left ${changed} changed`;
  }
}
