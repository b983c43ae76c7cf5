/** The bot's HTTP server: a small router, so that a platform's webhook is one entry. Answers are JSON. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import type { Logger } from "./logger.ts";

export interface HttpRequest {
  method: string;
  /** Without the query. */
  path: string;
  url: URL;
  headers: IncomingMessage["headers"];
  /** The body's bytes as they came: signatures are over these. At most 1 MiB. */
  body(): Promise<Buffer>;
}

export interface HttpReply {
  status: number;
  /** A string or bytes are sent as they are, a stream as it comes; anything else as JSON. */
  body: unknown;
  headers?: Record<string, string>;
}

/** Key: `GET /healthz`; `GET /page/*` is everything below, for a path that has no key of its own. */
export type Routes = Record<string, (request: HttpRequest) => Promise<HttpReply>>;

export interface HttpServer {
  url: string;
  /** Takes no new requests, waits for those under way, at most 3 s. */
  stop(): Promise<void>;
}

const LARGEST_BODY = 1024 * 1024;
const LONGEST_STOP_MS = 3_000;

export async function startHttp(options: {
  port: number;
  host: string;
  routes: Routes;
  log: Logger;
}): Promise<HttpServer> {
  const { port, host, routes, log } = options;
  const server = createServer((request, response) => {
    void answer(request, routes)
      .catch((thrown: unknown): HttpReply => {
        const error = toErrorInfo(thrown);
        log.warn({ error, path: request.url }, "a request failed");
        // What is left of the request is not read any more, so its connection is of no further use.
        const headers = { connection: "close" };
        return { status: error.code === "too_large" ? 413 : 500, body: { error }, headers };
      })
      .then((reply) => write(response, reply));
  });
  await new Promise<void>((done, failed) => {
    server.once("error", (thrown: NodeJS.ErrnoException) => failed(cannotListen(thrown, "PORT", port, host)));
    server.listen(port, host, done);
  });
  server.on("error", (thrown) => log.error({ error: toErrorInfo(thrown) }, "the HTTP server failed"));
  const address = server.address() as AddressInfo;
  return {
    url: httpUrl(host, address.port),
    async stop() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      await Promise.race([closed, new Promise((done) => setTimeout(done, LONGEST_STOP_MS).unref())]);
      server.closeAllConnections();
    },
  };
}

/** An address a client can use: a server that listens everywhere is reached on this machine. */
export function httpUrl(host: string, port: number): string {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "[::1]" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Why a port cannot be had, naming its variable. */
export function cannotListen(
  thrown: unknown,
  variable: "PORT" | "BACKEND_PORT",
  port: number,
  host: string,
): FactoryError {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "EADDRINUSE") {
    return new FactoryError("port_in_use", `port ${port} on ${host} is in use by another program`, {
      field: variable,
      remedy: `stop that program, or set ${variable} to another port; 0 picks a free one`,
      cause: thrown,
    });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new FactoryError("invalid_input", `the bot cannot listen on ${host}:${port}: ${reason}`, {
    field: code === "EACCES" ? variable : "HOST",
    remedy: code === "EACCES" ? `set ${variable} to a port above 1023` : "set HOST to an address of this machine",
    cause: thrown,
  });
}

async function answer(request: IncomingMessage, routes: Routes): Promise<HttpReply> {
  const url = new URL(request.url ?? "/", "http://bot.invalid");
  const method = request.method ?? "GET";
  const route = routes[`${method} ${url.pathname}`] ?? routeBelow(routes, method, url.pathname);
  if (route === undefined) {
    const allowed = Object.keys(routes).filter((key) => key.endsWith(` ${url.pathname}`));
    if (allowed.length > 0) {
      const methods = allowed.map((key) => key.split(" ")[0]).join(", ");
      return { status: 405, headers: { allow: methods }, body: problem("invalid_input", `use ${methods}`) };
    }
    return { status: 404, body: problem("not_found", `nothing at ${method} ${url.pathname}`) };
  }
  return await route({ method, path: url.pathname, url, headers: request.headers, body: () => readBody(request) });
}

function routeBelow(routes: Routes, method: string, path: string): Routes[string] | undefined {
  const key = Object.keys(routes).find(
    (other) => other.endsWith("/*") && `${method} ${path}`.startsWith(other.slice(0, -1)),
  );
  return key === undefined ? undefined : routes[key];
}

const problem = (code: "invalid_input" | "not_found", message: string) => ({
  error: new FactoryError(code, message).info,
});

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY) throw new FactoryError("too_large", "the body is larger than 1 MiB");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function write(response: ServerResponse, reply: HttpReply): void {
  if (reply.body instanceof Readable) {
    const stream = reply.body;
    response.writeHead(reply.status, reply.headers);
    response.flushHeaders();
    stream.pipe(response);
    response.on("close", () => stream.destroy());
    return;
  }
  const raw = typeof reply.body === "string" || Buffer.isBuffer(reply.body);
  response.writeHead(reply.status, { ...(raw ? {} : { "content-type": "application/json" }), ...reply.headers });
  response.end(raw ? reply.body : `${JSON.stringify(reply.body)}\n`);
}
