import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpError } from "./http_error.ts";

/** Any page may call, as on Convex: what protects the functions is the token, which no browser adds by itself. */
const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "convex-used-identity, convex-request-id",
} as const;

export function sendJson(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    ...corsHeaders,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...corsHeaders, "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

/** After an error the rest of the body is not read: the connection cannot be used again. */
export function sendError(request: IncomingMessage, response: ServerResponse, error: HttpError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) response.setHeader("connection", "close");
  if (error.status === 401) response.setHeader("www-authenticate", "Bearer");
  sendJson(response, error.status, JSON.stringify({ code: error.code, message: error.message }));
}

export function sendPreflight(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204, {
    ...corsHeaders,
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS, HEAD",
    "access-control-allow-headers":
      request.headers["access-control-request-headers"] ?? "content-type,authorization,convex-client",
    "access-control-max-age": "86400",
    vary: "access-control-request-headers",
  });
  response.end();
}

export function setCors(response: ServerResponse): void {
  for (const [name, value] of Object.entries(corsHeaders)) response.setHeader(name, value);
}
