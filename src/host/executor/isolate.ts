/** The production executor: functions run in vm contexts of this thread. */
import { dirname } from "node:path";
import type { BundledApp } from "../bundle/app.ts";
import type { Execution, Executor, FunctionInfo, FunctionPath, HttpRouteTarget } from "../engine/types.ts";
import type { ComponentPath, Json } from "../store/types.ts";
import { Call, calls } from "./call.ts";
import { type CompiledScript, DefinitionScripts } from "./compiled.ts";
import { FunctionContext, type ModuleExports } from "./context.ts";
import type { InstalledComponent } from "./instances.ts";
import { ContextPool } from "./pool.ts";
import { followResponse } from "./response.ts";
import { StackMapper } from "./stack.ts";

export interface IsolateOptions {
  app: BundledApp;
  components: Map<ComponentPath, InstalledComponent>;
  /** What modules print while they are loaded. Default: nothing. */
  log?: (level: string, text: string) => void;
}

/** First what every start runs, for the next one that is killed early; then what people do. */
const SAVE_AFTER_MS = [3_000, 60_000];

/** A registered function as convex/server makes it. */
interface RegisteredFunction {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isHttp?: boolean;
  isInternal?: boolean;
  exportArgs?(): string;
  exportReturns?(): string;
  invokeQuery(args: string): Promise<string>;
  invokeMutation(args: string): Promise<string>;
  invokeAction(requestId: string, args: string): Promise<string>;
  invokeHttpAction(request: Request): Promise<Response>;
}
interface Router {
  lookup(path: string, method: string): readonly [RegisteredFunction, string, string] | null;
}

export class IsolateExecutor implements Executor {
  readonly #components: Map<ComponentPath, InstalledComponent>;
  readonly #app: BundledApp;
  readonly #pools = new Map<ComponentPath, ContextPool>();
  readonly #scripts = new Map<string, DefinitionScripts>();
  readonly #compiled = new Set<CompiledScript>();
  readonly #saving = new Set<NodeJS.Timeout>();
  readonly #described = new Map<string, FunctionInfo>();
  readonly #stacks: StackMapper;
  readonly #log: (level: string, text: string) => void;

  constructor({ app, components, log }: IsolateOptions) {
    this.#app = app;
    this.#components = components;
    this.#log = log ?? (() => {});
    this.#stacks = new StackMapper(app, dirname(app.dir));
  }

  async describe(path: FunctionPath): Promise<FunctionInfo | null> {
    const key = `${path.component}\n${path.module}\n${path.name}`;
    const known = this.#described.get(key);
    if (known !== undefined) return known;
    const info = this.inspect(path.component, path.module, (exports) => functionInfo(exports[path.name]));
    // Only what exists is remembered: clients may ask for any name.
    if (info !== null) this.#described.set(key, info);
    return info;
  }

  async invoke(path: FunctionPath, execution: Execution, args: string): Promise<string> {
    const pool = this.#pool(path.component);
    const call = new Call(execution);
    if (call.isAction) {
      try {
        const context = pool.shared();
        context.served++;
        const action = registered(context, path);
        return await calls.run(call, () => action.invokeAction(execution.id, args));
      } catch (error) {
        throw this.#explain(error);
      } finally {
        call.finish();
      }
    }
    const context = pool.take();
    try {
      const found = registered(context, path);
      const run = () => (execution.udfType === "query" ? found.invokeQuery(args) : found.invokeMutation(args));
      return await calls.run(call, run);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      call.finish();
      pool.give(context, call);
    }
  }

  /** The call lasts until the response's body has been read or cancelled. */
  async invokeHttp(path: FunctionPath | HttpRouteTarget, execution: Execution, request: Request): Promise<Response> {
    const context = this.#pool(path.component).shared();
    context.served++;
    const call = new Call(execution);
    try {
      const handler = "module" in path ? registered(context, path) : this.#route(context, path, request);
      const response = await calls.run(call, () => handler.invokeHttpAction(context.adoptRequest(request)));
      return followResponse(response, call);
    } catch (error) {
      call.finish();
      throw this.#explain(error);
    }
  }

  async routeHttp(component: ComponentPath, method: string, pathname: string): Promise<HttpRouteTarget | null> {
    const found = router(this.#pool(component).shared())?.lookup(pathname, method);
    if (found != null) return { component, method: found[1], routePath: found[2] };
    for (const [prefix, child] of Object.entries(this.#component(component).httpMounts)) {
      if (!pathname.startsWith(prefix)) continue;
      const mount = prefix.slice(0, -1);
      const target = await this.routeHttp(child, method, pathname.slice(mount.length));
      if (target !== null) return { ...target, mountPath: mount + (target.mountPath ?? "") };
    }
    return null;
  }

  async listFunctions(component: ComponentPath): Promise<{ path: FunctionPath; info: FunctionInfo }[]> {
    const definition = this.#app.definitions.get(this.#component(component).definition)!;
    return definition.modules.flatMap(
      (module) =>
        this.inspect(component, module, (exports) =>
          Object.keys(exports).flatMap((name) => {
            const info = functionInfo(exports[name]);
            return info === null ? [] : [{ path: { component, module, name }, info }];
          }),
        ) ?? [],
    );
  }

  /**
   * Evaluates a module (schema and auth config too) outside of any call and reads from it; null when there is no such module. What
   * `read` returns must not keep objects of the context alive. Throws what the module threw, its stack mapped.
   */
  inspect<T>(component: ComponentPath, module: string, read: (exports: ModuleExports) => T): T | null {
    const pool = this.#pool(component);
    const context = pool.take();
    try {
      const exports = context.module(module);
      return exports === null ? null : read(exports);
    } catch (error) {
      throw this.#explain(error);
    } finally {
      pool.give(context);
    }
  }

  /** Contexts made since the start, by component; for tests and tuning. */
  contexts(): Record<ComponentPath, number> {
    return Object.fromEntries([...this.#pools].map(([path, pool]) => [path, pool.created]));
  }

  /** Keeps V8's compiled code for the next start. Happens by itself too, some time after a script was first needed. */
  saveCompiled(): void {
    for (const script of this.#compiled) script.saveCompiled();
  }

  close(): void {
    for (const timer of this.#saving) clearTimeout(timer);
    for (const pool of this.#pools.values()) pool.clear();
  }

  #route(context: FunctionContext, target: HttpRouteTarget, request: Request): RegisteredFunction {
    const pathname = new URL(request.url).pathname.slice(target.mountPath?.length ?? 0);
    const found = router(context)?.lookup(pathname, target.method);
    if (found == null) throw new Error(`No HttpAction routed for ${pathname}`);
    return found[0];
  }

  #component(path: ComponentPath): InstalledComponent {
    const component = this.#components.get(path);
    if (component === undefined) throw new Error(`There is no component "${path}".`);
    return component;
  }

  #pool(path: ComponentPath): ContextPool {
    let pool = this.#pools.get(path);
    if (pool === undefined) {
      const { definition, env } = this.#component(path);
      const scripts = this.#definitionScripts(definition);
      pool = new ContextPool(
        () => new FunctionContext(scripts, { env, log: this.#log }),
        (reason) => this.#log("debug", `component "${path}": a context is thrown away, ${reason}`),
      );
      this.#pools.set(path, pool);
    }
    return pool;
  }

  #definitionScripts(definition: string): DefinitionScripts {
    let scripts = this.#scripts.get(definition);
    if (scripts === undefined) {
      scripts = new DefinitionScripts(this.#app.definitions.get(definition)!, (script) => this.#saveLater(script));
      this.#scripts.set(definition, scripts);
    }
    return scripts;
  }

  #saveLater(script: CompiledScript): void {
    this.#compiled.add(script);
    for (const afterMs of SAVE_AFTER_MS) {
      const timer = setTimeout(() => {
        this.#saving.delete(timer);
        script.saveCompiled();
      }, afterMs);
      timer.unref();
      this.#saving.add(timer);
    }
  }

  #explain(error: unknown): unknown {
    this.#stacks.apply(error);
    return error;
  }
}

/** The function in this context. `describe` has said that it exists; its module may still fail to load here. */
function registered(context: FunctionContext, path: FunctionPath): RegisteredFunction {
  const found = context.module(path.module)?.[path.name];
  if (typeof found !== "function") throw new Error(`Could not find ${path.module}:${path.name}`);
  return found as unknown as RegisteredFunction;
}

/** `http.ts` of the component, evaluated in this context; null when there is none. */
function router(context: FunctionContext): Router | null {
  const exports = context.module("http");
  if (exports === null) return null;
  const found = exports.default as Router | undefined;
  if (typeof found?.lookup !== "function") {
    throw new Error("The default export of http.ts must be made with httpRouter().");
  }
  return found;
}

function functionInfo(value: unknown): FunctionInfo | null {
  if (typeof value !== "function") return null;
  const found = value as unknown as RegisteredFunction;
  const udfType = found.isQuery
    ? "query"
    : found.isMutation
      ? "mutation"
      : found.isAction
        ? "action"
        : found.isHttp
          ? "httpAction"
          : null;
  if (udfType === null) return null;
  return {
    udfType,
    visibility: found.isInternal ? "internal" : "public",
    args: validator(found.exportArgs?.()),
    returns: validator(found.exportReturns?.()),
  };
}

function validator(exported: string | undefined): Json {
  return exported === undefined ? { type: "any" } : ((JSON.parse(exported) as Json) ?? { type: "any" });
}
