/**
 * The gateway as discord.js speaks it: HELLO, IDENTIFY, READY and a GUILD_CREATE for each guild, heartbeats, RESUME with what was
 * missed, RECONNECT, INVALID SESSION, and the close codes: for a bad token, for intents that the portal does not allow, for shards that
 * do not fit, and any by order.
 *
 * Faults: `event:TYPE` (drop, lose, delay, duplicate, disconnect), `gateway:identify` and `gateway:resume` (an error that is a number
 * closes with that code, any other makes the session invalid; disconnect).
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import type { Faults } from "../faults.ts";
import type { Holds } from "../holds.ts";
import { type Carrier, createSessions, type Event, type Session, type Sessions } from "./sessions.ts";
import type { DiscordMessage, Wire } from "./types.ts";
import { wireChannel, wireGuild, wireInteraction, wireMessageEvent, wireUser } from "./wire.ts";
import type { Change, World } from "./world.ts";

export const INTENTS = { guilds: 1 << 0, guildMessages: 1 << 9, directMessages: 1 << 12, messageContent: 1 << 15 };
/** Members, presences, message content: the portal has to switch them on. */
const PRIVILEGED = (1 << 1) | (1 << 8) | INTENTS.messageContent;
const HEARTBEAT_MS = 41_250;
/** After these Discord knows the session no more: a wrong sequence, a session that timed out. */
const FORGETTING = new Set([4007, 4009]);

export interface Gateway {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  hear(change: Change): void;
  /** Sessions with a connection. */
  connected(): { id: string; shard: readonly [number, number]; intents: number }[];
  /** Payloads of the bot's, newest last. */
  received(): Wire[];
  /** RECONNECT: the bot comes back by itself and resumes. */
  askReconnect(): void;
  /** INVALID SESSION; with false it has to identify anew, and what it missed is gone. */
  invalidate(resumable: boolean): void;
  /** The line breaks. */
  cut(): void;
  /** Discord closes the connection with a code, of one shard or of all. */
  disconnect(code: number, shard?: number): void;
  /** Nobody acknowledges heartbeats any more. */
  silence(silent: boolean): void;
  close(): void;
}

export interface GatewayOptions {
  world: World;
  faults: Faults;
  holds: Holds;
  token: string;
  shards: () => number;
  heartbeatMs?: number;
  /** Where a resume goes to. */
  url: () => string;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { world, faults, holds, token } = options;
  const sessions: Sessions = createSessions(() => world.ids.secret(`session:${world.ids.next()}`).slice(0, 32));
  const server = new WebSocketServer({ noServer: true });
  const received: Wire[] = [];
  /** The line of each carrier, to close that one and no other. */
  const lines = new Map<Carrier, WebSocket>();
  let silent = false;

  function connected(socket: WebSocket): void {
    let session: Session | null = null;
    const carrier: Carrier = (payload) => {
      if (socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(payload));
      return true;
    };
    lines.set(carrier, socket);
    socket.on("close", () => {
      lines.delete(carrier);
      sessions.detach(carrier);
    });
    socket.on("error", () => socket.terminate());
    carrier({ op: 10, d: { heartbeat_interval: options.heartbeatMs ?? HEARTBEAT_MS, _trace: [] }, s: null, t: null });
    socket.on("message", (data) => {
      let payload: { op?: number; d?: Wire };
      try {
        payload = JSON.parse(String(data)) as typeof payload;
      } catch {
        return socket.close(4002, "Error while decoding payload");
      }
      received.push(payload as Wire);
      if (received.length > 200) received.shift();
      if (payload.op === 1) {
        if (!silent) carrier({ op: 11, d: null, s: null, t: null });
      } else if (payload.op === 2) {
        if (session !== null) return socket.close(4005, "Already authenticated");
        session = identify(socket, carrier, payload.d ?? {});
      } else if (payload.op === 6) {
        session = resume(socket, carrier, payload.d ?? {});
      } else if (payload.op === 3 || payload.op === 4 || payload.op === 8) {
        if (session === null) socket.close(4003, "Not authenticated");
      } else socket.close(4001, "Unknown opcode");
    });
  }

  function identify(socket: WebSocket, carrier: Carrier, d: Wire): Session | null {
    const close = (code: number, reason: string): null => {
      socket.close(code, reason);
      return null;
    };
    const shard = (Array.isArray(d.shard) ? d.shard : [0, 1]) as [number, number];
    if (refusedOnOrder(socket, carrier, "gateway:identify", { shard: shard[0] })) return null;
    if (d.token !== token || world.settings.tokenReset) return close(4004, "Authentication failed.");
    const intents = Number(d.intents);
    if (!Number.isInteger(intents) || intents < 0) return close(4013, "Invalid intent(s).");
    const allowed = world.settings.messageContent ? INTENTS.messageContent : 0;
    if ((intents & PRIVILEGED & ~allowed) !== 0) return close(4014, "Disallowed intent(s).");
    if (shard[0] >= shard[1]) return close(4010, "Invalid shard.");
    if (shard[1] < options.shards()) return close(4011, "Sharding required.");
    const session = sessions.open(shard, intents, carrier);
    const guilds = world.guilds.values().filter((guild) => shardOf(guild.id, shard[1]) === shard[0]);
    sessions.dispatch(session, {
      t: "READY",
      d: {
        v: 10,
        user: { ...wireUser(world.user(world.app.id)), verified: true, mfa_enabled: false, email: null, flags: 0 },
        guilds: guilds.map(({ id }) => ({ id, unavailable: true })),
        session_id: session.id,
        resume_gateway_url: options.url(),
        shard: [...shard],
        application: { id: world.app.id, flags: world.settings.messageContent ? 1 << 19 : 0 },
        private_channels: [],
        relationships: [],
        session_type: "normal",
        _trace: [],
      },
    });
    for (const guild of guilds) sessions.dispatch(session, { t: "GUILD_CREATE", d: wireGuild(world, guild) });
    return session;
  }

  function refusedOnOrder(socket: WebSocket, carrier: Carrier, target: string, about: Wire): boolean {
    const fault = faults.take(target, about);
    if (fault === null) return false;
    const code = fault.kind === "error" ? Number(fault.error) : 4000;
    if (Number.isInteger(code)) socket.close(code, "on order");
    else carrier({ op: 9, d: false, s: null, t: null });
    return true;
  }

  function resume(socket: WebSocket, carrier: Carrier, d: Wire): Session | null {
    if (refusedOnOrder(socket, carrier, "gateway:resume", {})) return null;
    if (d.token !== token || world.settings.tokenReset) {
      socket.close(4004, "Authentication failed.");
      return null;
    }
    const session = sessions.resume(String(d.session_id), Number(d.seq), carrier);
    if (session === null) carrier({ op: 9, d: false, s: null, t: null });
    else sessions.dispatch(session, { t: "RESUMED", d: { _trace: [] } });
    return session;
  }

  function dispatch(session: Session, event: Event, about: Wire): void {
    if (!holds.ordered()) send(session, event, about);
    else
      void holds.at("before", `event:${event.t}`, event.d).then((goesOn) => {
        if (goesOn) send(session, event, about);
      });
  }

  function send(session: Session, event: Event, about: Wire): void {
    const fault = faults.take(`event:${event.t}`, about);
    switch (fault?.kind) {
      case "drop":
        // Sent into a line that is already dead: it comes with the resume.
        sessions.dispatch(session, event, false);
        terminate(session);
        return;
      case "lose":
        return;
      case "delay":
        world.clock.after(fault.delayMs, () => sessions.dispatch(session, event));
        return;
      case "duplicate":
        sessions.dispatch(session, event);
        sessions.dispatch(session, event);
        return;
      case "disconnect":
        sessions.dispatch(session, event);
        terminate(session);
        return;
      default:
        sessions.dispatch(session, event);
    }
  }

  server.on("connection", (socket: WebSocket) => connected(socket));
  /** null: of every shard. */
  function terminate(session: Session | null): void {
    for (const one of session === null ? sessions.all() : [session]) {
      if (one.carrier !== null) lines.get(one.carrier)?.terminate();
      one.carrier = null;
    }
  }

  const broadcast = (payload: Wire) => {
    for (const session of sessions.all()) session.carrier?.(payload);
  };
  const heard = (guildId: string | null, intent: number): Session[] =>
    sessions
      .of((shards) => (guildId === null ? 0 : shardOf(guildId, shards)))
      .filter((session) => intent === 0 || (session.intents & intent) !== 0);

  function hearMessage(type: string, message: DiscordMessage, more: Wire): void {
    const channel = world.channel(message.channelId);
    const guildId = world.guildOf(channel)?.id ?? null;
    for (const session of heard(guildId, guildId === null ? INTENTS.directMessages : INTENTS.guildMessages)) {
      const readable =
        guildId === null ||
        message.authorId === world.app.id ||
        message.mentions.includes(world.app.id) ||
        (session.intents & INTENTS.messageContent) !== 0;
      const d = { ...wireMessageEvent(world, message, readable), ...more };
      dispatch(session, { t: type, d }, { channel: channel.id, user: message.authorId });
    }
  }

  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (opened) => server.emit("connection", opened, request)),
    hear(change) {
      switch (change.kind) {
        case "message":
          return hearMessage(
            `MESSAGE_${change.what}`,
            change.message,
            change.nonce === undefined ? {} : { nonce: change.nonce },
          );
        case "deleted": {
          const { id, channelId } = change.message;
          const guildId = world.channels.get(channelId)?.guildId ?? null;
          const d = { id, channel_id: channelId, ...(guildId === null ? {} : { guild_id: guildId }) };
          for (const session of heard(guildId, guildId === null ? INTENTS.directMessages : INTENTS.guildMessages))
            dispatch(session, { t: "MESSAGE_DELETE", d }, { channel: channelId });
          return;
        }
        case "thread":
        case "channel": {
          const { channel } = change;
          const t = `${change.kind === "thread" ? "THREAD" : "CHANNEL"}_${change.what}`;
          const d = { ...wireChannel(world, channel), ...(change.what === "CREATE" ? { newly_created: true } : {}) };
          for (const session of heard(channel.guildId, INTENTS.guilds))
            dispatch(session, { t, d }, { channel: channel.id });
          return;
        }
        case "interaction": {
          const { interaction } = change;
          const guildId = world.guildOf(world.channel(interaction.channelId))?.id ?? null;
          const d = wireInteraction(world, interaction);
          for (const session of heard(guildId, 0))
            dispatch(session, { t: "INTERACTION_CREATE", d }, { user: interaction.userId });
          return;
        }
        case "seen":
          return;
      }
    },
    connected: () =>
      sessions
        .all()
        .filter((session) => session.carrier !== null)
        .map(({ id, shard, intents }) => ({ id, shard, intents })),
    received: () => received,
    askReconnect: () => broadcast({ op: 7, d: null, s: null, t: null }),
    invalidate(resumable) {
      const open = sessions.all();
      for (const session of open) {
        session.carrier?.({ op: 9, d: resumable, s: null, t: null });
        if (!resumable) sessions.forget(session);
      }
    },
    cut: () => terminate(null),
    disconnect(code, shard) {
      for (const session of sessions.all()) {
        if (session.carrier === null || (shard !== undefined && session.shard[0] !== shard)) continue;
        lines.get(session.carrier)?.close(code, "on order");
        session.carrier = null;
        if (FORGETTING.has(code)) sessions.forget(session);
      }
    },
    silence: (value) => {
      silent = value;
    },
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

const shardOf = (guildId: string, shards: number): number => Number((BigInt(guildId) >> 22n) % BigInt(shards));
