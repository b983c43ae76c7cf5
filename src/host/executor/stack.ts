/** Stacks of application errors in terms of its sources. */
import { SourceMap, type SourceMapPayload } from "node:module";
import { relative } from "node:path";
import type { BundledApp } from "../bundle/app.ts";

const FRAME = /convex-script:[^\s:]+\/(\d+):(\d+):(\d+)/;

export class StackMapper {
  readonly #root: string;
  readonly #scripts: { map(): string }[];
  readonly #maps = new Map<number, SourceMap | null>();
  /** A module that failed to load throws the same error each time. */
  readonly #applied = new WeakSet<object>();

  /** Paths are shown relative to `root`. */
  constructor(app: BundledApp, root: string) {
    this.#root = root;
    this.#scripts = app.scripts;
  }

  /** Rewrites `stack` of an error in place: frames of the application with source positions, frames of the host dropped. */
  apply(error: unknown): void {
    if (typeof error !== "object" || error === null || !("stack" in error) || typeof error.stack !== "string") return;
    if (this.#applied.has(error)) return;
    this.#applied.add(error);
    try {
      error.stack = this.map(error.stack);
    } catch {
      // A frozen error keeps what it has.
    }
  }

  map(stack: string): string {
    const lines = stack.split("\n");
    return lines.flatMap((line) => (/^\s+at /.test(line) ? this.#frame(line) : [line])).join("\n");
  }

  #frame(line: string): string[] {
    const match = FRAME.exec(line);
    if (match === null) return /\((native|<anonymous>)\)$/.test(line) ? [line] : [];
    const [position, index, row, column] = [match[0], Number(match[1]), Number(match[2]), Number(match[3])];
    if (position.startsWith("convex-script:boot")) return [];
    const map = this.#map(index);
    if (map === null) return [line];
    const origin = map.findOrigin(row, column);
    // The bundler's own helpers.
    if (!("fileName" in origin)) return [];
    return [
      line.replace(position, `${relative(this.#root, origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`),
    ];
  }

  /** A map costs megabytes; it is read when the first error needs it. */
  #map(index: number): SourceMap | null {
    let map = this.#maps.get(index);
    if (map === undefined) {
      try {
        map = new SourceMap(JSON.parse(this.#scripts[index]!.map()) as SourceMapPayload);
      } catch {
        map = null;
      }
      this.#maps.set(index, map);
    }
    return map;
  }
}
