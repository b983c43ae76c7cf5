/**
 * Runs functions in the realm of the process that loaded them, for tests: modules come from `import.meta.glob`, spies and stubs of the
 * test reach them. The running function is found through AsyncLocalStorage, and through it its overrides of globals.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { actionGeneric, httpActionGeneric, mutationGeneric, queryGeneric } from "convex/server";
import { udfPath } from "../engine/address.ts";
import type { Execution, Executor, FunctionInfo, FunctionPath, HttpRouteTarget, UdfType } from "../engine/types.ts";
import type { ComponentPath, Json } from "../store/types.ts";
import { install as installOverrides, type Overrides, withOverrides, withoutOverrides } from "./global_overrides.ts";
import type { LoadModule } from "./module_map.ts";

// biome-ignore lint/suspicious/noExplicitAny: the context and arguments of an application's function are its own affair
type Handler = (ctx: any, args: any) => any;

/** What convex/server attaches to the functions it registers. */
interface Registered {
  isQuery?: boolean;
  isMutation?: boolean;
  isAction?: boolean;
  isHttp?: boolean;
  isPublic?: boolean;
  exportArgs?(): string;
  exportReturns?(): string;
  _handler?: Handler;
}

/** The host's side of a registered function, which convex/server's types do not show. */
interface Invocable {
  invokeQuery(args: string): Promise<string>;
  invokeMutation(args: string): Promise<string>;
  invokeAction(requestId: string, args: string): Promise<string>;
  invokeHttpAction(request: Request): Promise<Response>;
}

interface Router {
  lookup(path: string, method: string): readonly [Registered, string, string] | null;
}

interface InlineFunction {
  udfType: UdfType;
  handler: Handler;
}

const running = new AsyncLocalStorage<Execution>();

/** The function whose code is calling, undefined outside of any. */
export function currentExecution(): Execution | undefined {
  return running.getStore();
}

export class InRealmExecutor implements Executor {
  readonly #modules = new Map<ComponentPath, LoadModule>();
  readonly #inline = new Map<string, InlineFunction>();
  #inlineCount = 0;

  constructor() {
    installSyscalls();
    installOverrides();
  }

  addComponent(component: ComponentPath, load: LoadModule): void {
    this.#modules.set(component, load);
  }

  /** Gives a test's own handler a path, so that it is run like any function. `timers`: it may use them, being no product code. */
  addInline(component: ComponentPath, module: string, udfType: UdfType, handler: Handler): FunctionPath {
    const name = String(++this.#inlineCount);
    this.#inline.set(`${module}:${name}`, { udfType, handler });
    return { component, module, name };
  }

  removeInline(path: FunctionPath): void {
    this.#inline.delete(udfPath(path));
  }

  async describe(path: FunctionPath): Promise<FunctionInfo | null> {
    const inline = this.#inline.get(udfPath(path));
    if (inline !== undefined) {
      return { udfType: inline.udfType, visibility: "internal", args: { type: "any" }, returns: { type: "any" } };
    }
    const fn = await this.#find(path);
    const udfType = fn === null ? null : udfTypeOf(fn);
    if (fn === null || udfType === null) return null;
    return {
      udfType,
      visibility: fn.isPublic === true ? "public" : "internal",
      args: validatorOf(fn.exportArgs?.()),
      returns: validatorOf(fn.exportReturns?.()),
    };
  }

  async invoke(path: FunctionPath, execution: Execution, args: string): Promise<string> {
    const inline = this.#inline.get(udfPath(path));
    const fn = inline === undefined ? await this.#find(path) : null;
    // Read at each call: tests spy on `_handler`.
    const handler = inline?.handler ?? fn?._handler ?? (fn as Handler | null);
    if (handler === null) throw new Error(`Could not find function for '${udfPath(path)}'`);
    const overrides = overridesFor(execution.udfType, inline !== undefined);
    const wrapped: Handler = (ctx, handlerArgs) => withOverrides(overrides, () => handler(ctx, handlerArgs));
    return running.run(execution, () => invokeAs(execution, wrapped, args));
  }

  async invokeHttp(target: FunctionPath | HttpRouteTarget, execution: Execution, request: Request): Promise<Response> {
    const route = await this.#lookup(target.component, request.method, new URL(request.url).pathname);
    const handler = route?.[0]._handler;
    if (handler === undefined) throw new Error(`No HTTP action for ${request.method} ${request.url}`);
    const wrapped = httpActionGeneric((ctx, req) => withOverrides({}, () => handler(ctx, req))) as unknown as Invocable;
    return pulledWithin(execution, await running.run(execution, () => wrapped.invokeHttpAction(request)));
  }

  async routeHttp(component: ComponentPath, method: string, pathname: string): Promise<HttpRouteTarget | null> {
    const route = await this.#lookup(component, method, pathname);
    return route === null ? null : { component, method: route[1], routePath: route[2] };
  }

  /** Not needed by tests. */
  async listFunctions(): Promise<{ path: FunctionPath; info: FunctionInfo }[]> {
    return [];
  }

  close(): void {
    this.#modules.clear();
    this.#inline.clear();
  }

  async #find(path: FunctionPath): Promise<Registered | null> {
    const module = await this.#modules.get(path.component)?.(path.module);
    return (module?.[path.name] as Registered | undefined) ?? null;
  }

  async #lookup(component: ComponentPath, method: string, pathname: string) {
    const module = await this.#modules.get(component)?.("http");
    return (module?.default as Router | undefined)?.lookup(pathname, method) ?? null;
  }
}

/** Registering anew gives the context that convex/server builds for each kind of function. */
function invokeAs(execution: Execution, handler: Handler, args: string): Promise<string> {
  switch (execution.udfType) {
    case "query":
      return (queryGeneric({ handler }) as unknown as Invocable).invokeQuery(args);
    case "mutation":
      return (mutationGeneric({ handler }) as unknown as Invocable).invokeMutation(args);
    default:
      return (actionGeneric({ handler }) as unknown as Invocable).invokeAction(execution.id, args);
  }
}

/** The body of a streaming response is made by the function's code, whoever reads it. */
function pulledWithin(execution: Execution, response: Response): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await running.run(execution, () => reader.read());
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => running.run(execution, () => reader.cancel(reason)),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

function udfTypeOf(fn: Registered): UdfType | null {
  if (fn.isQuery) return "query";
  if (fn.isMutation) return "mutation";
  if (fn.isAction) return "action";
  return null;
}

function validatorOf(json: string | undefined): Json {
  return (json === undefined ? null : (JSON.parse(json) as Json)) ?? { type: "any" };
}

/** Convex has neither network nor timers in queries and mutations. */
function overridesFor(udfType: UdfType, isInline: boolean): Overrides {
  if (udfType !== "query" && udfType !== "mutation") return {};
  const refused = isInline ? ["fetch"] : ["fetch", "setTimeout", "clearTimeout", "setInterval", "clearInterval"];
  return Object.fromEntries(refused.map((name) => [name, () => refuse(name)]));
}

function refuse(name: string): never {
  throw new Error(
    `\`${name}\` is not supported in Convex queries or mutations. Move this code to an action; a mutation can start one with \`ctx.scheduler.runAfter(0, ...)\`.`,
  );
}

let installed = false;

/** `globalThis.Convex`, what convex/server calls the host by. The host's own code runs without the function's overrides. */
function installSyscalls(): void {
  if (installed) return;
  installed = true;
  const execution = () => {
    const found = running.getStore();
    if (found === undefined) throw new Error("Syscall outside a running function. Await every promise.");
    return found;
  };
  Object.assign(globalThis, {
    Convex: {
      syscall: (op: string, args: string) => withoutOverrides(() => execution().syscall(op, args)),
      asyncSyscall: (op: string, args: string) => withoutOverrides(() => execution().asyncSyscall(op, args)),
      jsSyscall: (op: string, args: Record<string, unknown>) => withoutOverrides(() => execution().jsSyscall(op, args)),
    },
  });
}
