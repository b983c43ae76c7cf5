/** Finds the backend for a program that is not the bot: CONVEX_URL, or the bot that runs on the data folder. */
import { setTimeout as sleep } from "node:timers/promises";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import type { Backend } from "./backend.ts";
import type { Config } from "./config.ts";
import { connect } from "./connect.ts";
import { type Endpoint, isAlive, readEndpoint } from "./data_dir.ts";
import { readGatewayKey } from "./gateway_key.ts";
import { BackendUnreachable } from "./unreachable.ts";

/** A command waits for an answer at most so long; the bot itself waits for ever. */
const CALL_MS = 30_000;
/** A bot that is starting gets this long. */
const START_MS = 20_000;
const LOOK_EVERY_MS = 100;
/** A connection that is cut before anything was asked of it is made again for so long: the bot may be on its way back. */
const BACK_WITHIN_MS = 5_000;

export async function attach(config: Config): Promise<Backend> {
  const deadline = Date.now() + BACK_WITHIN_MS;
  let cut: unknown = null;
  for (;;) {
    try {
      return await attachNow(config);
    } catch (thrown) {
      // Where nobody listens at the first look, nobody is waited for.
      if (cut === null && !wasCut(thrown, config)) throw thrown;
      if (Date.now() > deadline || toErrorInfo(thrown).code !== "backend_unavailable") throw thrown;
      cut = thrown;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/** A refusal counts, too, where the bot's announcement says that it lives: it has just ended, or it does not listen again yet. */
function wasCut(thrown: unknown, config: Config): boolean {
  if (!(thrown instanceof BackendUnreachable)) return false;
  const code = (thrown.cause as { cause?: { code?: string } } | undefined)?.cause?.code ?? "";
  return CUT.has(code) || (code === "ECONNREFUSED" && config.convexUrl === null);
}
const CUT = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

async function attachNow(config: Config): Promise<Backend> {
  const url = config.convexUrl ?? (await runningBot(config.dataDir)).url!;
  const key = await readGatewayKey(config.gatewayKey, config.dataDir);
  if (key === null) {
    throw new FactoryError("unauthenticated", `there is no gateway key to call ${url} with`, {
      field: "FACTORY_GATEWAY_KEY",
      remedy: "set FACTORY_GATEWAY_KEY, or FACTORY_DATA_DIR to the folder with the bot's gateway_key.json",
    });
  }
  const isStarting = () => {
    const endpoint = config.convexUrl === null ? readEndpoint(config.dataDir) : null;
    return endpoint !== null && isAlive(endpoint.pid) && (endpoint.url ?? url) === url;
  };
  return await connect({ url, dataDir: folderOf(config), token: key.token, timeoutMs: CALL_MS, isStarting });
}

/** By what a person knows the backend, for errors: with CONVEX_URL it is not the data folder's. */
export const folderOf = ({ convexUrl, dataDir }: Pick<Config, "convexUrl" | "dataDir">): string | null =>
  convexUrl === null ? dataDir : null;

/** The running bot's announcement, with its url. Throws `backend_unavailable` when none runs. */
export async function runningBot(dataDir: string): Promise<Endpoint> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const endpoint = readEndpoint(dataDir);
    if (endpoint === null || !isAlive(endpoint.pid)) throw noBot(dataDir);
    if (endpoint.url !== null) return endpoint;
    if (Date.now() > deadline) {
      throw new FactoryError("backend_unavailable", `the bot (pid ${endpoint.pid}) does not finish starting`, {
        field: "FACTORY_DATA_DIR",
        remedy: "look into its log, stop it and start it again",
      });
    }
    await sleep(LOOK_EVERY_MS);
  }
}

const noBot = (dataDir: string) =>
  new FactoryError("backend_unavailable", `no bot runs on the data folder ${dataDir}`, {
    field: "FACTORY_DATA_DIR",
    remedy: "start it with `npm start`, set FACTORY_DATA_DIR to the folder of one that runs, or set CONVEX_URL",
  });
