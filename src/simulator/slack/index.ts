/**
 * Slack as a server on this machine, spoken to by the real client libraries. See ../README.md.
 *
 * What it is asked to do it has done (and stored, when `file` is given) before it answers. Events go out after the change that
 * caused them.
 */
import { createHash, randomUUID } from "node:crypto";
import { type Clock, realClock } from "../clock.ts";
import { createFaults, type Faults } from "../faults.ts";
import { createFeed, type Feed } from "../feed.ts";
import { createHolds, type Holds } from "../holds.ts";
import { readFields, type SimHandler, type SimServer, startSimServer } from "../http.ts";
import { createSimulatorPage, PAGE_PATH } from "../page.ts";
import { createRandom } from "../random.ts";
import { openStore } from "../store.ts";
import { type ApiCall, createApi } from "./api.ts";
import { createSlackControl } from "./control.ts";
import { createDelivery, type DeliveryEntry, type Pending, type Transport } from "./delivery.ts";
import { createEvents, type SlackEvents } from "./events.ts";
import { createInteractions } from "./interactions.ts";
import { createRateLimits } from "./limits.ts";
import { takeUpload } from "./methods/files.ts";
import type { MethodContext } from "./methods/method.ts";
import { createPerson, type SlackPerson } from "./person.ts";
import { createResponseUrls, type ResponseUrl } from "./response_urls.ts";
import { createSocketMode, type SocketMode } from "./socket.ts";
import { createTriggers } from "./triggers.ts";
import { createViews } from "./views.ts";
import { createWebhooks } from "./webhook.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

export interface SlackSimulatorOptions {
  /** Default 0: a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  clock?: Clock;
  /** Decides ids, tokens and which connection gets an envelope; default 1, for a workspace in a file by chance, once. */
  seed?: number | string;
  /** Where the workspace is kept; absent: in memory. */
  file?: string | null;
  /** Slack's rate limits; default on. */
  rateLimits?: boolean;
  /** When an event that was not acknowledged is sent again; default Slack's own: at once, after 1 and after 5 minutes. */
  retryAfterMs?: readonly number[];
}

export interface SlackSimulator {
  /** Without a slash at the end. */
  url: string;
  /** For `slackApiUrl` and SLACK_API_URL; ends with `/api/`. */
  apiUrl: string;
  botToken: string;
  appToken: string;
  signingSecret: string;
  state: Workspace;
  faults: Faults;
  holds: Holds;
  /** The control surface, to be mounted under a path of another server; it is also at `${url}/control/`. */
  control: SimHandler;
  feed: Feed;
  events: SlackEvents;
  /** Socket Mode's connections; how to cut and renew them. */
  socket: SocketMode;
  /** `ana`, `UANA`. Throws for somebody unknown. */
  as(person: string): SlackPerson;
  /** Calls of the Web API, oldest first. */
  calls(method?: string): ApiCall[];
  /** Tries to deliver events, commands, interactions, oldest first. */
  deliveries(): DeliveryEntry[];
  /** Resolves when no delivery is under way. */
  quiet(): Promise<void>;
  /** From now on by HTTP to this address, after `url_verification`; null: back to Socket Mode. */
  setRequestUrl(url: string | null): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export async function createSlackSimulator(options: SlackSimulatorOptions = {}): Promise<SlackSimulator> {
  const { port = 0, host = "127.0.0.1", clock = realClock, file = null, rateLimits = true } = options;
  const store = openStore(file);
  const settings = store.collection<string>("slack.settings");
  const seed = options.seed ?? settings.get("seed") ?? (file === null ? 1 : randomUUID());
  settings.put("seed", String(seed));
  const feed = createFeed();
  const faults = createFaults();
  const holds = createHolds();
  const workspace = createWorkspace({ clock, store, feed, seed: String(seed) });
  const random = createRandom(createHash("sha256").update(String(seed)).digest().readUInt32LE());
  const secret = (purpose: string, length: number) => workspace.ids.secret(purpose).slice(0, length);
  const botToken = `xoxb-1000000000-2000000000-${secret("bot", 24)}`;
  const appToken = `xapp-1-${workspace.app.id}-3000000000-${secret("app", 48)}`;
  const signingSecret = secret("signing", 32);

  let server: SimServer | null = null;
  let requestUrl: string | null = null;
  let closed = false;
  const url = () => server?.url ?? "";
  const socket = createSocketMode({ clock, random, appId: workspace.app.id, onChange: () => feed.changed() });
  const webhooks = createWebhooks({ clock, signingSecret, url: () => requestUrl ?? "" });
  const transport: Transport = {
    send: (...args) => (requestUrl === null ? socket : webhooks).send(...args),
    ready: () => (requestUrl === null ? socket : webhooks).ready(),
    cut: () => (requestUrl === null ? socket : webhooks).cut(),
  };
  const delivery = createDelivery({
    ...{ clock, faults, holds, transport },
    pending: store.collection<Pending>("slack.pending"),
    ...(options.retryAfterMs === undefined ? {} : { retryAfterMs: options.retryAfterMs }),
  });
  const events = createEvents(workspace, delivery);
  const views = createViews(workspace);
  const triggers = createTriggers(clock, workspace.ids);
  const responseUrls = createResponseUrls({
    workspace,
    events,
    known: store.collection<ResponseUrl>("slack.response_urls"),
    base: url,
  });
  const interactions = createInteractions({ workspace, delivery, views, triggers, responseUrls });
  const context: MethodContext = {
    workspace,
    events,
    views,
    triggers,
    url,
    socketUrl: () => socket.ticket(url().replace(/^http/, "ws")),
    mode: () => (requestUrl === null ? "socket" : "http"),
  };
  const limits = rateLimits ? createRateLimits(clock) : null;
  const api = createApi({ context, faults, holds, limits, clock, botToken, appToken });

  const as = (person: string): SlackPerson => {
    const user = workspace.users.values().find((other) => other.id === person || other.name === person);
    return createPerson({ workspace, events, interactions, views, user: user?.id ?? person });
  };

  const simulator: SlackSimulator = {
    url: "",
    apiUrl: "",
    botToken,
    appToken,
    signingSecret,
    state: workspace,
    faults,
    holds,
    control: async () => null,
    feed,
    events,
    socket,
    as,
    calls: (method) => api.calls(method),
    deliveries: () => delivery.log(),
    quiet: () => delivery.quiet(),
    async setRequestUrl(next) {
      if (next !== null) await webhooks.verify(next, "simulated-verification-token");
      requestUrl = next;
      if (next !== null) socket.breakAll();
    },
    async close() {
      if (closed) return;
      closed = true;
      delivery.close();
      holds.clear();
      feed.close();
      socket.close();
      await server?.close();
      store.close();
    },
  };
  simulator.control = createSlackControl(simulator);
  const page = createSimulatorPage([{ name: "slack", title: "Slack", control: simulator.control }]);

  const listen = (onPort: number) =>
    startSimServer({
      port: onPort,
      host,
      upgrade: (request, stream, head) => socket.upgrade(request, stream, head),
      async handler(request) {
        const [, area = "", ...rest] = request.path.split("/");
        if (area === "api") return await api.handle(rest.join("/"), request);
        if (area === "control") return await simulator.control({ ...request, path: `/${rest.join("/")}` });
        if (request.path === PAGE_PATH || request.path.startsWith(`${PAGE_PATH}/`)) {
          return await page({ ...request, path: request.path.slice(PAGE_PATH.length) || "/" });
        }
        if (area === "actions" && request.method === "POST") {
          return responseUrls.take(rest[1] ?? "", await readFields(request));
        }
        if (area === "upload" && request.method === "POST") {
          const said = takeUpload(workspace, rest[1] ?? "", await uploadedBytes(request));
          return said === null ? null : { status: 200, headers: { "content-type": "text/plain" }, body: said };
        }
        return null;
      },
    });
  // A workspace in a file comes back where it was, if that is free: addresses it gave out go on working.
  const before = port === 0 ? Number(settings.get("port") ?? 0) : port;
  server = await listen(before).catch((thrown: unknown) => {
    if (port !== 0 || before === 0) throw thrown;
    return listen(0);
  });
  settings.put("port", String(server.port));
  simulator.url = server.url;
  simulator.apiUrl = `${server.url}/api/`;
  delivery.resume();
  return simulator;
}

/** The bytes themselves, or a form with one file in it: clients do either. */
async function uploadedBytes(request: Parameters<SimHandler>[0]): Promise<Buffer> {
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data") && !type.startsWith("application/x-www-form-urlencoded")) {
    return await request.body();
  }
  const fields = await readFields(request);
  const file = Object.values(fields).find((value) => Buffer.isBuffer(value)) ?? Object.values(fields)[0] ?? "";
  return Buffer.isBuffer(file) ? file : Buffer.from(String(file));
}

export type { ApiCall } from "./api.ts";
export type { Delivered, DeliveryEntry } from "./delivery.ts";
export type { Drawn, DrawnButton, DrawnView } from "./draw.ts";
export type { FieldValue, SlackPerson } from "./person.ts";
export { signSlackRequest } from "./webhook.ts";
export type { Workspace } from "./workspace.ts";
