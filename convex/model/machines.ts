/** Machines of gateways, as they announced themselves: for how long work waits for one. */
import type { QueryCtx } from "../_generated/server.js";
import { canRunCommands } from "./functions.ts";
import { livingGateways } from "./gateways.ts";

const MAX_MACHINES = 100;
/** Nobody is there who could take it. */
export const UNTAKEN_MS = 60_000;
/** Somebody is, and has its hands full: a few long commands take every place there is. */
const QUEUED_MS = 60 * 60_000;

/** Since it was made. `sandbox` null: any. */
export async function patienceForMachine(ctx: QueryCtx, sandbox: string | null): Promise<number> {
  const living = new Set((await livingGateways(ctx, Date.now())).map(({ gatewayId }) => gatewayId));
  const machines = (await ctx.db.query("machines").take(MAX_MACHINES)).filter(
    ({ gatewayId, sandboxes }) => living.has(gatewayId) && (sandbox === null || sandboxes.includes(sandbox)),
  );
  return canRunCommands(machines) ? QUEUED_MS : UNTAKEN_MS;
}
