/** Runs one call's code between the checks of its arguments and of its result. */
import type { Json, JsonObject, Reader } from "../store/types.ts";
import type { TableOfId } from "../values/index.ts";
import type { Call } from "./call.ts";
import { EngineError } from "./errors.ts";
import { describePath, type ResolvedFunction } from "./functions.ts";

/**
 * Resolves with the result's JSON text. When it returns or throws, the call is finished: what its code still does has no effect.
 */
export async function invoke(call: Call, fn: ResolvedFunction, args: JsonObject): Promise<string> {
  let text: string;
  try {
    const argsText = checkArgs(call, fn, args);
    call.host.enter(call.request);
    text = await call.host.executor.invoke(fn.path, call, argsText);
    if (call.ended) throw new EngineError(`"${describePath(fn.path)}" was given up before it returned.`);
    checkResult(call, fn, text);
  } catch (thrown) {
    call.finish(false);
    throw thrown;
  }
  call.finish(true);
  return text;
}

function checkArgs(call: Call, fn: ResolvedFunction, args: JsonObject): string {
  const text = `[${JSON.stringify(args)}]`;
  assertSize(text, call.host.valueBytes, fn, "arguments size is");
  if (fn.args !== null) {
    const problem = fn.args(args, tableOf(call));
    if (problem !== null) throw invalid(call, "ArgumentValidationError", problem);
  }
  return text;
}

function checkResult(call: Call, fn: ResolvedFunction, text: string): void {
  assertSize(text, call.host.valueBytes, fn, "return value is");
  if (fn.returns === null) return;
  const problem = fn.returns(JSON.parse(text) as Json, tableOf(call));
  if (problem !== null) throw invalid(call, "ReturnsValidationError", problem);
}

function invalid(call: Call, kind: string, problem: string): EngineError {
  return new EngineError(`${kind}: ${call.host.likeConvexTest ? "Validator error: " : ""}${problem}`);
}

function assertSize(text: string, limit: number, fn: ResolvedFunction, what: string): void {
  if (text.length > limit) {
    const name = `${fn.path.module}.js:${fn.path.name}`;
    throw new EngineError(`Function ${name} ${what} too large (actual: ${text.length}, limit: ${limit})`);
  }
}

/** Ids are looked up in the component of the function. */
function tableOf(call: Call): TableOfId {
  let reader: Reader | null = null;
  return (id) => {
    reader ??= call.txn?.reader ?? call.host.store.snapshot();
    const found = reader.tableOfId(id);
    return found !== null && found.component === call.component ? found.table : null;
  };
}
