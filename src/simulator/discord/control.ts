/**
 * The control surface over HTTP: acts as a person and reads what they see, for the page and for programs. JSON in, JSON out; `as` names
 * the person. Mounted under a path of its own; paths here are behind that mount.
 */
import { PassThrough } from "node:stream";
import type { FaultOrder } from "../faults.ts";
import { readFields, type SimHandler, type SimReply } from "../http.ts";
import type { DiscordSimulator } from "./index.ts";
import type { DiscordPerson } from "./person.ts";
import { DiscordError } from "./types.ts";
import type { World } from "./world.ts";

type Fields = Record<string, unknown>;

const KEEP_ALIVE_MS = 15_000;

export function createDiscordControl(simulator: DiscordSimulator): SimHandler {
  const { world } = simulator;

  const reads: Record<string, (query: URLSearchParams) => unknown> = {
    "/guild": (query) => overview(simulator, simulator.as(query.get("as") ?? "")),
    "/messages": (query) => {
      const person = simulator.as(query.get("as") ?? "");
      const channel = query.get("channel") ?? "";
      return {
        messages: person.messages(channel),
        threads: person.threads(channel),
        typing: person.typing(channel),
      };
    },
    "/modal": (query) => simulator.as(query.get("as") ?? "").modal(),
    "/calls": (query) => simulator.calls(query.get("name") ?? undefined),
    "/faults": () => simulator.faults.open(),
    "/state": () => ({ token: simulator.token, apiUrl: simulator.apiUrl, connections: simulator.gateway.connected() }),
  };

  const acts: Record<string, (person: DiscordPerson, fields: Fields) => unknown> = {
    "/say": (person, { channel, text, replyTo }) => ({
      id: person.say(String(channel), String(text), replyTo ? { replyTo: String(replyTo) } : {}),
    }),
    "/edit": (person, { channel, id, text }) => person.edit(String(channel), String(id), String(text)),
    "/delete": (person, { channel, id }) => person.delete(String(channel), String(id)),
    "/thread": (person, { channel, name, from }) => ({
      id: person.openThread(String(channel), String(name), from ? String(from) : undefined),
    }),
    "/press": (person, { channel, id, button }) => person.press(String(channel), String(id), String(button)),
    "/choose": (person, { channel, id, select, value }) =>
      person.choose(String(channel), String(id), String(select), String(value)),
    "/command": (person, { channel, name, options }) =>
      person.command(String(channel), String(name), (options ?? {}) as Record<string, string>),
    "/complete": (person, { channel, name, option, typed }) =>
      person.complete(String(channel), String(name), String(option), String(typed ?? "")),
    "/submit": (person, { values }) => person.submit((values ?? {}) as Record<string, string>),
    "/close": (person) => person.closeModal(),
  };

  const orders: Record<string, (fields: Fields) => unknown> = {
    "/faults": (fields) => simulator.faults.order(fields as unknown as FaultOrder),
    "/faults/clear": () => simulator.faults.clear(),
    // {"what": "close", "code": 4014, "shard": 1}; without a shard every one.
    "/gateway": ({ what, resumable, code, shard }) => {
      if (what === "reconnect") simulator.gateway.askReconnect();
      else if (what === "invalidate") simulator.gateway.invalidate(resumable === true);
      else if (what === "cut") simulator.gateway.cut();
      else if (what === "close")
        simulator.gateway.disconnect(Number(code), shard === undefined ? undefined : Number(shard));
      else throw new DiscordError(400, 0, "what: reconnect, invalidate, cut or close");
    },
    // For example {"channel": "eng", "deniedToBot": "2048"}.
    "/channel": ({ channel, ...fields }) => {
      const found = world.channels.values().find((one) => one.id === channel || one.name === channel);
      if (found === undefined) throw new DiscordError(404, 10003, "Unknown Channel");
      world.channels.put(found.id, Object.assign(found, fields));
      world.tell({ kind: found.kind === "thread" ? "thread" : "channel", what: "UPDATE", channel: found });
      return found;
    },
    "/settings": (fields) => Object.assign(world.settings, fields),
  };

  return async (request) => {
    try {
      if (request.method === "GET") {
        if (request.path === "/changes") return stream(simulator);
        const read = reads[request.path];
        return read === undefined ? null : json(read(request.query));
      }
      if (request.method !== "POST") return null;
      const type = request.headers["content-type"] ?? "";
      // A foreign page can send forms here, but JSON only after asking, and nobody answers that.
      if (!type.startsWith("application/json")) return { status: 415, body: { error: "send application/json" } };
      const fields = await readFields(request);
      const order = orders[request.path];
      if (order !== undefined) return json((await order(fields)) ?? {});
      const act = acts[request.path];
      if (act === undefined) return null;
      return json((await act(simulator.as(String(fields.as ?? "")), fields)) ?? {});
    } catch (thrown) {
      if (thrown instanceof DiscordError) return { status: 400, body: { error: thrown.message, code: thrown.code } };
      if (thrown instanceof SyntaxError) return { status: 400, body: { error: "not JSON" } };
      throw thrown;
    }
  };
}

const json = (body: unknown): SimReply => ({ status: 200, body });

function overview({ world, gateway }: DiscordSimulator, me: DiscordPerson) {
  return {
    app: world.app,
    me: me.id,
    users: world.users.values(),
    guilds: world.guilds.values().map(({ id, name }) => ({ id, name })),
    channels: world.channels
      .values()
      .filter((channel) => channel.kind === "text" || channel.kind === "thread")
      .map(({ id, name, kind, guildId, parentId }) => ({ id, name, kind, guildId, parentId })),
    dm: me.channel("dm").id,
    newest: newestOf(world, me.id),
    commands: world.commands.values().map(({ body }) => body),
    connected: gateway.connected().length > 0,
  };
}

/** Channel → the newest message of the bot's there that this person can see. */
function newestOf(world: World, user: string): Record<string, string> {
  const newest: Record<string, string> = {};
  for (const { id, channelId, authorId, onlyTo } of world.messages.values())
    if (authorId === world.app.id && (onlyTo === null || onlyTo === user)) newest[channelId] = id;
  return newest;
}

/** Says "changed" whenever something visible changed; whoever listens reads again. */
function stream(simulator: DiscordSimulator): SimReply {
  const body = new PassThrough();
  body.write(": listening\n\n");
  const stop = simulator.feed.listen(() => body.write("data: changed\n\n"));
  const timer = setInterval(() => body.write(": here\n\n"), KEEP_ALIVE_MS);
  timer.unref();
  body.on("close", () => {
    stop();
    clearInterval(timer);
  });
  return { status: 200, headers: { "content-type": "text/event-stream", "cache-control": "no-cache" }, body };
}
