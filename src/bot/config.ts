/**
 * The environment (shared names: contract.md), read once and checked as a whole, so that a typing error in one variable is
 * said at the start and not when a platform first needs it. Does not own: which platforms are complete (channels/ decides).
 */
import { existsSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import { FactoryError } from "../contract/errors.ts";
import { CHANNELS } from "../contract/handle.ts";
import { APP_DIR } from "./app_dir.ts";
import { type Env, environment } from "./environment.ts";

export { type Env, environment } from "./environment.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** One variable: how it reads, and what to write instead when it does not. */
interface Variable<T> {
  schema: z.ZodType<T, string | undefined>;
  remedy: string;
}

const empty = (text: string | undefined) => (text === undefined || text.trim() === "" ? undefined : text.trim());
const optional = <T>(schema: z.ZodType<T, string>) => z.string().optional().transform(empty).pipe(schema.optional());

const port = (standard: number): Variable<number> => ({
  schema: z
    .string()
    .optional()
    .transform((text) => empty(text) ?? String(standard))
    .pipe(
      z
        .string()
        .regex(/^\d{1,5}$/, "is not a number")
        .transform(Number)
        .pipe(z.number().max(65_535, "is above 65535")),
    ),
  remedy: "write a number from 0 to 65535; 0 picks a free port",
});

const url = (example: string): Variable<string | undefined> => ({
  schema: optional(
    z
      .url({ protocol: /^https?$/, error: "is not an http or https address" })
      .transform((text) => text.replace(/\/+$/, "")),
  ),
  remedy: `write a whole address, for example ${example}`,
});

const text: Variable<string | undefined> = { schema: optional(z.string()), remedy: "" };

const whole = (example: string): Variable<string | undefined> => ({
  schema: optional(z.string().regex(/^[1-9]\d{0,14}$/, "is not a whole number above 0")),
  remedy: `write a whole number, for example ${example}`,
});

/** What the backend cannot resolve it leaves out, so a typing error would be silence where word was wanted. */
const places: Variable<string | undefined> = {
  schema: optional(
    z.string().refine(
      (value) =>
        value
          .split(/[\s,]+/)
          .filter(Boolean)
          .every(isPlace),
      "names no place where something can be said",
    ),
  ),
  remedy: `write places such as slack:#ops, sms:+15550100, sms:ana, or one of ${CHANNELS.join(", ")}; several with a comma between them`,
};

const isPlace = (spec: string): boolean => {
  const known: readonly string[] = CHANNELS;
  const colon = spec.indexOf(":");
  return colon < 0 ? known.includes(spec) : known.includes(spec.slice(0, colon)) && colon < spec.length - 1;
};

const prices: Variable<string | undefined> = {
  schema: optional(z.string().refine(arePrices, "is not an object of models with two prices each")),
  remedy: 'write US dollars for a million tokens in and out, for example {"some/model":[3,15]}',
};

function arePrices(value: string): boolean {
  try {
    const price = z.number().nonnegative();
    return z.record(z.string(), z.tuple([price, price])).safeParse(JSON.parse(value)).success;
  } catch {
    return false;
  }
}

const folders: Variable<string | undefined> = {
  schema: optional(
    z.string().refine(
      (value) =>
        value
          .split(delimiter)
          .filter(Boolean)
          .every((folder) => isAbsolute(folder) && existsSync(folder)),
      "names a folder that is not there, or none in full",
    ),
  ),
  remedy: `write whole paths of folders that exist, with ${delimiter} between them, for example /opt/node${delimiter}/opt/jdk`,
};

const oneOf = <const T extends string>(words: readonly [T, ...T[]]): Variable<T | undefined> => ({
  schema: optional(z.enum(words, { error: `is none of ${words.join(", ")}` })),
  remedy: `write one of ${words.join(", ")}`,
});

const jwk: Variable<string | undefined> = {
  schema: optional(
    z.string().refine(isPrivateJwk, "is not an ES256 private key as JWK (kty EC, crv P-256, with x, y and d)"),
  ),
  remedy: "take the content of gateway_key.json from the data folder, or leave it out when the host is embedded",
};

function isPrivateJwk(value: string): boolean {
  try {
    const key = JSON.parse(value) as Record<string, unknown>;
    return key.kty === "EC" && key.crv === "P-256" && ["x", "y", "d"].every((part) => typeof key[part] === "string");
  } catch {
    return false;
  }
}

const VARIABLES = {
  CONVEX_URL: url("https://happy-otter-123.convex.cloud"),
  FACTORY_DATA_DIR: text,
  PORT: port(8787),
  HOST: {
    schema: z
      .string()
      .optional()
      .transform((value) => empty(value) ?? "127.0.0.1"),
    remedy: "",
  },
  BACKEND_PORT: port(3210),
  PUBLIC_URL: url("https://bot.example.com"),
  SLACK_BOT_TOKEN: text,
  SLACK_APP_TOKEN: text,
  SLACK_SIGNING_SECRET: text,
  SLACK_API_URL: url("https://slack.com/api"),
  DISCORD_TOKEN: text,
  DISCORD_API_URL: url("https://discord.com/api"),
  TWILIO_ACCOUNT_SID: text,
  TWILIO_AUTH_TOKEN: text,
  TWILIO_FROM: text,
  TWILIO_API_URL: url("https://api.twilio.com"),
  TWILIO_SEGMENTS_PER_SECOND: text,
  ANTHROPIC_API_KEY: text,
  ANTHROPIC_BASE_URL: url("https://api.anthropic.com"),
  LLM_PROXY_BASE_URL: url("https://llm.example.com/v1"),
  LLM_PROXY_API_KEY: text,
  GLOO_API_KEY: text,
  GLOO_BASE_URL: url("https://platform.ai.gloo.com"),
  FACTORY_MODEL: text,
  FACTORY_MODEL_PRICES: prices,
  FACTORY_AGENT_QUESTIONS: whole("5"),
  FACTORY_QUESTION_AGE_MS: whole("86400000"),
  GITHUB_TOKEN: text,
  GITHUB_API_URL: url("https://api.github.com"),
  FACTORY_GATEWAY_KEY: jwk,
  FACTORY_OPERATORS: places,
  FACTORY_ENGINEERING: places,
  FACTORY_SUPPORT: places,
  FACTORY_WORKSPACE: text,
  FACTORY_WORKER_READ: folders,
  FACTORY_WORKER_IMAGE: text,
  FACTORY_EMBEDDING_MODEL: text,
  FACTORY_SIMULATE: oneOf(["auto", "on", "off"]),
  LOG_LEVEL: oneOf(["debug", "info", "warn", "error"]),
} satisfies Record<string, Variable<unknown>>;

/** All but the open set HOOK_SECRET_NAME. */
export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);

type Values = { [Name in keyof typeof VARIABLES]: z.output<(typeof VARIABLES)[Name]["schema"]> };

export interface Config {
  /** null: the embedded host. */
  convexUrl: string | null;
  /** Absolute. */
  dataDir: string;
  port: number;
  host: string;
  backendPort: number;
  gatewayKey: string | null;
  /** null: not set, the mode decides. */
  logLevel: LogLevel | null;
  /** Every variable as checked, by its name. */
  values: Values;
  /** What the embedded backend may read: model, GitHub and place variables, and hook secrets; nothing else of the environment. */
  backendEnv: Record<string, string>;
  /** Values that must never be written to a log. */
  secrets: string[];
}

const BACKEND_VARIABLES =
  /^(ANTHROPIC_|LLM_PROXY_|GLOO_|GITHUB_(TOKEN|API_URL)$|FACTORY_(MODEL|MODEL_PRICES|AGENT_QUESTIONS|QUESTION_AGE_MS|EMBEDDING_MODEL|OPERATORS|ENGINEERING|SUPPORT|WORKSPACE)$|HOOK_SECRET_)/;
const SECRET_VARIABLES = /(_TOKEN|_SECRET|_KEY)$|^HOOK_SECRET_/;

/** Reads and checks; throws one `invalid_input` that lists every bad variable with its reason and remedy. */
export function readConfig(env: Env = environment()): Config {
  const problems: { name: string; reason: string; remedy: string }[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(VARIABLES)) {
    const read = variable.schema.safeParse(env[name]);
    if (read.success) values[name] = read.data;
    else problems.push({ name, reason: read.error.issues[0]?.message ?? "is not valid", remedy: variable.remedy });
  }
  if (problems.length > 0) throw invalidEnvironment(problems);
  const checked = values as Values;
  return {
    convexUrl: checked.CONVEX_URL ?? null,
    dataDir: dataDirOf(checked.FACTORY_DATA_DIR),
    port: checked.PORT,
    host: checked.HOST,
    backendPort: checked.BACKEND_PORT,
    gatewayKey: checked.FACTORY_GATEWAY_KEY ?? null,
    logLevel: checked.LOG_LEVEL ?? null,
    values: checked,
    backendEnv: pick(env, BACKEND_VARIABLES),
    secrets: Object.values(pick(env, SECRET_VARIABLES)),
  };
}

/** The default lies in the product's folder, so that a linked `factory` finds the bot from anywhere. */
function dataDirOf(value: string | undefined): string {
  if (value === undefined) return join(APP_DIR, ".factory");
  return isAbsolute(value) ? value : resolve(value);
}

function pick(env: Env, pattern: RegExp): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (pattern.test(name) && value !== undefined && value !== "") found[name] = value;
  }
  return found;
}

function invalidEnvironment(problems: { name: string; reason: string; remedy: string }[]): FactoryError {
  // The value itself is never repeated: it may be a secret in the wrong place.
  return new FactoryError("invalid_input", problems.map(({ name, reason }) => `${name} ${reason}`).join("; "), {
    field: problems.map(({ name }) => name).join(", "),
    remedy: problems.map(({ name, remedy }) => `${name}: ${remedy}`).join("; "),
  });
}
