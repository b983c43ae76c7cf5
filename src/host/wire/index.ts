export type { LogLevel, WireLimits, WireOptions, WireServer } from "./options.ts";
export { createWireServer } from "./server.ts";
