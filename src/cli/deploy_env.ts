/** `factory deploy-env`: the lines that give a Convex deployment what the embedded host gets from the bot. */
import type { Command } from "commander";
import { makeDataDir } from "../bot/data_dir.ts";
import { ensureGatewayKey } from "../bot/gateway_key.ts";
import type { Act } from "./act.ts";

export function deployEnvCommand(program: Command, act: Act): void {
  program
    .command("deploy-env")
    .description("print the `npx convex env set` lines for a deployment")
    .action(
      act(async (context) => {
        const config = context.config();
        makeDataDir(config.dataDir);
        const key = await ensureGatewayKey(config.gatewayKey, config.dataDir);
        const variables = { FACTORY_GATEWAY_JWKS: key.jwks, ...config.backendEnv };
        context.out.result(variables, () =>
          Object.entries(variables)
            .map(([name, value]) => `npx convex env set ${name} ${quote(value)}`)
            .join("\n"),
        );
      }),
    );
}

/** For a POSIX shell. */
const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;
