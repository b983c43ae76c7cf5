/**
 * Starts the simulated platforms beside the bot when FACTORY_SIMULATE says so, and the page where a person uses them.
 * Their adapters are the ordinary ones, given the simulators' addresses and tokens.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AdapterState } from "../contract/adapter.ts";
import { toErrorInfo } from "../contract/errors.ts";
import { createSimulatorPage, PAGE_PATH } from "../simulator/page.ts";
import { PLATFORMS, type SimulatedPlatform } from "../simulator/platforms.ts";
import { type Backend, functions } from "./backend.ts";
import type { Config, Env } from "./config.ts";
import type { HttpReply, HttpRequest, Routes } from "./http.ts";
import type { Logger } from "./logger.ts";

export interface Simulation {
  /** The page. */
  url: string;
  /** The variables of the simulated platforms. */
  env: Env;
  routes: Routes;
  /** A channel that is on because it is simulated is not the real one. */
  states(states: Record<string, AdapterState>): Record<string, AdapterState>;
  /** Ana and Bob exist and have their simulated accounts. Once for a data folder: who removes one of them is not contradicted. */
  introduce(backend: Backend, osUser: string): Promise<void>;
  close(): Promise<void>;
}

/** Null: nothing is to be simulated. One platform that cannot be started leaves the others. */
export async function startSimulation(options: {
  config: Config;
  env: Env;
  dataDir: string;
  /** The bot's own address. */
  http: string;
  /** Nobody looks at a page while a program talks over a pipe. */
  onPipe: boolean;
  log: Logger;
}): Promise<Simulation | null> {
  const { config, env, dataDir, http, onPipe, log } = options;
  const wanted = config.values.FACTORY_SIMULATE ?? "auto";
  const real = (variables: string[]) => variables.some((name) => (env[name]?.trim() ?? "") !== "");
  const auto = !onPipe && !PLATFORMS.some(({ variables }) => real(variables));
  if (wanted === "off" || (wanted === "auto" && !auto)) return null;

  const file = join(dataDir, "simulator.db");
  const running = new Map<string, SimulatedPlatform>();
  for (const { channel, variables, start } of PLATFORMS) {
    if (real(variables)) continue;
    try {
      running.set(channel, await start({ file, appUrl: http }));
    } catch (thrown) {
      log.error({ channel, error: toErrorInfo(thrown) }, "a platform could not be simulated");
    }
  }
  if (running.size === 0) return null;
  if (!isLocal(config.host)) {
    log.warn(
      { host: config.host },
      "whoever reaches this address may act as the simulated people; FACTORY_SIMULATE=off",
    );
  }
  const platforms = [...running.values()];
  const page = createSimulatorPage(platforms.map(({ pane }) => pane));
  const answer = async (request: HttpRequest): Promise<HttpReply> => {
    const refused = namedWrongly(request, config);
    if (refused !== null) return refused;
    const path = request.path.slice(PAGE_PATH.length) || "/";
    const { method, headers, body, url } = request;
    const reply = await page({ method, path, query: url.searchParams, headers, body });
    return reply === null
      ? { status: 404, body: { ok: false, error: "not_found" } }
      : { status: reply.status, headers: reply.headers, body: reply.body === undefined ? "" : reply.body };
  };
  return {
    url: `${http}${PAGE_PATH}`,
    env: Object.assign({}, ...platforms.map((platform) => platform.env)),
    routes: Object.fromEntries(
      [`GET ${PAGE_PATH}`, `GET ${PAGE_PATH}/*`, `POST ${PAGE_PATH}/*`].map((route) => [route, answer]),
    ),
    states: (states) =>
      Object.fromEntries(
        Object.entries(states).map(([channel, state]) => [
          channel,
          state === "on" && running.has(channel) ? "simulated" : state,
        ]),
      ),
    introduce: (backend, osUser) => introduce(backend, osUser, platforms, join(dataDir, "simulated_people.json")),
    async close() {
      await Promise.all(platforms.map((platform) => platform.close()));
    },
  };
}

const PEOPLE = ["Ana", "Bob"];

async function introduce(backend: Backend, osUser: string, platforms: SimulatedPlatform[], file: string) {
  const done = readDone(file);
  const actor = { kind: "operator", osUser, as: null, channel: "system" } as const;
  const known = await backend.query(functions.people.list, { actor });
  const taken = new Set(known.flatMap((person) => person.handles));
  const have = (name: string) => known.some((person) => person.name.toLowerCase() === name.toLowerCase());
  const handles = platforms.flatMap((platform) =>
    PEOPLE.map((name) => ({ name, handle: platform.handles[name.toLowerCase()] })),
  );
  let changed = false;
  for (const { name, handle } of handles) {
    if (handle === undefined || done.includes(handle)) continue;
    if (!have(name) && !done.includes(name)) {
      known.push(await backend.mutation(functions.people.add, { actor, name, roles: [] }));
      done.push(name);
    }
    if (have(name) && !taken.has(handle)) await backend.mutation(functions.people.link, { actor, name, handle });
    done.push(handle);
    changed = true;
  }
  if (changed) writeFileSync(file, `${JSON.stringify(done)}\n`, { mode: 0o600 });
}

function readDone(file: string): string[] {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as string[];
  } catch {
    return [];
  }
}

const isLocal = (host: string): boolean => /^(localhost|127(\.\d+){3}|::1)$/.test(host);

/** A name on the Internet that points to this machine is somebody's trick to act here from their own page. */
function namedWrongly(request: HttpRequest, config: Config): HttpReply | null {
  if (!isLocal(config.host)) return null;
  const named = String(request.headers.host ?? "")
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
  const own = config.values.PUBLIC_URL === undefined ? null : new URL(config.values.PUBLIC_URL).hostname;
  if (isLocal(named) || named === own || named === "") return null;
  return { status: 403, body: { ok: false, error: "use the address of the ready line" } };
}
