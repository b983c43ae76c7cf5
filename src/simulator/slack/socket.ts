/**
 * Socket Mode: up to ten websockets for one app; each envelope goes to one of them and waits for `{envelope_id, payload}`.
 * The address of `apps.connections.open` is good for one connection.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../clock.ts";
import type { Random } from "../random.ts";
import type { Delivered, Outgoing, Retry, Transport } from "./delivery.ts";

export interface SocketMode extends Transport {
  /** A new one-use address; `base` is `ws://host:port`. */
  ticket(base: string): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  connections(): number;
  /** Resolves when so many are connected. */
  connected(count?: number): Promise<void>;
  /** Says that the connections are to be renewed (`refresh_requested`, `warning`, `link_disabled`). The client closes them. */
  disconnect(reason: string): void;
  /** Breaks every connection without a word. */
  breakAll(): void;
  /** Sends a frame as it is, for what no schema foresees. */
  sendFrame(frame: unknown): void;
  close(): void;
}

const MOST_CONNECTIONS = 10;
const TICKET_LIVES_MS = 30_000;
/** Real time: the client's own watchdogs run on it. It gives up after 30 s without one. */
const PING_EVERY_MS = 10_000;

interface Waiting {
  socket: WebSocket;
  resolve(delivered: Delivered): void;
}

export function createSocketMode(options: {
  clock: Clock;
  random: Random;
  appId: string;
  onChange(): void;
}): SocketMode {
  const { clock, random, appId, onChange } = options;
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Map<string, number>();
  const open = new Set<WebSocket>();
  const waiting = new Map<string, Waiting>();
  let lastUsed: WebSocket | null = null;
  let watchers: (() => void)[] = [];
  const pings = setInterval(() => {
    for (const socket of open) socket.ping("Ping from simulated Slack");
  }, PING_EVERY_MS);
  pings.unref();

  const announce = () => {
    for (const watch of watchers.splice(0)) watch();
    onChange();
  };

  function greet(socket: WebSocket): void {
    socket.on("error", () => socket.terminate());
    if (open.size >= MOST_CONNECTIONS) {
      socket.send(JSON.stringify({ type: "disconnect", reason: "too_many_websockets", debug_info: debugInfo }));
      socket.close();
      return;
    }
    open.add(socket);
    socket.on("message", (data) => acknowledge(String(data)));
    socket.on("close", () => {
      open.delete(socket);
      for (const [id, wait] of waiting) {
        if (wait.socket !== socket) continue;
        waiting.delete(id);
        wait.resolve({ ok: false, reason: "connection_failed" });
      }
      announce();
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: open.size,
        debug_info: { ...debugInfo, approximate_connection_time: 18_060 },
        connection_info: { app_id: appId },
      }),
    );
    announce();
  }

  function acknowledge(text: string): void {
    let frame: { envelope_id?: unknown; payload?: unknown };
    try {
      frame = JSON.parse(text) as typeof frame;
    } catch {
      return;
    }
    const id = String(frame.envelope_id ?? "");
    const wait = waiting.get(id);
    // An acknowledgement that comes too late, or twice, is nobody's.
    if (wait === undefined) return;
    waiting.delete(id);
    wait.resolve({ ok: true, response: frame.payload ?? null });
  }

  function ready(): WebSocket[] {
    return [...open].filter((socket) => socket.readyState === socket.OPEN);
  }

  async function connected(count: number): Promise<void> {
    while (ready().length < count) await new Promise<void>((done) => watchers.push(done));
  }

  return {
    ticket(base) {
      const ticket = randomUUID();
      tickets.set(ticket, clock.now() + TICKET_LIVES_MS);
      return `${base}/link/?ticket=${ticket}&app_id=${appId}`;
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "http://simulator.invalid");
      if (url.pathname !== "/link/") return false;
      const ticket = url.searchParams.get("ticket") ?? "";
      const livesUntil = tickets.get(ticket);
      tickets.delete(ticket);
      if (livesUntil === undefined || livesUntil < clock.now()) return false;
      server.handleUpgrade(request, socket, head, greet);
      return true;
    },
    async send(outgoing: Outgoing, retry: Retry | null, timeoutMs: number): Promise<Delivered> {
      const sockets = ready();
      const socket = sockets[Math.floor(random() * sockets.length)];
      if (socket === undefined) return { ok: false, reason: "no_connection" };
      lastUsed = socket;
      const id = randomUUID();
      const answered = new Promise<Delivered>((resolve) => {
        const stop = clock.after(timeoutMs, () => {
          waiting.delete(id);
          resolve({ ok: false, reason: "timeout" });
        });
        waiting.set(id, {
          socket,
          resolve(delivered) {
            stop();
            resolve(delivered);
          },
        });
      });
      socket.send(
        JSON.stringify({
          envelope_id: id,
          type: outgoing.kind,
          payload: outgoing.payload,
          accepts_response_payload: outgoing.kind !== "events_api",
          ...(outgoing.kind === "events_api"
            ? { retry_attempt: retry?.num ?? 0, retry_reason: retry?.reason ?? "" }
            : {}),
        }),
      );
      return await answered;
    },
    ready: () => connected(1),
    cut: () => lastUsed?.terminate(),
    connections: () => ready().length,
    connected: (count = 1) => connected(count),
    disconnect(reason) {
      for (const socket of ready()) socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: debugInfo }));
    },
    breakAll() {
      for (const socket of [...open]) socket.terminate();
    },
    sendFrame(frame) {
      for (const socket of ready().slice(0, 1)) socket.send(JSON.stringify(frame));
    },
    close() {
      clearInterval(pings);
      for (const socket of [...open]) socket.terminate();
      watchers = [];
      server.close();
    },
  };
}

const debugInfo = { host: "applink-simulated", build_number: 1 };
