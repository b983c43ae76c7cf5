import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { APP_DIR } from "./app_dir.ts";

export type Env = Record<string, string | undefined>;

/** The process's environment, then `.env.local`, then `.env` of the product's folder; what comes first wins. */
export function environment(real: Env = process.env, folder: string = APP_DIR): Env {
  const merged: Env = {};
  for (const name of [".env", ".env.local"]) {
    const file = join(folder, name);
    if (existsSync(file)) Object.assign(merged, parseEnv(readFileSync(file, "utf8")));
  }
  return { ...merged, ...real };
}
