import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { FactoryError } from "../contract/errors.ts";
import { environment, readConfig, VARIABLE_NAMES } from "./config.ts";

function failure(env: Record<string, string>) {
  try {
    readConfig(env);
  } catch (thrown) {
    if (thrown instanceof FactoryError) return thrown.info;
    throw thrown;
  }
  throw new Error("no failure");
}

test("an empty environment gives the documented defaults", () => {
  const config = readConfig({});
  expect(config).toMatchObject({ convexUrl: null, port: 8787, host: "127.0.0.1", backendPort: 3210, logLevel: null });
  expect(config.dataDir.endsWith("/.factory")).toBe(true);
});

test("an empty value counts as absent", () => {
  expect(readConfig({ CONVEX_URL: "", PORT: " ", LOG_LEVEL: "" })).toMatchObject({ convexUrl: null, port: 8787 });
});

test("each bad variable is named with its reason and remedy, all at once", () => {
  const info = failure({ PORT: "99999", LOG_LEVEL: "loud", CONVEX_URL: "ftp://x", FACTORY_GATEWAY_KEY: "{}" });
  expect(info.code).toBe("invalid_input");
  expect(info.field).toBe("CONVEX_URL, PORT, FACTORY_GATEWAY_KEY, LOG_LEVEL");
  expect(info.message).toContain("PORT is above 65535");
  expect(info.message).toContain("LOG_LEVEL is none of debug, info, warn, error");
  expect(info.remedy).toContain("PORT: write a number from 0 to 65535");
});

test.each([
  ["FACTORY_OPERATORS", "nonsense", "slack:#ops, terminal sms:ana"],
  ["FACTORY_ENGINEERING", "slack:#x,foo", "slack:#x"],
  ["FACTORY_SUPPORT", "slack:", "discord:123"],
  ["FACTORY_MODEL_PRICES", '{"a":[3]}', '{"a":[3,15],"b/c":[0,0.5]}'],
  ["FACTORY_WORKER_READ", "opt/node", tmpdir()],
  ["FACTORY_WORKER_READ", join(tmpdir(), "not", "there"), `${tmpdir()}:${tmpdir()}`],
])("%s=%s is refused, %s is not", (name, bad, good) => {
  expect(failure({ [name]: bad }).field).toBe(name);
  expect(() => readConfig({ [name]: good })).not.toThrow();
});

test("a bad value is not repeated, it may be a secret in the wrong place", () => {
  const info = failure({ FACTORY_GATEWAY_KEY: "sk-very-secret" });
  expect(JSON.stringify(info)).not.toContain("sk-very-secret");
});

test("the backend gets model, GitHub and place variables only", () => {
  const { backendEnv } = readConfig({
    ANTHROPIC_API_KEY: "a",
    FACTORY_OPERATORS: "terminal",
    SLACK_BOT_TOKEN: "s",
    HOME: "/root",
    HOOK_SECRET_GIT: "h",
  });
  expect(backendEnv).toEqual({ ANTHROPIC_API_KEY: "a", FACTORY_OPERATORS: "terminal", HOOK_SECRET_GIT: "h" });
});

test(".env.local wins over .env, the real environment over both", () => {
  const folder = mkdtempSync(join(tmpdir(), "env-"));
  try {
    writeFileSync(join(folder, ".env"), "PORT=1\nHOST=a\nLOG_LEVEL=debug\n");
    writeFileSync(join(folder, ".env.local"), "PORT=2\nHOST=b\n");
    expect(environment({ PORT: "3" }, folder)).toMatchObject({ PORT: "3", HOST: "b", LOG_LEVEL: "debug" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test(".env.example names every variable, reads well as it is, and changes no default", () => {
  const example = parseEnv(readFileSync(join(import.meta.dirname, "..", "..", ".env.example"), "utf8"));
  expect(Object.keys(example).sort()).toEqual([...VARIABLE_NAMES].sort());
  const { values, ...rest } = readConfig(example);
  const { values: _standard, ...standard } = readConfig({});
  expect(rest).toEqual(standard);
  expect(values.FACTORY_SIMULATE).toBe("auto");
});
