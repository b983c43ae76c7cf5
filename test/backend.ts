/// <reference types="vite/client" />
/**
 * The real backend functions in this process, on the embedded host's engine (real SQLite) with the product's components. For tests in the `edge-runtime`
 * environment (`// @vitest-environment edge-runtime` as the file's first line). What needs the wire or a restart belongs to test/e2e.
 */
import agent from "@convex-dev/agent/test";
import workflow from "@convex-dev/workflow/test";
import { vi } from "vitest";
import { GATEWAY_ISSUER, GATEWAY_SUBJECT } from "../convex/model/gateway.ts";
import schema from "../convex/schema.ts";
import { convexTest, type TestConvex } from "../src/host/testing/convex_test.ts";

const modules = import.meta.glob([
  "../convex/**/*.{ts,js}",
  "!../convex/**/*.test.ts",
  "!../convex/**/*.test-support.ts",
]);

export function createBackend() {
  // What Convex would refuse is refused here too.
  const anonymous: TestConvex<typeof schema> = convexTest({ schema, modules, transactionLimits: true });
  agent.register(anonymous);
  workflow.register(anonymous);
  /** Calls as the gateway does, with its verified token. */
  const gateway = anonymous.withIdentity({ issuer: GATEWAY_ISSUER, subject: GATEWAY_SUBJECT });
  return { anonymous, gateway };
}

export type Backend = ReturnType<typeof createBackend>;

/** Lets scheduled functions run (real timers) until `done` says so; fails after `limitMs`, naming what it waited for. */
export async function until(what: string, done: () => Promise<boolean>, limitMs = 30_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await done())) {
    if (Date.now() > end) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const realTimeout = globalThis.setTimeout;

/**
 * The same under vitest's fake timers: time passes in short steps, so that streams, heartbeats and leases interleave as they would, with
 * real pauses between, in which modules load.
 */
export async function passUntil(what: string, done: () => Promise<boolean>, limitMs = 120_000): Promise<void> {
  for (let passed = 0; passed < limitMs; passed += 50) {
    if (await done()) return;
    await vi.advanceTimersByTimeAsync(50);
    await new Promise((resolve) => realTimeout(resolve, 1));
  }
  throw new Error(`still not: ${what}`);
}
