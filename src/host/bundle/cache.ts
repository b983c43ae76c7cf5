/** Bundles kept on disk. Valid while every input file has the content it had, and every directory the modules it had. */
import { hash as digest } from "node:crypto";
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
  /** The main one, then the deferred one if there is one. */
  scripts: CachedScript[];
}
export interface CachedScript {
  /** UTF-8. Bytes, because what waits is not made a string before it is needed, and the file may be replaced until then. */
  bytes: Buffer;
  compiled(): Buffer | undefined;
  map(): string;
}

interface Manifest {
  version: string;
  app: string;
  definitions: (Omit<CachedDefinition, "scripts"> & {
    /** Hash of each script, so that a half-written cache is noticed. */
    scripts: string[];
  })[];
  /** file → what it was */
  inputs: Record<string, Input>;
}
/** Hash of its content, and what the file system said of it then; without that the content is read again. */
type Input = [hash: string, size?: number, modifiedMs?: number, changedMs?: number, inode?: number];

/** What changed so shortly ago may change again without any sign of it: some file systems count in whole seconds. */
const SETTLED_AFTER_MS = 3_000;

export class BundleCache {
  readonly #dir: string;
  readonly #version: string;

  /** `version` holds all that changes the result besides the inputs. Code made by another Node is recompiled by V8 itself. */
  constructor(dir: string, version: string) {
    this.#dir = join(dir, "bundle");
    this.#version = version;
  }

  /**
   * null when there is none, it is damaged, or a source changed. `modules` lists what a definition has now, and need not look into those
   * that it `isKnown` to have had; it may throw for its author.
   */
  load(
    modules: (app: string, definitionDir: string, isKnown: (file: string) => boolean) => Record<string, string> | null,
  ): CachedBundle | null {
    let manifest: Manifest;
    try {
      manifest = JSON.parse(readFileSync(join(this.#dir, "manifest.json"), "utf8"));
      if (manifest.version !== this.#version || !this.#areUnchanged(manifest)) return null;
    } catch {
      return null;
    }
    for (const { definition, modules: known } of manifest.definitions) {
      // Unchanged, as all inputs are.
      const files = new Set(Object.values(known));
      const now = modules(manifest.app, definition.dir, (file) => files.has(file));
      if (now === null || JSON.stringify(now) !== JSON.stringify(known)) return null;
    }
    try {
      let index = 0;
      return {
        app: manifest.app,
        inputs: Object.keys(manifest.inputs),
        definitions: manifest.definitions.map(({ scripts, ...entry }) => ({
          ...entry,
          scripts: scripts.map((expected) => this.#script(index++, expected)),
        })),
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
      const inputs = Object.fromEntries(bundle.inputs.map((file) => [file, inputOf(file)]));
      const scripts = bundle.definitions.flatMap((definition) => definition.scripts);
      scripts.forEach(({ bytes, map }, index) => {
        writeFileSync(this.#file(index, "js"), bytes);
        writeFileSync(this.#file(index, "map"), map());
      });
      this.#write({
        version: this.#version,
        app: bundle.app,
        definitions: bundle.definitions.map((definition) => ({
          definition: definition.definition,
          modules: definition.modules,
          scripts: definition.scripts.map(({ bytes }) => hash(bytes)),
        })),
        inputs,
      });
    } catch {
      // A full or read-only disk costs the next start its warm cache, nothing more.
    }
  }

  /** `bytes` are what was compiled: what lies there now may be another's, who shares this cache. */
  saveCompiled(index: number, bytes: Buffer, compiled: Buffer): void {
    try {
      this.#replace(this.#file(index, "v8"), Buffer.concat([Buffer.from(hash(bytes), "hex"), compiled]));
    } catch {
      // as above
    }
  }

  #script(index: number, expected: string): CachedScript {
    const bytes = readFileSync(this.#file(index, "js"));
    if (hash(bytes) !== expected) throw new Error("half-written");
    return {
      bytes,
      compiled: () => this.#readCompiled(index, expected),
      map: () => readFileSync(this.#file(index, "map"), "utf8"),
    };
  }

  /**
   * A file of the same size, times and inode is not read: nothing sets a file's time of change but the system. One that was only
   * touched is read once, and then known as it is.
   */
  #areUnchanged(manifest: Manifest): boolean {
    let touched = false;
    for (const [file, known] of Object.entries(manifest.inputs)) {
      const { size, mtimeMs, ctimeMs, ino } = statSync(file);
      if (size === known[1] && mtimeMs === known[2] && ctimeMs === known[3] && ino === known[4]) continue;
      const now = inputOf(file);
      if (now[0] !== known[0]) return false;
      manifest.inputs[file] = now;
      touched ||= now.length > 1;
    }
    if (touched) this.#write(manifest);
    return true;
  }

  #write(manifest: Manifest): void {
    this.#replace(join(this.#dir, "manifest.json"), JSON.stringify(manifest));
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

/** Asks the file system before it reads: a change in between shows in the next comparison. */
function inputOf(file: string): Input {
  const { size, mtimeMs, ctimeMs, ino } = statSync(file);
  const content = hash(readFileSync(file));
  const isSettled = Math.max(mtimeMs, ctimeMs) < Date.now() - SETTLED_AFTER_MS;
  return isSettled ? [content, size, mtimeMs, ctimeMs, ino] : [content];
}

const hash = (content: Buffer): string => digest("sha256", content);
