/** `factory live`: the address of the running bot's live page, with the token that it needs. */
import type { Command } from "commander";
import { isAlive, readEndpoint } from "../bot/data_dir.ts";
import { readGatewayKey } from "../bot/gateway_key.ts";
import { liveAddress } from "../bot/live.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Act } from "./act.ts";

export function liveCommand(program: Command, act: Act): void {
  program
    .command("live")
    .description("print the address of the page that shows runs, questions and deliveries as they are")
    .action(
      act(async (context) => {
        const { dataDir, gatewayKey } = context.config();
        const endpoint = readEndpoint(dataDir);
        const http = endpoint !== null && isAlive(endpoint.pid) ? endpoint.http : null;
        const key = await readGatewayKey(gatewayKey, dataDir);
        if (http === null || key === null) {
          throw new FactoryError("backend_unavailable", `no bot runs on ${dataDir}`, { remedy: "npm start" });
        }
        const url = liveAddress(http, key.secret);
        context.out.result({ url }, () => url);
      }),
    );
}
