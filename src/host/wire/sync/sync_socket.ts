import type { IncomingMessage } from "node:http";
import type { RawData, WebSocket } from "ws";
import { AuthFailure, anonymous, type Credentials } from "../../auth/index.ts";
import type { Caller, CallResult, FunctionPath } from "../../engine/types.ts";
import { callerOf, type WireContext } from "../context.ts";
import { describeFailure } from "../failure.ts";
import { CallQueue } from "./call_queue.ts";
import { type CallMessage, type ClientMessage, ProtocolError, parseClientMessage } from "./messages.ts";
import { QuerySet } from "./query_set.ts";
import { actionResponse, authError, callFailed, fatalError, mutationResponse } from "./responses.ts";
import type { Subscriber, Subscriptions } from "./subscriptions.ts";

/** Calls of one socket not yet answered before the host stops reading from it, and where it goes on. */
const pausedAt = 256;
const resumedAt = 64;
/** Mutations of one socket that may share a commit: enough to hide the disk, few enough that others get their turn between them. */
const mutationsAtOnce = 32;
/** Bytes the client has not read yet before transitions wait, and are merged, for it. */
const slowAt = 1024 * 1024;
const policyViolation = 1008;
/** Longest delay of setTimeout. */
const maxDelayMs = 2 ** 31 - 1;

/** One connection of a ConvexClient, from Connect to close. */
export class SyncSocket implements Subscriber {
  readonly #context: WireContext;
  readonly #socket: WebSocket;
  readonly #request: IncomingMessage;
  readonly #queries: QuerySet;
  readonly #mutations = new CallQueue(mutationsAtOnce);
  readonly #inbox: ClientMessage[] = [];
  #reading = false;
  #sessionId: string | null = null;
  #credentials: Credentials = anonymous;
  #expiry: NodeJS.Timeout | null = null;
  #closed = false;
  /** Calls whose answer is owed, for an orderly stop. */
  running = 0;

  constructor(context: WireContext, subscriptions: Subscriptions, socket: WebSocket, request: IncomingMessage) {
    this.#context = context;
    this.#socket = socket;
    this.#request = request;
    this.#queries = new QuerySet(subscriptions, this);
    socket.on("message", (data, isBinary) => this.#received(data, isBinary));
    socket.on("close", () => this.dispose());
    socket.on("error", () => socket.terminate());
  }

  roundEnded(): void {
    this.#pump(true);
  }

  /** Gives everything back; queued mutations of a lost connection do not begin (its client sends them again). */
  dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.length = 0;
    this.#mutations.close();
    this.#queries.close();
    if (this.#expiry !== null) clearTimeout(this.#expiry);
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    try {
      if (isBinary) throw new ProtocolError("binary frames are not part of the protocol");
      this.#inbox.push(parseClientMessage(data.toString()));
    } catch (error) {
      this.#fatal(error);
      return;
    }
    if (!this.#reading) void this.#read();
  }

  /** Messages are handled in order; only Authenticate makes the following ones wait. */
  async #read(): Promise<void> {
    this.#reading = true;
    try {
      for (let message = this.#inbox.shift(); message !== undefined; message = this.#inbox.shift()) {
        if (message.type === "Authenticate") await this.#authenticate(message);
        else this.#handle(message);
        if (this.#closed) break;
      }
    } catch (error) {
      this.#fatal(error);
    }
    this.#reading = false;
  }

  #handle(message: Exclude<ClientMessage, { type: "Authenticate" }>): void {
    if (message.type === "Event") return;
    if ((message.type === "Connect") !== (this.#sessionId === null))
      throw new ProtocolError("Connect comes first, once");
    switch (message.type) {
      case "Connect":
        this.#sessionId = message.sessionId;
        break;
      case "ModifyQuerySet":
        this.#modify(message);
        break;
      case "Mutation":
        this.#mutate(message, this.#sessionId!);
        break;
      case "Action":
        this.#act(message);
    }
  }

  #modify({ baseVersion, newVersion, modifications }: ClientMessage & { type: "ModifyQuerySet" }): void {
    if (baseVersion !== this.#queries.querySetVersion || newVersion <= baseVersion) {
      this.#close(policyViolation, `BaseVersionMismatch: query set ${baseVersion}`);
      return;
    }
    for (const change of modifications) {
      if (change.type === "Remove") this.#queries.remove(change.queryId);
      else if (this.#queries.has(change.queryId)) throw new ProtocolError(`query ${change.queryId} is there already`);
      else if (this.#queries.size >= this.#context.limits.queriesPerSocket) {
        this.#close(policyViolation, "TooManyQueries");
        return;
      } else if (this.#permitted(change)) this.#queries.add(change, this.#credentials);
      else throw new ProtocolError("only an admin may query a component");
    }
    this.#queries.modified(newVersion);
    this.#pump(false);
  }

  #mutate(message: CallMessage, sessionId: string): void {
    // Of the moment it was sent, whoever signs in while it waits.
    const credentials = this.#credentials;
    const { engine } = this.#context.options;
    this.#began();
    this.#mutations.push(async (queued) => {
      const session = { sessionId, requestId: message.requestId, queued };
      const answer = await this.#call(message, credentials, async (path, caller) => {
        const result = await engine.mutation(path, message.args, caller, session);
        return () => {
          const ts = result.ts ?? this.#context.options.store.lastTs();
          this.#send(mutationResponse(message.requestId, result, ts));
          this.#queries.require(ts);
          this.#pump(false);
        };
      });
      return () => {
        answer();
        this.#ended();
      };
    });
  }

  #act(message: CallMessage): void {
    this.#began();
    void this.#call(message, this.#credentials, async (path, caller) => {
      const result: CallResult = await this.#context.options.engine.action(path, message.args, caller);
      return () => this.#send(actionResponse(message.requestId, result));
    }).then((answer) => {
      answer();
      this.#ended();
    });
  }

  /** Resolves with how to send the answer. Never rejects: every error becomes the call's answer. */
  async #call(
    message: CallMessage,
    credentials: Credentials,
    run: (path: FunctionPath, caller: Caller) => Promise<() => void>,
  ): Promise<() => void> {
    if (this.#closed || this.#expired(credentials)) return () => {};
    try {
      if (!this.#permitted(message)) throw { message: "Only an admin may call a component.", logLines: [] };
      const path = this.#context.options.engine.parsePath(message.udfPath, message.component);
      return await run(path, callerOf(credentials, this.#request));
    } catch (error) {
      const text = callFailed(message.type, message.requestId, describeFailure(error, this.#context.log));
      return () => this.#send(text);
    }
  }

  async #authenticate(message: ClientMessage & { type: "Authenticate" }): Promise<void> {
    const { baseVersion } = message;
    if (this.#sessionId === null) throw new ProtocolError("Connect comes first, once");
    if (baseVersion !== this.#queries.identityVersion) {
      this.#close(policyViolation, `BaseVersionMismatch: identity ${baseVersion}`);
      return;
    }
    try {
      this.#credentials = await this.#credentialsOf(message);
    } catch (error) {
      if (!(error instanceof AuthFailure)) this.#context.log("error", String(error));
      const told = error instanceof AuthFailure ? error.message : "Authentication is not possible now.";
      this.#refuse(authError(told, baseVersion, true));
      return;
    }
    if (this.#closed) return;
    this.#queries.authenticated(this.#credentials);
    this.#watchExpiry();
    this.#pump(false);
  }

  async #credentialsOf(message: ClientMessage & { type: "Authenticate" }): Promise<Credentials> {
    if (message.tokenType === "None") return anonymous;
    if (message.tokenType === "User") return this.#context.authenticator.user(message.value);
    return this.#context.authenticator.admin(message.value, message.impersonating);
  }

  /** A token that runs out takes its results with it: the client is told and comes back with a new one. */
  #watchExpiry(): void {
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = null;
    const { expiresAtMs } = this.#credentials;
    if (expiresAtMs === null) return;
    this.#expiry = setTimeout(
      () => {
        if (!this.#expired(this.#credentials)) this.#watchExpiry();
      },
      Math.min(maxDelayMs, Math.max(0, expiresAtMs - Date.now())),
    );
    this.#expiry.unref();
  }

  #expired(credentials: Credentials): boolean {
    if (credentials.expiresAtMs === null || credentials.expiresAtMs > Date.now()) return false;
    // The version before the one in force, as Convex reports it: the client adds one.
    this.#refuse(authError("Token expired", Math.max(0, this.#queries.identityVersion - 1), false));
    return true;
  }

  #permitted({ component }: { component: string }): boolean {
    return component === "" || this.#credentials.caller.isAdmin;
  }

  #pump(roundEnded: boolean): void {
    // A slow reader gets one merged transition when it has caught up (see #send).
    if (this.#closed || this.#socket.bufferedAmount > slowAt) return;
    const text = this.#queries.next(roundEnded);
    if (text !== null) this.#send(text);
  }

  #send(text: string): void {
    if (this.#closed || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#context.limits.socketBufferBytes) {
      this.#socket.terminate();
      return;
    }
    const slow = this.#socket.bufferedAmount + text.length > slowAt;
    this.#socket.send(text, slow ? () => this.#pump(false) : undefined);
  }

  #began(): void {
    this.running++;
    if (this.running >= pausedAt) this.#socket.pause();
  }

  #ended(): void {
    this.running--;
    if (this.running <= resumedAt && this.#socket.isPaused) this.#socket.resume();
  }

  /** The client would only repeat it: it is told to stop for good. */
  #fatal(error: unknown): void {
    if (this.#closed) return;
    const protocol = error instanceof ProtocolError;
    if (!protocol) this.#context.log("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (protocol) this.#send(fatalError(`Invalid message: ${error.message}`));
    this.#close(protocol ? policyViolation : 1011, protocol ? "InvalidMessage" : "InternalServerError");
  }

  /** After a refused token nothing more is done on this socket: what follows was meant for the identity that was refused. */
  #refuse(message: string): void {
    this.#send(message);
    this.#close(policyViolation, "AuthError");
  }

  #close(code: number, reason: string): void {
    this.dispose();
    this.#socket.resume();
    this.#socket.close(code, reason);
  }
}
