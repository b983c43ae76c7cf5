import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Authenticator } from "../auth/index.ts";
import type { WireContext } from "./context.ts";
import { HttpError } from "./http_error.ts";
import { defaultLimits, type WireOptions, type WireServer } from "./options.ts";
import { sendError } from "./reply.ts";
import { handleApi, handleSite } from "./router.ts";
import { SyncServer } from "./sync/sync_server.ts";

/** Clients reuse connections for a while; the default of 5 s makes them reconnect between a bot's calls. */
const keepAliveMs = 65_000;

/** Opens both ports. Rejects with Node's error (`EADDRINUSE`, …) when one cannot be had; nothing is left open then. */
export async function createWireServer(options: WireOptions): Promise<WireServer> {
  const context: WireContext = {
    options,
    limits: { ...defaultLimits, ...options.limits },
    authenticator: new Authenticator(options.auth, options.adminKey),
    log: options.log ?? (() => {}),
    siteUrl: "",
  };
  let running = 0;
  let closing = false;
  const listener = (handle: typeof handleApi) => (request: IncomingMessage, response: ServerResponse) => {
    // On a connection kept alive: a new one would not have been accepted.
    if (closing)
      return sendError(request, response, new HttpError(503, "ServerShuttingDown", "The server is stopping."));
    running++;
    void handle(context, request, response).finally(() => running--);
  };
  const api = createServer(listener(handleApi));
  const site = createServer(listener(handleSite));
  const sync = new SyncServer(context);
  api.on("upgrade", (request, socket, head) => sync.upgrade(request, socket, head));
  site.on("upgrade", (_request, socket) => socket.destroy());

  try {
    const port = await listen(api, options.port, options.host);
    const sitePort = await listen(site, options.sitePort ?? (options.port === 0 ? 0 : port + 1), options.host);
    context.siteUrl = urlOf(options.host, sitePort);
    return {
      url: urlOf(options.host, port),
      siteUrl: context.siteUrl,
      codeChanged: () => sync.refreshAll(),
      async close(timeoutMs) {
        closing = true;
        const closed = Promise.all([closedOf(api), closedOf(site)]);
        const deadline = Date.now() + timeoutMs;
        // Websocket calls count too; their sockets stay open until the answers are out.
        while ((running > 0 || sync.running > 0) && Date.now() < deadline) await pause(10);
        sync.close();
        api.closeIdleConnections();
        site.closeIdleConnections();
        // The goodbye frames leave first.
        await pause(20);
        api.closeAllConnections();
        site.closeAllConnections();
        await closed;
      },
    };
  } catch (error) {
    sync.close();
    api.close();
    site.close();
    throw error;
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  server.keepAliveTimeout = keepAliveMs;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // After the start an error of the listening socket must not end the process.
      server.on("error", () => {});
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** An address that means "all" is reached at loopback from this machine. */
function urlOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "" ? "127.0.0.1" : host === "::" ? "[::1]" : host;
  return `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`;
}

function closedOf(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
