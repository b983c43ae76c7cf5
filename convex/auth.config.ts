import { GATEWAY_AUDIENCE, GATEWAY_ISSUER } from "./model/gateway.ts";

/**
 * The only identity this deployment knows: the gateway, which signs its own short-lived tokens.
 * The public half of its key is a data URI in `FACTORY_GATEWAY_JWKS`, so verification needs no network.
 */
export default {
  providers: [
    {
      type: "customJwt" as const,
      issuer: GATEWAY_ISSUER,
      applicationID: GATEWAY_AUDIENCE,
      jwks: process.env.FACTORY_GATEWAY_JWKS ?? "",
      algorithm: "ES256" as const,
    },
  ],
};
