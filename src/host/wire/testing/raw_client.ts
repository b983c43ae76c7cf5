/** A websocket client that sends any frame and shows every message, for what the unmodified client never does. */
import { randomUUID } from "node:crypto";
import { WebSocket } from "ws";
import { decodeTs } from "../timestamp.ts";

export interface ServerMessage {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages are inspected field by field in tests
  [field: string]: any;
}

export class RawClient {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #version = '{"querySet":0,"identity":0,"ts":"AAAAAAAAAAA="}';
  /** Problems in the chain of versions; a correct server leaves it empty. */
  readonly gaps: string[] = [];

  private constructor(url: string) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
    this.closed = new Promise((resolve) =>
      this.socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      }),
    );
    this.socket.on("error", () => {});
    this.socket.on("message", (data) => this.#received(JSON.parse(data.toString())));
  }

  static async open(url: string, sessionId: string | null = randomUUID()): Promise<RawClient> {
    const client = new RawClient(url);
    await new Promise((resolve, reject) => client.socket.once("open", resolve).once("error", reject));
    if (sessionId !== null) {
      client.send({ type: "Connect", sessionId, connectionCount: 0, lastCloseReason: null, clientTs: 0 });
    }
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  add(queryId: number, udfPath: string, args: object, extra: object = {}): object {
    return { type: "Add", queryId, udfPath, args: [args], ...extra };
  }

  modify(baseVersion: number, ...modifications: object[]): void {
    this.send({ type: "ModifyQuerySet", baseVersion, newVersion: baseVersion + 1, modifications });
  }

  /** The first message that fits, from those received already on. */
  async next(type: string, fits: (message: ServerMessage) => boolean = () => true): Promise<ServerMessage> {
    for (let i = 0; ; ) {
      for (; i < this.messages.length; i++) {
        const message = this.messages[i]!;
        if (message.type === type && fits(message)) return message;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed while waiting for ${type}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  close(): void {
    this.socket.terminate();
  }

  #received(message: ServerMessage): void {
    if (message.type === "Transition") {
      const { startVersion, endVersion } = message;
      if (JSON.stringify(startVersion) !== this.#version)
        this.gaps.push(`${this.#version} -> ${JSON.stringify(startVersion)}`);
      if (decodeTs(endVersion.ts)! < decodeTs(startVersion.ts)!) this.gaps.push("time went back");
      this.#version = JSON.stringify(endVersion);
    }
    this.messages.push(message);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
