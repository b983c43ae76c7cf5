/** What every command shares: who acts, how to print, and the backend, connected when a command first needs it. */

import { attach } from "../bot/attach.ts";
import { type Backend, functions } from "../bot/backend.ts";
import { type Config, type Env, readConfig } from "../bot/config.ts";
import type { Actor } from "../contract/actor.ts";
import { FactoryError } from "../contract/errors.ts";
import { nothingCounted, tellingWhatCounted } from "./counted.ts";
import type { Format, Output } from "./output.ts";

export interface Context {
  readonly out: Output;
  readonly env: Env;
  readonly osUser: string;
  /** `--as PERSON`; null: the operator acts for themself. */
  readonly as: string | null;
  actor(): Actor;
  config(): Config;
  /** Fails when `--as` names nobody: also a command that only reads is refused what it could not have done. */
  backend(): Promise<Backend>;
  /** The exit code, when a command that did not fail ends with another than 0. */
  exit(code: number): void;
  close(): Promise<void>;
  readonly exitCode: number;
}

export function createContext(options: { out: Output; env: Env; osUser: string; as: string | null }): Context {
  const { out, env, osUser, as } = options;
  let config: Config | null = null;
  let backend: Promise<Backend> | null = null;
  let attached: Backend | null = null;
  let exitCode = 0;
  const readOnce = () => {
    config ??= readConfig(env);
    return config;
  };
  const actor = (): Actor => ({ kind: "operator", osUser, as, channel: "cli" });
  return {
    out,
    env,
    osUser,
    as,
    actor,
    config: readOnce,
    backend() {
      backend ??= attach(readOnce())
        .then(async (open) => {
          attached = open;
          if (as !== null) await open.query(functions.people.acting, { actor: actor() });
          return tellingWhatCounted(open);
        })
        .catch((thrown: unknown) => {
          throw nothingCounted(thrown);
        });
      return backend;
    },
    exit(code) {
      exitCode = code;
    },
    async close() {
      // A connection that failed has nothing to close.
      await backend?.catch(() => {});
      await attached?.close().catch(() => {});
    },
    get exitCode() {
      return exitCode;
    },
  };
}

export function formatOf(value: string | undefined): Format {
  if (value === undefined || value === "text") return "text";
  if (value === "json") return "json";
  throw new FactoryError("invalid_input", `"${value}" is not an output format`, {
    field: "--format",
    remedy: "use --format json, or leave it out",
  });
}
