import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller, CallResult, FunctionPath } from "../engine/types.ts";
import type { JsonObject } from "../store/types.ts";
import { readJson } from "./body.ts";
import { argumentObject, isObject } from "./call_arguments.ts";
import { callerOf, type WireContext } from "./context.ts";
import { callFailureOf } from "./failure.ts";
import { badRequest, HttpError } from "./http_error.ts";
import { sendJson } from "./reply.ts";
import { decodeTs, encodeTs } from "./timestamp.ts";

export type CallKind = "query" | "mutation" | "action" | "function" | "query_at_ts";

/** Status of an application's error, chosen by Convex to be unlike any proxy's. */
const functionFailed = 560;

/** `POST /api/query|mutation|action|function|query_at_ts`. */
export async function handleCall(
  context: WireContext,
  kind: CallKind,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const credentials = await context.authenticator.fromHeader(request.headers.authorization);
  const body = await readJson(request, context.limits.callBytes);
  const { path, args, component } = parseCall(body, kind);
  if (component !== "" && !credentials.caller.isAdmin) {
    throw new HttpError(403, "ComponentAccessDenied", "Only an admin may call functions of a component.");
  }
  const { engine } = context.options;
  try {
    const result = await run(kind, engine.parsePath(path, component), args, callerOf(credentials, request));
    sendJson(response, 200, successText(result));
  } catch (error) {
    const failure = callFailureOf(error);
    if (failure === null) throw error;
    const { message: errorMessage, data: errorData, logLines } = failure;
    sendJson(response, functionFailed, JSON.stringify({ status: "error", errorMessage, errorData, logLines }));
  }

  function run(kind: CallKind, path: FunctionPath, args: JsonObject, caller: Caller): Promise<CallResult> {
    switch (kind) {
      // The host keeps no old versions: a query "at" a time sees the state of now, which is never older.
      case "query":
      case "query_at_ts":
        return engine.query(path, args, caller, { track: false });
      case "mutation":
        return engine.mutation(path, args, caller);
      case "action":
        return engine.action(path, args, caller);
      case "function":
        return engine.any(path, args, caller);
    }
  }
}

/** `POST /api/query_ts`: the time of the last commit. */
export function handleQueryTs(context: WireContext, response: ServerResponse): void {
  sendJson(response, 200, JSON.stringify({ ts: encodeTs(context.options.store.lastTs()) }));
}

/** The value is JSON already; parsing it only to print it again would double the cost of a large result. */
function successText(result: CallResult): string {
  return `{"status":"success","value":${result.value},"logLines":${JSON.stringify(result.logLines)}}`;
}

function parseCall(body: unknown, kind: CallKind): { path: string; args: JsonObject; component: string } {
  if (!isObject(body)) throw badRequest("BadJsonBody", "The request body must be a JSON object.");
  const { path, args, format, componentPath, ts } = body;
  if (typeof path !== "string" || path === "") {
    throw badRequest("BadJsonBody", 'The request body needs "path", for example "messages:list".');
  }
  const object = argumentObject(args);
  if (object === null) {
    throw badRequest("BadJsonBody", '"args" must be an object, or an array with one object.');
  }
  if (format !== undefined && format !== null && format !== "convex_encoded_json" && format !== "json") {
    throw badRequest("BadJsonBody", '"format" must be "json" or "convex_encoded_json".');
  }
  if (componentPath !== undefined && componentPath !== null && typeof componentPath !== "string") {
    throw badRequest("BadJsonBody", '"componentPath" must be a string.');
  }
  if (kind === "query_at_ts" && (typeof ts !== "string" || decodeTs(ts) === null)) {
    throw badRequest("BadJsonBody", '"ts" must be what /api/query_ts answered.');
  }
  return { path, args: object, component: componentPath ?? "" };
}
