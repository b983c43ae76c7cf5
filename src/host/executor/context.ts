/** A vm context with a component's script in it. */
import { constants, createContext, Script as VmScript } from "node:vm";
import type { Script } from "../bundle/app.ts";
import { type BridgeOptions, createBridge } from "./bridge.ts";
import { calls } from "./call.ts";
import { installRealm, type RealmBridge, type RealmControl } from "./realm.ts";

/** A module's exports, or any object of a context. */
export type ModuleExports = Record<string, unknown>;

/** A component definition's script, compiled once and evaluated in each of its contexts. */
export class CompiledScript {
  readonly #script: VmScript;
  readonly #source: Script;
  #saved: boolean;

  constructor(source: Script) {
    this.#source = source;
    this.#script = new VmScript(`(function (module, exports) {\n${source.code}\n})`, {
      filename: source.filename,
      lineOffset: -1,
      cachedData: source.compiled,
    });
    this.#saved = source.compiled !== undefined && this.#script.cachedDataRejected === false;
  }

  evaluate(context: object): Record<string, () => ModuleExports> {
    const module = { exports: {} as Record<string, () => ModuleExports> };
    this.#script.runInContext(context)(module, module.exports);
    return module.exports;
  }

  /** Worth calling once the usual functions have run: what V8 has compiled by then is in it. */
  saveCompiled(): void {
    if (this.#saved) return;
    this.#saved = true;
    this.#source.saveCompiled(this.#script.createCachedData());
  }
}

const bootScript = new VmScript(`(${installRealm.toString()})`, { filename: "convex-script:boot/0" });

export class FunctionContext {
  /** Calls it has served. */
  served = 0;
  readonly #realm: RealmControl;
  readonly #modules: Record<string, () => ModuleExports>;
  /** Made once: the bundle builds the object anew at each call. Its properties are getters, so it stays true. */
  readonly #loaded = new Map<string, ModuleExports>();
  readonly #failed = new Map<string, unknown>();

  constructor(script: CompiledScript, options: BridgeOptions) {
    // vm is no security boundary; refusing eval only mirrors Convex, so that code which needs it is noticed here.
    const context = createContext(constants.DONT_CONTEXTIFY, { codeGeneration: { strings: false, wasm: true } });
    const install = bootScript.runInContext(context) as (bridge: RealmBridge) => RealmControl;
    this.#realm = install(createBridge(options));
    this.#modules = script.evaluate(context);
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
      const exports = calls.run(undefined, load);
      this.#loaded.set(name, exports);
      this.#realm.accept();
      return exports;
    } catch (error) {
      this.#failed.set(name, error);
      throw error;
    }
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
