import type { IncomingMessage, ServerResponse } from "node:http";
import { version } from "convex";
import type { WireContext } from "./context.ts";
import { handleConfigHashes, handleStartPush, notDeployable } from "./deploy_api.ts";
import { handleCall, handleQueryTs } from "./function_api.ts";
import { handleHttpAction } from "./http_actions.ts";
import { badRequest, HttpError, toHttpError } from "./http_error.ts";
import { sendError, sendPreflight, sendText } from "./reply.ts";
import { handleDownload, handleUpload } from "./storage_api.ts";

/** Answers one request of the API port. Never rejects. */
export async function handleApi(
  context: WireContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await answer(context, request, response, async (url) => {
    // Under /http/ the app decides about everything, CORS included.
    if (url.pathname.startsWith("/http/")) {
      return handleHttpAction(context, url.pathname.slice("/http".length) + url.search, request, response);
    }
    if (request.method === "OPTIONS") return sendPreflight(request, response);
    return route(context, url, request, response);
  });
}

/** Answers one request of the site port: HTTP actions only. Never rejects. */
export async function handleSite(
  context: WireContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  await answer(context, request, response, (url) =>
    handleHttpAction(context, url.pathname + url.search, request, response),
  );
}

async function route(context: WireContext, url: URL, request: IncomingMessage, response: ServerResponse) {
  const method = request.method === "HEAD" ? "GET" : request.method;
  switch (`${method} ${url.pathname}`) {
    case "POST /api/query":
      return handleCall(context, "query", request, response);
    case "POST /api/mutation":
      return handleCall(context, "mutation", request, response);
    case "POST /api/action":
      return handleCall(context, "action", request, response);
    case "POST /api/function":
      return handleCall(context, "function", request, response);
    case "POST /api/query_at_ts":
      return handleCall(context, "query_at_ts", request, response);
    case "POST /api/query_ts":
      return handleQueryTs(context, response);
    case "POST /api/storage/upload":
      return handleUpload(context, url, request, response);
    case "POST /api/get_config_hashes":
      return handleConfigHashes(context, request, response);
    case "POST /api/deploy2/start_push":
      return handleStartPush(context, request, response);
    case "GET /version":
      return sendText(response, 200, version);
    case "GET /instance_name":
      return sendText(response, 200, context.options.instanceName);
    case "GET /":
      return sendText(response, 200, "This Convex deployment is running. See https://docs.convex.dev/.");
  }
  const file = /^\/api\/storage\/([^/]+)$/.exec(url.pathname);
  if (method === "GET" && file !== null) return handleDownload(context, file[1]!, request, response);
  if (url.pathname.startsWith("/api/deploy2/") || url.pathname === "/api/push_config") throw notDeployable();
  throw new HttpError(404, "NotFound", `Nothing at ${method} ${url.pathname}.`);
}

async function answer(
  context: WireContext,
  request: IncomingMessage,
  response: ServerResponse,
  handle: (url: URL) => Promise<void> | void,
): Promise<void> {
  // A client that goes away in the middle is no error of ours.
  response.on("error", () => {});
  try {
    await handle(urlOf(request));
  } catch (error) {
    const told = toHttpError(error);
    if (told.status >= 500) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      context.log("error", `${request.method} ${pathOf(request)} failed: ${cause}`);
    }
    sendError(request, response, told);
  }
}

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? "/";
  // "//host/path" would be read as another host.
  if (!target.startsWith("/")) throw badRequest("BadRequest", "The request target must be a path.");
  try {
    return new URL(`http://host${target}`);
  } catch {
    throw badRequest("BadRequest", "The request target is not a valid URL.");
  }
}

/** Without the query string: it may hold an upload token. */
function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?")[0]!;
}
