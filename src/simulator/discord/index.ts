/** Discord as a server on this machine, spoken to by the real discord.js. See ../README.md. */
import { type Clock, realClock } from "../clock.ts";
import { createFaults, type Faults } from "../faults.ts";
import { createFeed, type Feed } from "../feed.ts";
import { createHolds, type Holds } from "../holds.ts";
import { type SimHandler, startSimServer } from "../http.ts";
import { createSimulatorPage, PAGE_PATH } from "../page.ts";
import { openStore } from "../store.ts";
import { createDiscordControl } from "./control.ts";
import { createGateway, type Gateway } from "./gateway.ts";
import { createInteractions, type Interactions } from "./interactions.ts";
import { createPerson, type DiscordPerson } from "./person.ts";
import { createRateLimits, LIMITS, type Limit } from "./rate_limits.ts";
import { createRest, type Seen } from "./rest.ts";
import type { BodyCheck } from "./rest_route.ts";
import { TOKEN } from "./seed.ts";
import { DiscordError } from "./types.ts";
import { createWorld, type World } from "./world.ts";

export interface DiscordSimulatorOptions {
  /** Default 0: a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  clock?: Clock;
  /** Decides tokens and session ids. */
  seed?: number | string;
  /** Where everything is kept; absent: in memory. */
  file?: string | null;
  /** Default Discord's own; false: none are counted. */
  rateLimits?: Record<string, Limit> | false;
  /** Checks every body against the published specification; absent: only the limits that the specification leaves out. */
  check?: BodyCheck;
  /** How many shards Discord asks for. */
  shards?: number;
  heartbeatMs?: number;
}

export interface DiscordSimulator {
  /** Without a slash at the end. */
  url: string;
  /** For `rest.api` and DISCORD_API_URL. */
  apiUrl: string;
  token: string;
  world: World;
  faults: Faults;
  holds: Holds;
  gateway: Gateway;
  interactions: Interactions;
  /** The control surface, to be mounted under a path of another server; it is also at `${url}/control/`. */
  control: SimHandler;
  feed: Feed;
  /** `ana` or an id. Throws for somebody unknown. */
  as(person: string): DiscordPerson;
  /** Calls of the REST API, oldest first. */
  calls(name?: string): Seen[];
  close(): Promise<void>;
}

export async function createDiscordSimulator(options: DiscordSimulatorOptions = {}): Promise<DiscordSimulator> {
  const { port = 0, host = "127.0.0.1", clock = realClock, seed = 1, file = null, shards = 1 } = options;
  const store = openStore(file);
  const feed = createFeed();
  const faults = createFaults();
  const holds = createHolds();
  let gateway: Gateway | null = null;
  let url = "";
  const world = createWorld({
    clock,
    store,
    seed: String(seed),
    heard(change) {
      gateway?.hear(change);
      feed.changed();
    },
  });
  const interactions = createInteractions(world);
  const gatewayUrl = () => `${url.replace(/^http/, "ws")}/gateway`;
  const { heartbeatMs } = options;
  gateway = createGateway({
    world,
    faults,
    holds,
    token: TOKEN,
    shards: () => shards,
    url: gatewayUrl,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  });
  const rest = createRest({
    world,
    interactions,
    token: TOKEN,
    gatewayUrl,
    shards: () => shards,
    faults,
    holds,
    rateLimits: options.rateLimits === false ? null : createRateLimits(clock, options.rateLimits ?? LIMITS),
    check: options.check ?? null,
  });
  const modals = new Map<string, string>();
  const simulator: DiscordSimulator = {
    url: "",
    apiUrl: "",
    token: TOKEN,
    world,
    faults,
    holds,
    gateway,
    interactions,
    control: async () => null,
    feed,
    as(person) {
      const user = world.users.values().find((one) => one.id === person || one.username === person);
      if (user === undefined || user.id === world.app.id) throw new DiscordError(404, 10013, `nobody is "${person}"`);
      return createPerson({ world, interactions, user: user.id, modals });
    },
    calls: (name) => rest.seen.filter((call) => name === undefined || call.name === name),
    close: async () => {},
  };
  simulator.control = createDiscordControl(simulator);
  const page = createSimulatorPage([{ name: "discord", title: "Discord", control: simulator.control }]);
  const server = await startSimServer({
    port,
    host,
    upgrade(request, socket, head) {
      if (!/^\/gateway\/?(\?|$)/.test(request.url ?? "")) return false;
      gateway.upgrade(request, socket, head);
      return true;
    },
    async handler(request) {
      if (request.path.startsWith("/api/")) return await rest.handle({ ...request, path: request.path.slice(4) });
      if (request.path.startsWith("/control/"))
        return await simulator.control({ ...request, path: request.path.slice(8) });
      if (`${request.path}/`.startsWith(`${PAGE_PATH}/`))
        return await page({ ...request, path: request.path.slice(PAGE_PATH.length) || "/" });
      return null;
    },
  });
  url = server.url;
  simulator.url = url;
  simulator.apiUrl = `${url}/api`;
  simulator.close = async () => {
    holds.clear();
    gateway.close();
    feed.close();
    await server.close();
    store.close();
  };
  return simulator;
}

export type { Drawn, DrawnModal } from "./draw.ts";
export type { DiscordPerson, Outcome } from "./person.ts";
export type { Seen } from "./rest.ts";
export type { BodyCheck } from "./rest_route.ts";
export type { World } from "./world.ts";
