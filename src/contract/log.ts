/** What an adapter has to say about itself. */
export type Level = "debug" | "info" | "warn" | "error";
export type Log = (level: Level, message: string, about?: Record<string, unknown>) => void;
