/** Names of functions: what clients, references and handles write, and the one form the engine uses. */
import type { ComponentPath } from "../store/types.ts";
import { EngineError } from "./errors.ts";
import type { Deployment, FunctionPath } from "./types.ts";

/** How convex/server names a function in a syscall; exactly one of the three is set. */
export interface FunctionAddress {
  name?: string;
  reference?: string;
  functionHandle?: string;
}

const HANDLE = "function://";
const CHILD = "_reference/childComponent/";

/** `dir/module.js:name`, `dir/module:name` or `dir/module` (its default export). */
export function parsePath(text: string, component: ComponentPath = ""): FunctionPath {
  const colon = text.lastIndexOf(":");
  const module = colon < 0 ? text : text.slice(0, colon);
  const name = colon < 0 ? "default" : text.slice(colon + 1);
  return { component, module: module.endsWith(".js") ? module.slice(0, -3) : module, name: name || "default" };
}

/** `dir/module:name` */
export function udfPath(path: FunctionPath): string {
  return `${path.module}:${path.name}`;
}

/** Unique over the deployment; also the format of a function handle's body. */
export function pathKey(path: FunctionPath): string {
  return `${path.component};${path.module}:${path.name}`;
}

/** The format convex-test uses, which the workflow library's tests rely on. */
export function formatHandle(path: FunctionPath): string {
  return HANDLE + pathKey(path);
}

export function parseHandle(handle: string): FunctionPath {
  const body = handle.startsWith(HANDLE) ? handle.slice(HANDLE.length) : "";
  const semicolon = body.indexOf(";");
  if (semicolon < 0) throw new EngineError(`Invalid function handle: ${handle}`);
  return parsePath(body.slice(semicolon + 1), body.slice(0, semicolon));
}

/** Resolves an address written by a function of component `from`. A reference reaches a child component; a handle reaches any. */
export function resolveAddress(address: FunctionAddress, from: ComponentPath, deployment: Deployment): FunctionPath {
  if (address.functionHandle !== undefined) return parseHandle(address.functionHandle);
  if (address.name !== undefined) return parsePath(address.name, from);
  const { reference } = address;
  if (reference === undefined) throw new EngineError("A function reference, a function handle or a name is required.");
  if (!reference.startsWith(CHILD)) {
    throw new EngineError(`The embedded Convex host does not support the function reference "${reference}".`);
  }
  const [child = "", ...rest] = reference.slice(CHILD.length).split("/");
  const component = deployment.components.get(from)?.children[child];
  if (component === undefined) {
    throw new EngineError(`Child component "${child}" is not installed in component "${from}" ("${reference}").`);
  }
  const name = rest.pop() ?? "default";
  return { component, module: rest.join("/"), name };
}
