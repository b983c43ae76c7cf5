/** The HTTP both simulators and their page speak: requests as values, replies as values, one server that also takes websockets. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex, Readable } from "node:stream";

export interface SimRequest {
  method: string;
  /** Without the query; what is behind the mount, with a leading slash. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body(): Promise<Buffer>;
}

export interface SimReply {
  status: number;
  headers?: Record<string, string>;
  /** Text and bytes as they are, a stream as it comes, anything else as JSON. */
  body?: unknown;
  /** The connection breaks instead of an answer. */
  hangUp?: boolean;
}

/** null: not mine. */
export type SimHandler = (request: SimRequest) => Promise<SimReply | null>;

export interface SimServer {
  url: string;
  port: number;
  close(): Promise<void>;
}

const LARGEST_BODY = 20 * 1024 * 1024;

export async function startSimServer(options: {
  port: number;
  host: string;
  handler: SimHandler;
  /** Answers a websocket's request; false: not mine. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
}): Promise<SimServer> {
  const { port, host, handler, upgrade } = options;
  const server = createServer((request, response) => void answer(request, response, handler));
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if (upgrade?.(request, socket, head) !== true) socket.destroy();
  });
  await new Promise<void>((done, failed) => {
    server.once("error", failed);
    server.listen(port, host, done);
  });
  const address = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${shown}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(incoming: IncomingMessage, response: ServerResponse, handler: SimHandler): Promise<void> {
  const url = new URL(incoming.url ?? "/", "http://simulator.invalid");
  const request: SimRequest = {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: () => readAll(incoming),
  };
  let reply: SimReply;
  try {
    reply = (await handler(request)) ?? { status: 404, body: { ok: false, error: "not_found" } };
  } catch (thrown) {
    reply = { status: 500, body: { ok: false, error: "internal_error", detail: String(thrown) } };
  }
  if (reply.hangUp === true) {
    incoming.socket.destroy();
    return;
  }
  writeReply(response, reply);
}

export function writeReply(response: ServerResponse, reply: SimReply): void {
  const { body } = reply;
  if (isStream(body)) {
    response.writeHead(reply.status, reply.headers);
    response.flushHeaders();
    body.pipe(response);
    response.on("close", () => body.destroy());
    return;
  }
  const raw = typeof body === "string" || Buffer.isBuffer(body) || body === undefined;
  // Slack names the charset in its answers too.
  response.writeHead(reply.status, {
    ...(raw ? {} : { "content-type": "application/json; charset=utf-8" }),
    ...reply.headers,
  });
  response.end(raw ? body : JSON.stringify(body));
}

const isStream = (body: unknown): body is Readable =>
  typeof (body as { pipe?: unknown } | null | undefined)?.pipe === "function";

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_BODY) throw new Error("the body is larger than 20 MiB");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Form, multipart or JSON by its content type; the fields of a form are text, files of a multipart are bytes. */
export async function readFields(request: SimRequest): Promise<Record<string, unknown>> {
  const body = await request.body();
  const type = request.headers["content-type"] ?? "";
  if (body.length === 0) return {};
  if (type.startsWith("application/json")) return JSON.parse(body.toString()) as Record<string, unknown>;
  if (type.startsWith("multipart/form-data")) {
    const form = await new Response(new Uint8Array(body), { headers: { "content-type": type } }).formData();
    const fields: Record<string, unknown> = {};
    for (const [name, value] of form) {
      fields[name] = typeof value === "string" ? value : Buffer.from(await value.arrayBuffer());
    }
    return fields;
  }
  return Object.fromEntries(new URLSearchParams(body.toString()));
}
