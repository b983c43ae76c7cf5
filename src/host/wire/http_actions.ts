import type { IncomingMessage, ServerResponse } from "node:http";
import { AuthFailure, anonymous, type Credentials } from "../auth/index.ts";
import type { Caller } from "../engine/types.ts";
import { readBody } from "./body.ts";
import { callerOf, type WireContext } from "./context.ts";
import { callFailureOf } from "./failure.ts";
import { badRequest } from "./http_error.ts";
import { sendJson } from "./reply.ts";
import { pipe } from "./storage_api.ts";

/** Hands a request to the app's `http.ts` router. `path` is what the router sees, query string included. */
export async function handleHttpAction(
  context: WireContext,
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const caller = await callerOfAction(context, incoming);
  const body = await readBody(incoming, context.limits.httpActionBytes);
  const request = toRequest(context.siteUrl + path, incoming, body);
  let answer: Response;
  try {
    answer = await context.options.engine.httpAction(request, caller);
  } catch (error) {
    const failure = callFailureOf(error);
    if (failure === null) throw error;
    // As Convex: an uncaught error of an HTTP action is a 500 with its message.
    sendJson(response, 500, JSON.stringify({ code: "ServerError", message: failure.message }));
    return;
  }
  writeHead(answer, response);
  if (answer.body === null || incoming.method === "HEAD") {
    answer.body?.cancel().catch(() => {});
    response.end();
  } else await pipe(answer.body as ReadableStream<Uint8Array>, response);
}

/**
 * A webhook's Authorization header is often the sender's own and none of Convex's. The action runs and may read the header;
 * only asking who the user is throws. It is not treated as "nobody signed in".
 */
async function callerOfAction(context: WireContext, incoming: IncomingMessage): Promise<Caller> {
  let credentials: Credentials = anonymous;
  let authError: string | undefined;
  try {
    credentials = await context.authenticator.fromHeader(incoming.headers.authorization);
  } catch (error) {
    if (!(error instanceof AuthFailure)) throw error;
    authError = error.message;
  }
  const caller = callerOf(credentials, incoming);
  return authError === undefined ? caller : { ...caller, authError };
}

function toRequest(url: string, incoming: IncomingMessage, body: Buffer): Request {
  const method = incoming.method ?? "GET";
  const headers = new Headers();
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    // The body was decompressed and is complete.
    const name = incoming.rawHeaders[i]!.toLowerCase();
    if (name === "content-encoding" || name === "transfer-encoding") continue;
    headers.append(name, incoming.rawHeaders[i + 1]!);
  }
  const withBody = method !== "GET" && method !== "HEAD" && body.length > 0;
  try {
    return new Request(url, { method, headers, body: withBody ? new Uint8Array(body) : null });
  } catch (error) {
    // TRACE, CONNECT and header values fetch does not allow.
    throw badRequest("BadRequest", error instanceof Error ? error.message : String(error));
  }
}

function writeHead(answer: Response, response: ServerResponse): void {
  response.statusCode = answer.status;
  if (answer.statusText !== "") response.statusMessage = answer.statusText;
  for (const [name, value] of answer.headers) if (name !== "set-cookie") response.setHeader(name, value);
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  response.flushHeaders();
}
