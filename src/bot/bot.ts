/** Puts the bot together: data folder, backend, owner, definitions, HTTP, channels. Starting is all or nothing. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChannelSetup, channels } from "../../channels/index.ts";
import type { AdapterState } from "../contract/adapter.ts";
import { type ErrorInfo, toErrorInfo } from "../contract/errors.ts";
import { CHANNELS } from "../contract/handle.ts";
import type { HostThread } from "../host/index.ts";
import { type Backend, functions, within } from "./backend.ts";
import { installBuiltins } from "./builtins.ts";
import { startCommandRunner } from "./command_runner.ts";
import type { Config, Env } from "./config.ts";
import { connect } from "./connect.ts";
import { type DataDir, gatewayIdOf, takeDataDir } from "./data_dir.ts";
import { type EmbeddedHost, startEmbedded } from "./embedded.ts";
import { openWorkshop } from "./executor/open.ts";
import { workersFolder } from "./executor/workshop.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { ensureGatewayKey } from "./gateway_key.ts";
import { hookRoutes } from "./hooks.ts";
import { type HttpReply, type HttpServer, type Routes, startHttp } from "./http.ts";
import { createLivePage } from "./live.ts";
import type { BotLogger } from "./logger.ts";
import { findMachine } from "./machine.ts";
import { modelName } from "./model_name.ts";
import type { Route } from "./outbox_pump.ts";
import { startSimulation } from "./simulator.ts";
import { webhookRoutes } from "./webhooks.ts";

export interface BotOptions {
  config: Config;
  env: Env;
  osUser: string;
  /** The embedded host's thread, when it has begun to load. */
  prepared: HostThread | null;
  /** Absent: no terminal channel. */
  terminal: Omit<NonNullable<ChannelSetup["terminal"]>, "user" | "historyFile"> | null;
  logger: BotLogger;
  /** What is being done now, for a person who waits; null: the waiting is over. */
  progress(step: string | null): void;
}

export interface Bot {
  backend: Backend;
  gateway: Gateway;
  http: string;
  /** The page of the simulated platforms; null: none is simulated. */
  simulator: string | null;
  channels: Record<string, AdapterState>;
  /** Resolves with the reason when the backend inside this process ended by itself. */
  failed: Promise<unknown>;
  /** Idempotent; takes what is left of `timeoutMs` for the host at the end. */
  stop(timeoutMs: number): Promise<void>;
}

const HEALTH_MS = 2_000;
/** Until the embedded backend's thread has been told all it needs. */
const BACKEND_FIRST_MS = 10;
/** Left for the host when all else took long: it only has to close its database. */
const LEAST_HOST_STOP_MS = 1_000;

export async function startBot(options: BotOptions): Promise<Bot> {
  const { config, env, osUser, logger, progress } = options;
  const { log } = logger;
  const undo: ((deadline: number) => unknown)[] = [];
  const unwind = async (timeoutMs: number) => {
    const deadline = Date.now() + timeoutMs;
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) {
      await Promise.resolve(step(deadline)).catch((thrown: unknown) => {
        log.warn({ error: toErrorInfo(thrown) }, "something could not be stopped cleanly");
      });
    }
  };
  try {
    const dataDir: DataDir = await takeDataDir(config.dataDir);
    undo.push(() => dataDir.release());
    const key = await ensureGatewayKey(config.gatewayKey, dataDir.path);
    logger.hide(key.secret);

    // The port before the backend: it is what most often goes wrong, and it costs nothing to find out.
    const health: { look(): Promise<HttpReply> } = { look: async () => notReady };
    const httpRoutes: Routes = { "GET /healthz": () => health.look() };
    const http: HttpServer = await startHttp({ port: config.port, host: config.host, log, routes: httpRoutes });
    undo.push(() => http.stop());

    // Beside the start of the backend, because a sandbox that does not answer takes its time; but after its beginning, because making
    // processes holds this thread.
    const looking = sleep(BACKEND_FIRST_MS).then(() =>
      findMachine({
        workspace: config.values.FACTORY_WORKSPACE,
        ...(config.values.FACTORY_WORKSPACE === undefined ? {} : { folder: workersFolder(config.dataDir) }),
      }),
    );
    let host: EmbeddedHost | null = null;
    if (config.convexUrl === null) {
      progress("starting the embedded backend");
      host = await startEmbedded(config, dataDir.backend, key, log, progress, options.prepared);
      const started = host;
      undo.push((deadline) => started.stop(Math.max(LEAST_HOST_STOP_MS, deadline - Date.now())));
    }
    const url = host?.url ?? config.convexUrl!;
    progress("connecting");
    const backend = await connect({
      url,
      dataDir: host === null ? null : config.dataDir,
      isUp: host !== null,
      token: key.token,
      timeoutMs: null,
      log: (level, text) => log[level]({ from: "client" }, text),
    });
    undo.push(() => backend.close());

    progress("preparing");
    await backend.mutation(functions.system.ensureOwner, { osUser });
    const gatewayId = gatewayIdOf(dataDir.path);
    // Before the definitions: what they may name depends on it.
    const machine = await looking;
    const { sandboxes, workspace } = machine;
    await backend.mutation(functions.profiles.announce, { gatewayId, sandboxes, workspace });
    await installBuiltins(backend, { kind: "operator", osUser, as: null, channel: "system" }, log);

    const onPipe = options.terminal !== null && !options.terminal.interactive;
    const simulation = await startSimulation({ config, env, dataDir: dataDir.path, http: http.url, onPipe, log });
    if (simulation !== null) {
      // The page's open connections end here, so that the HTTP server need not wait for them.
      undo.push(() => simulation.close());
      Object.assign(httpRoutes, simulation.routes);
      await simulation.introduce(backend, osUser);
      if (options.terminal?.interactive === true)
        options.terminal.greeting.splice(-1, 0, `Try it as Ana or Bob on simulated platforms: ${simulation.url}`);
    }

    progress(null);
    const { routes, states, refused } = await openChannels(options, dataDir.path, { ...env, ...simulation?.env });
    Object.assign(httpRoutes, hookRoutes({ backend, env }));
    Object.assign(httpRoutes, webhookRoutes(routes.map(({ adapter }) => adapter)));
    const live = createLivePage({ backend, secret: key.secret, log });
    undo.push(() => live.close());
    Object.assign(httpRoutes, live.routes);
    const gateway = await startGateway({ backend, gatewayId, routes, refused, log });
    undo.push(() => gateway.stop());
    const workshop = openWorkshop(config, machine, log);
    if (workshop !== null) {
      const commands = await startCommandRunner({ backend, gatewayId, workshop, log });
      undo.push(() => commands.stop());
    }
    const channelStates = () => {
      const all = { ...states, ...gateway.states() };
      return simulation === null ? all : simulation.states(all);
    };
    health.look = () => lookAtHealth(backend, channelStates(), gateway.failures());
    const simulator = simulation?.url ?? null;
    dataDir.publish({ url, http: http.url, simulator, model: modelName(config) });
    return {
      backend,
      gateway,
      http: http.url,
      simulator,
      channels: channelStates(),
      failed: host === null ? new Promise(() => {}) : host.exited.then(({ error }) => error),
      stop: unwind,
    };
  } catch (thrown) {
    await unwind(5_000);
    throw thrown;
  }
}

async function openChannels(options: BotOptions, dataDir: string, env: Env) {
  const { terminal, osUser, logger } = options;
  const setup: ChannelSetup = {
    env,
    dataDir,
    log: (level, message, about) => logger.log[level](about ?? {}, message),
    terminal:
      terminal === null
        ? null
        : { ...terminal, user: osUser, historyFile: terminal.interactive ? join(dataDir, "history") : null },
  };
  const routes: Route[] = [];
  const states: Record<string, AdapterState> = {};
  const refused: Record<string, ErrorInfo> = {};
  for (const name of CHANNELS) {
    const channel = await channels[name](setup);
    states[name] = channel.state === "refused" ? "failed" : "off";
    if (channel.state === "refused") {
      refused[name] = channel.error;
      logger.log.error({ channel: name, error: channel.error }, channel.error.message);
    }
    if (channel.state === "ready") routes.push({ channel: name, adapter: channel.adapter });
  }
  return { routes, states, refused };
}

const notReady: HttpReply = { status: 503, body: { ok: false, why: ["the bot is still starting"] } };

async function lookAtHealth(
  backend: Backend,
  states: Record<string, AdapterState>,
  failures: Record<string, ErrorInfo>,
): Promise<HttpReply> {
  const why: string[] = [];
  try {
    await within(HEALTH_MS, backend.query(functions.system.ping, {}), backend);
  } catch (thrown) {
    why.push(toErrorInfo(thrown).message);
  }
  for (const [channel, state] of Object.entries(states))
    if (state === "failed") {
      const { message, remedy = null } = failures[channel] ?? {};
      const reasons = [message, remedy].filter((part) => part != null).join("; ");
      why.push(`${channel} is not connected${reasons === "" ? "" : `: ${reasons}`}`);
    }
  const ok = why.length === 0;
  return { status: ok ? 200 : 503, body: { ok, backend: backend.url, channels: states, ...(ok ? {} : { why }) } };
}
