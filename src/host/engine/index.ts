/** The engine: functions, transactions, syscalls. */

export { formatHandle, parseHandle, parsePath, pathKey, udfPath } from "./address.ts";
export { createEngine, EmbeddedEngine } from "./engine.ts";
export { CallError, EngineError } from "./errors.ts";
export { defaultTransactionLimits, type TransactionLimits } from "./limits.ts";
export type { EngineLimits, EngineOptions, LogEntry, Timers } from "./options.ts";
