/**
 * The one door to the backend (I9). Every public function is built with one of these; each demands the gateway's token
 * before anything else happens. What is not public is internal, and no secret travels as an argument.
 */

import type { Auth } from "convex/server";
import { customAction, customCtx, customMutation, customQuery } from "convex-helpers/server/customFunctions";
import { action, mutation, query } from "./_generated/server.js";
import { fail } from "./model/errors.ts";
import { GATEWAY_ISSUER, GATEWAY_SUBJECT } from "./model/gateway.ts";

async function demandGateway(ctx: { auth: Auth }): Promise<Record<never, never>> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity?.issuer !== GATEWAY_ISSUER || identity.subject !== GATEWAY_SUBJECT) {
    fail("unauthenticated", "only the gateway may call this backend", {
      remedy: "use the factory command or a channel; they carry the gateway's token",
    });
  }
  return {};
}

export const gatewayQuery = customQuery(query, customCtx(demandGateway));
export const gatewayMutation = customMutation(mutation, customCtx(demandGateway));
export const gatewayAction = customAction(action, customCtx(demandGateway));
