/** Finds the backend for a program that is not the bot: CONVEX_URL, or the bot that runs on the data folder. */
import { setTimeout as sleep } from "node:timers/promises";
import { FactoryError } from "../contract/errors.ts";
import type { Backend } from "./backend.ts";
import type { Config } from "./config.ts";
import { connect } from "./connect.ts";
import { type Endpoint, isAlive, readEndpoint } from "./data_dir.ts";
import { readGatewayKey } from "./gateway_key.ts";

/** A command waits for an answer at most so long; the bot itself waits for ever. */
const CALL_MS = 30_000;
/** A bot that is starting gets this long. */
const START_MS = 20_000;
const LOOK_EVERY_MS = 100;

export async function attach(config: Config): Promise<Backend> {
  const url = config.convexUrl ?? (await runningBot(config.dataDir)).url!;
  const key = await readGatewayKey(config.gatewayKey, config.dataDir);
  if (key === null) {
    throw new FactoryError("unauthenticated", `there is no gateway key to call ${url} with`, {
      field: "FACTORY_GATEWAY_KEY",
      remedy: "set FACTORY_GATEWAY_KEY, or FACTORY_DATA_DIR to the folder with the bot's gateway_key.json",
    });
  }
  return await connect({ url, token: key.token, timeoutMs: CALL_MS });
}

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
