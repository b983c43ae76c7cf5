/**
 * The control surface over HTTP: acts as a person and reads what they see, for the page and for programs. JSON in, JSON out;
 * `as` names the person. Mounted under a path of its own; paths here are behind that mount.
 */
import { PassThrough } from "node:stream";
import type { FaultOrder } from "../faults.ts";
import { readFields, type SimHandler, type SimReply, type SimRequest } from "../http.ts";
import type { SlackSimulator } from "./index.ts";
import type { FieldValue, SlackPerson } from "./person.ts";
import { SlackError } from "./types.ts";

type Fields = Record<string, unknown>;
type Act = (person: SlackPerson, fields: Fields) => unknown;

/** Keeps proxies and browsers from giving the stream up. */
const KEEP_ALIVE_MS = 15_000;
/** Nobody scrolls further back on a simulator's page. */
const MOST_SHOWN = 300;

export function createSlackControl(simulator: SlackSimulator): SimHandler {
  const { state: workspace } = simulator;

  const reads: Record<string, (query: URLSearchParams) => unknown> = {
    "/workspace": (query) => overview(simulator, simulator.as(query.get("as") ?? "")),
    "/messages": (query) => {
      const person = simulator.as(query.get("as") ?? "");
      const channel = person.channel(query.get("channel") ?? "");
      const thread = query.get("thread") ?? undefined;
      return {
        messages: person.messages(channel, { thread }).slice(-MOST_SHOWN),
        status: workspace.statuses.get(`${channel}/${thread ?? ""}`)?.status ?? null,
        prompts: workspace.prompts.get(`${channel}/${thread ?? ""}`) ?? [],
      };
    },
    "/modal": (query) => simulator.as(query.get("as") ?? "").modal(),
    "/home": (query) => simulator.as(query.get("as") ?? "").home(),
    "/calls": (query) => simulator.calls(query.get("method") ?? undefined),
    "/deliveries": () => simulator.deliveries(),
    "/faults": () => simulator.faults.open(),
    "/state": () => ({
      botToken: simulator.botToken,
      appToken: simulator.appToken,
      signingSecret: simulator.signingSecret,
      apiUrl: simulator.apiUrl,
      connections: simulator.socket.connections(),
      installation: workspace.installation,
    }),
  };

  const acts: Record<string, Act> = {
    "/say": (person, { channel, text: words, thread }) => ({
      ts: person.say(String(channel), String(words), thread ? { thread: String(thread) } : {}),
    }),
    "/edit": (person, { channel, ts, text: words }) => person.edit(String(channel), String(ts), String(words)),
    "/delete": (person, { channel, ts }) => person.delete(String(channel), String(ts)),
    "/react": (person, { channel, ts, name }) => person.react(String(channel), String(ts), String(name)),
    "/command": (person, { channel, text: words }) => person.command(String(channel), String(words)),
    "/click": (person, { channel, ts, button, value }) =>
      value === undefined
        ? person.click(String(channel), String(ts), String(button))
        : person.choose(String(channel), String(ts), String(button), value as FieldValue),
    "/fill": (person, { values }) => person.fill(values as Record<string, FieldValue>),
    "/submit": (person, { values }) => person.submit((values ?? {}) as Record<string, FieldValue>),
    "/close": (person) => person.closeModal(),
    "/click-modal": (person, { button }) => person.clickInModal(String(button)),
    "/open-home": (person) => person.openHome(),
    "/click-home": (person, { button, value }) =>
      value === undefined
        ? person.clickInHome(String(button))
        : person.chooseInHome(String(button), value as FieldValue),
    "/assistant-thread": (person, { context }) => ({
      ts: person.startAssistantThread(context ? String(context) : undefined),
    }),
    "/read": (person, { channel }) => person.read(String(channel)),
  };

  const orders: Record<string, (fields: Fields) => unknown> = {
    "/faults": (fields) => simulator.faults.order(fields as unknown as FaultOrder),
    "/faults/clear": () => simulator.faults.clear(),
    "/disconnect": ({ reason }) =>
      reason === undefined ? simulator.socket.breakAll() : simulator.socket.disconnect(String(reason)),
    "/quiet": () => simulator.quiet(),
    "/request-url": ({ url }) => simulator.setRequestUrl(url ? String(url) : null),
    // For example {"botScopes": […], "botTokenError": "token_revoked"}.
    "/installation": (fields) => {
      Object.assign(workspace.installation, fields);
      workspace.saveInstallation();
      return workspace.installation;
    },
    "/channel": ({ channel, ...fields }) => {
      const found = workspace.channels.get(String(channel)) ?? workspace.channelNamed(String(channel));
      if (found === undefined || found === null) throw new SlackError("channel_not_found");
      workspace.channels.put(found.id, Object.assign(found, fields));
      workspace.changed();
      return found;
    },
  };

  return async (request) => {
    try {
      if (request.method === "GET") {
        if (request.path === "/changes") return stream(simulator);
        if (request.path === "/file") return file(simulator, request);
        const read = reads[request.path];
        return read === undefined ? null : json(read(request.query));
      }
      if (request.method !== "POST") return null;
      const type = request.headers["content-type"] ?? "";
      // A foreign page can send forms here, but JSON only after asking, and nobody answers that.
      if (!type.startsWith("application/json"))
        return { status: 415, body: { ok: false, error: "send application/json" } };
      const fields = await readFields(request);
      const order = orders[request.path];
      if (order !== undefined) return json((await order(fields)) ?? {});
      const act = acts[request.path];
      if (act === undefined) return null;
      return json((await act(simulator.as(String(fields.as ?? "")), fields)) ?? {});
    } catch (thrown) {
      if (thrown instanceof SlackError) return { status: 400, body: { ok: false, error: thrown.code, ...thrown.more } };
      if (thrown instanceof SyntaxError) return { status: 400, body: { ok: false, error: "not JSON" } };
      throw thrown;
    }
  };
}

const json = (body: unknown): SimReply => ({ status: 200, body });

function overview(simulator: SlackSimulator, me: SlackPerson) {
  const { state: workspace, socket } = simulator;
  const mine = (person: SlackPerson) =>
    workspace.channels.values().filter((channel) => channel.members.includes(person.id));
  const people = workspace.users.values().filter((user) => !user.isBot);
  const unread = people.map(({ id, name }) => {
    const person = simulator.as(id);
    return [name, mine(person).reduce((sum, channel) => sum + person.unread(channel.id), 0)] as const;
  });
  return {
    team: workspace.team,
    app: workspace.app,
    me: me.id,
    users: workspace.users.values(),
    channels: mine(me).map((channel) => ({
      ...channel,
      unread: me.unread(channel.id),
      read: me.lastRead(channel.id),
    })),
    /** By name, over all channels. */
    unread: Object.fromEntries(unread),
    commands: workspace.installation.commands,
    connections: socket.connections(),
    modal: me.modal(),
  };
}

/** Server-sent events: one `changed` for each change, without content. */
function stream({ feed }: SlackSimulator): SimReply {
  const body = new PassThrough();
  body.write("retry: 500\n\ndata: hello\n\n");
  const stop = feed.listen(
    () => body.write("data: changed\n\n"),
    () => body.end(),
  );
  const alive = setInterval(() => body.write(": still here\n\n"), KEEP_ALIVE_MS);
  alive.unref();
  body.on("close", () => {
    stop();
    clearInterval(alive);
  });
  return {
    status: 200,
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
    body,
  };
}

function file({ state: workspace }: SlackSimulator, request: SimRequest): SimReply | null {
  const found = workspace.files.get(request.query.get("id") ?? "");
  if (found === undefined || found.content === null) return null;
  // Shown as text and never as a page: it may hold anything.
  return {
    status: 200,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; sandbox",
    },
    body: Buffer.from(found.content, "base64"),
  };
}
