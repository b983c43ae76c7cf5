/** The gateway's identity as its tokens state it. `.invalid` can never be somebody's real issuer. */
export const GATEWAY_ISSUER = "https://factory.invalid/gateway";
export const GATEWAY_SUBJECT = "gateway";
export const GATEWAY_AUDIENCE = "factory";
