/** A component definition's scripts, compiled once and evaluated in each of its contexts. */
import { Script as VmScript } from "node:vm";
import type { BundledApp, Script } from "../bundle/app.ts";

/** What a script gives a context: module → its exports, import key → a promise of them. */
export type Loaders = Record<string, () => unknown>;
/** Answers an `import()` in the script. */
export type Importer = (key: string) => unknown;

/** Work that V8 has done since the last save is worth another one when there is so much more of it. */
const WORTH_SAVING = 1.1;

export class CompiledScript {
  readonly #script: VmScript;
  readonly #source: Script;
  /** Bytes of what lies in the cache. */
  #saved = 0;

  constructor(source: Script) {
    this.#source = source;
    const cachedData = source.compiled();
    this.#script = new VmScript(source.code(), { filename: source.filename, lineOffset: -1, cachedData });
    if (cachedData !== undefined && this.#script.cachedDataRejected === false) this.#saved = cachedData.length;
  }

  evaluate(context: object, importer: Importer): Loaders {
    const module = { exports: {} as Loaders };
    this.#script.runInContext(context)(module, module.exports, importer);
    return module.exports;
  }

  /** What has been compiled until now, the functions included that have run. Takes milliseconds, so it is for quiet moments. */
  saveCompiled(): void {
    const compiled = this.#script.createCachedData();
    if (compiled.length < this.#saved * WORTH_SAVING) return;
    this.#saved = compiled.length;
    this.#source.saveCompiled(compiled);
  }
}

const compiled = new WeakMap<Script, CompiledScript>();

/** Compiles what every start needs, so that it is there when the executor asks. */
export function compileAhead(app: BundledApp): void {
  for (const { script } of app.definitions.values()) compiled.set(script, new CompiledScript(script));
}

export class DefinitionScripts {
  readonly main: CompiledScript;
  readonly #deferred: Script | null;
  #compiled: CompiledScript | undefined;
  readonly #onCompiled: (script: CompiledScript) => void;

  /** `onCompiled` hears of each script once. */
  constructor(
    { script, deferred }: { script: Script; deferred: Script | null },
    onCompiled: (script: CompiledScript) => void,
  ) {
    this.main = compiled.get(script) ?? new CompiledScript(script);
    this.#deferred = deferred;
    this.#onCompiled = onCompiled;
    onCompiled(this.main);
  }

  /** Compiled when it is first asked for. null: there is none. */
  deferred(): CompiledScript | null {
    if (this.#deferred !== null && this.#compiled === undefined) {
      this.#compiled = new CompiledScript(this.#deferred);
      this.#onCompiled(this.#compiled);
    }
    return this.#compiled ?? null;
  }
}
