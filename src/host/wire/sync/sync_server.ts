import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { WireContext } from "../context.ts";
import { ping } from "./responses.ts";
import { Subscriptions } from "./subscriptions.ts";
import { SyncSocket } from "./sync_socket.ts";

/** Clients give up after 60 s of silence. */
const defaultPingIntervalMs = 15_000;
const goingAway = 1001;

/** All websocket clients of a host. */
export class SyncServer {
  readonly #context: WireContext;
  readonly #server: WebSocketServer;
  readonly #subscriptions: Subscriptions;
  readonly #sockets = new Map<WebSocket, SyncSocket>();
  /** Sockets that answered nothing since the last ping. */
  readonly #silent = new Set<WebSocket>();
  readonly #pings: NodeJS.Timeout;

  constructor(context: WireContext) {
    this.#context = context;
    this.#server = new WebSocketServer({ noServer: true, maxPayload: context.limits.callBytes });
    this.#subscriptions = new Subscriptions(context.options.engine, context.options.store, context.log);
    this.#pings = setInterval(() => this.#ping(), context.options.pingIntervalMs ?? defaultPingIntervalMs);
    this.#pings.unref();
  }

  /** Calls whose answer is owed. */
  get running(): number {
    let sum = 0;
    for (const socket of this.#sockets.values()) sum += socket.running;
    return sum;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    // `/api/<version of the client>/sync`
    if (!/^\/api\/[^/?]+\/sync(\?|$)/.test(request.url ?? "")) {
      socket.end("HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#accept(client, request));
  }

  refreshAll(): void {
    this.#subscriptions.refreshAll();
  }

  /** Clients are told to come back; they do so by themselves. */
  close(): void {
    clearInterval(this.#pings);
    this.#subscriptions.close();
    for (const [client, socket] of this.#sockets) {
      socket.dispose();
      client.close(goingAway, "ServerShuttingDown");
    }
    this.#server.close();
  }

  #accept(client: WebSocket, request: IncomingMessage): void {
    this.#sockets.set(client, new SyncSocket(this.#context, this.#subscriptions, client, request));
    client.on("close", () => {
      this.#sockets.delete(client);
      this.#silent.delete(client);
    });
    const heard = () => this.#silent.delete(client);
    client.on("message", heard);
    client.on("pong", heard);
  }

  /** The protocol's own ping keeps the client from giving up; the websocket's ping finds out who is gone. */
  #ping(): void {
    for (const client of this.#sockets.keys()) {
      if (this.#silent.has(client) && !client.isPaused) {
        client.terminate();
        continue;
      }
      this.#silent.add(client);
      if (client.readyState !== client.OPEN) continue;
      client.send(ping);
      client.ping();
    }
  }
}
