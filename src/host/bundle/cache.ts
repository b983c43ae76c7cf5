/** Bundles kept on disk. Valid while every input file has the content it had, and every directory the modules it had. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ComponentDefinition } from "./definitions.ts";

export interface CachedBundle {
  app: string;
  definitions: CachedDefinition[];
  inputs: string[];
}
interface CachedDefinition {
  definition: ComponentDefinition;
  /** name → file */
  modules: Record<string, string>;
  script: { code: string; compiled: Buffer | undefined; map(): string };
}

interface Manifest {
  version: string;
  app: string;
  /** Of the codes of all scripts, so that a half-written cache is noticed. */
  codes: string[];
  definitions: Omit<CachedDefinition, "script">[];
  /** file → hash of its content */
  inputs: Record<string, string>;
}

export class BundleCache {
  readonly #dir: string;
  readonly #version: string;

  /** `version` holds all that changes the result besides the inputs. Code made by another Node is recompiled by V8 itself. */
  constructor(dir: string, version: string) {
    this.#dir = join(dir, "bundle");
    this.#version = version;
  }

  /** null when there is none, it is damaged, or a source changed. `modules` lists what a definition has now; it may throw for its author. */
  load(modules: (app: string, definitionDir: string) => Record<string, string> | null): CachedBundle | null {
    let manifest: Manifest;
    try {
      manifest = JSON.parse(readFileSync(join(this.#dir, "manifest.json"), "utf8"));
      if (manifest.version !== this.#version) return null;
      for (const [file, expected] of Object.entries(manifest.inputs)) {
        if (hash(readFileSync(file)) !== expected) return null;
      }
    } catch {
      return null;
    }
    for (const { definition, modules: known } of manifest.definitions) {
      const now = modules(manifest.app, definition.dir);
      if (now === null || JSON.stringify(now) !== JSON.stringify(known)) return null;
    }
    try {
      return {
        app: manifest.app,
        inputs: Object.keys(manifest.inputs),
        definitions: manifest.definitions.map((entry, index) => {
          const code = readFileSync(this.#file(index, "js"), "utf8");
          if (hash(code) !== manifest.codes[index]) throw new Error("half-written");
          return {
            ...entry,
            script: {
              code,
              compiled: this.#readCompiled(index, manifest.codes[index]!),
              map: () => readFileSync(this.#file(index, "map"), "utf8"),
            },
          };
        }),
      };
    } catch {
      return null;
    }
  }

  /**
   * The manifest is written last: without it nothing else counts. `startedAt` (ms since 1970) is when the build began: a source
   * written since then may not be what was built.
   */
  save(bundle: CachedBundle, startedAt: number): void {
    try {
      if (bundle.inputs.some((file) => statSync(file).mtimeMs >= startedAt)) return;
      rmSync(this.#dir, { recursive: true, force: true });
      mkdirSync(this.#dir, { recursive: true });
      const inputs = Object.fromEntries(bundle.inputs.map((file) => [file, hash(readFileSync(file))]));
      bundle.definitions.forEach(({ script }, index) => {
        writeFileSync(this.#file(index, "js"), script.code);
        writeFileSync(this.#file(index, "map"), script.map());
      });
      const manifest: Manifest = {
        version: this.#version,
        app: bundle.app,
        codes: bundle.definitions.map(({ script }) => hash(script.code)),
        definitions: bundle.definitions.map(({ definition, modules }) => ({ definition, modules })),
        inputs,
      };
      this.#replace(join(this.#dir, "manifest.json"), JSON.stringify(manifest));
    } catch {
      // A full or read-only disk costs the next start its warm cache, nothing more.
    }
  }

  /** `code` is what was compiled: what lies there now may be another's, who shares this cache. */
  saveCompiled(index: number, code: string, compiled: Buffer): void {
    try {
      this.#replace(this.#file(index, "v8"), Buffer.concat([Buffer.from(hash(code), "hex"), compiled]));
    } catch {
      // as above
    }
  }

  /** V8 checks flags and its own version, but of the source only its length; hence the source's hash in front. */
  #readCompiled(index: number, code: string): Buffer | undefined {
    try {
      const stored = readFileSync(this.#file(index, "v8"));
      const prefix = Buffer.from(code, "hex");
      return stored.subarray(0, prefix.length).equals(prefix) ? stored.subarray(prefix.length) : undefined;
    } catch {
      return undefined;
    }
  }

  #replace(path: string, contents: string | Buffer): void {
    const temporary = `${path}.${process.pid}.tmp`;
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  }

  #file(index: number, extension: string): string {
    return join(this.#dir, `${index}.${extension}`);
  }
}

function hash(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
