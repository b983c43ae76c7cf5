/** Finds functions, once each, with their validators compiled. */
import type { ComponentPath } from "../store/types.ts";
import { pathKey, udfPath } from "./address.ts";
import { type Check, compileCheck } from "./check.ts";
import { EngineError } from "./errors.ts";
import type { Executor, FunctionInfo, FunctionPath, UdfType } from "./types.ts";

export interface ResolvedFunction {
  path: FunctionPath;
  /** `module:name` */
  name: string;
  info: FunctionInfo;
  /** null: anything goes. */
  args: Check | null;
  returns: Check | null;
}

export class Functions {
  readonly #executor: Executor;
  readonly #known = new Map<string, ResolvedFunction>();

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  /** After a deployment was exchanged. */
  forget(): void {
    this.#known.clear();
  }

  /** Synchronous for a function that was called before; null when there is none. */
  find(path: FunctionPath): ResolvedFunction | Promise<ResolvedFunction | null> {
    return this.#known.get(pathKey(path)) ?? this.#load(path);
  }

  async #load(path: FunctionPath): Promise<ResolvedFunction | null> {
    const info = await this.#executor.describe(path);
    if (info === null) return null;
    const resolved: ResolvedFunction = {
      path,
      name: udfPath(path),
      info,
      args: compileCheck(info.args),
      returns: compileCheck(info.returns),
    };
    this.#known.set(pathKey(path), resolved);
    return resolved;
  }

  /** For a call from a function of component `from`. Only handles may name internal functions of another component. */
  async forFunction(path: FunctionPath, from: ComponentPath, viaHandle: boolean): Promise<ResolvedFunction> {
    const found = this.find(path);
    const fn = found instanceof Promise ? await found : found;
    if (fn === null) throw new EngineError(`Could not find function for '${describePath(path)}'.`);
    if (path.component !== from && !viaHandle && fn.info.visibility !== "public") {
      throw new EngineError(
        `Could not find public function for '${describePath(path)}': it is internal, and only public functions can be called across components.`,
      );
    }
    return fn;
  }

  /** For a client. An admin may call internal functions. */
  async forClient(path: FunctionPath, isAdmin: boolean): Promise<ResolvedFunction> {
    const found = this.find(path);
    const fn = found instanceof Promise ? await found : found;
    if (fn === null || (!isAdmin && (fn.info.visibility !== "public" || path.component !== ""))) {
      throw new EngineError(
        `Could not find public function for '${describePath(path)}'. Did you forget to run \`npx convex dev\`?`,
      );
    }
    return fn;
  }
}

export function expectType(fn: ResolvedFunction, type: UdfType): void {
  if (fn.info.udfType !== type) {
    throw new EngineError(
      `Trying to execute ${describePath(fn.path)} as ${title(type)}, but it is defined as ${title(fn.info.udfType)}.`,
    );
  }
}

export function describePath(path: FunctionPath): string {
  return path.component === "" ? udfPath(path) : `${path.component}/${udfPath(path)}`;
}

function title(type: UdfType): string {
  return type === "httpAction" ? "HttpAction" : type[0]!.toUpperCase() + type.slice(1);
}
