/** An engine on a database file of its own, for the host's own tests: it can be "killed" and opened again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SchemaDefinition } from "convex/server";
import { onTestFinished } from "vitest";
import { createEngine, type EmbeddedEngine, type EngineOptions } from "../engine/index.ts";
import type { Caller, ComponentInstance, CronSpec } from "../engine/types.ts";
import { InRealmExecutor } from "../executor/in_realm.ts";
import { openStore } from "../store/index.ts";
import type { ComponentPath, JsonObject, SchemaExport, Store } from "../store/types.ts";
import { MemoryFiles } from "./memory_files.ts";

export interface TestComponent {
  modules: Record<string, Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: any schema will do
  schema?: SchemaDefinition<any, boolean>;
  children?: Record<string, ComponentPath>;
}

export interface Harness {
  engine: EmbeddedEngine;
  store: Store;
  /** As an admin, arguments and result plain JSON. */
  run(path: string, args?: JsonObject, caller?: Partial<Caller>): Promise<unknown>;
  /** As the process dies: nothing is awaited, what was not committed is lost. */
  kill(): void;
}

export type HarnessOptions = Partial<EngineOptions> & {
  /** Default: a new temporary folder, removed after the test. */
  file?: string;
  crons?: CronSpec[];
};

export function temporaryFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "engine-test-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, "data.sqlite");
}

export function openHarness(components: Record<ComponentPath, TestComponent>, options: HarnessOptions = {}): Harness {
  const { file = temporaryFile(), crons = [], ...engineOptions } = options;
  const store = openStore({ path: file, synchronous: "OFF", now: options.now });
  const executor = new InRealmExecutor();
  const instances = new Map<ComponentPath, ComponentInstance>();
  for (const [path, { modules, schema, children = {} }] of Object.entries(components)) {
    executor.addComponent(path, async (name) => modules[name] ?? null);
    instances.set(path, { path, definition: path, children, env: {}, schema: exported(schema) });
  }
  const deployment = { components: instances, crons, authProviders: [] };
  const files = new MemoryFiles();
  const engine = createEngine({ store, executor, deployment, files, limits: { sweepMs: 0 }, ...engineOptions });
  const kill = () => {
    engine.scheduler.stop();
    store.close();
  };
  onTestFinished(kill);
  return {
    engine,
    store,
    kill,
    run: async (path, args = {}, caller = {}) => {
      const [component, udf] = path.includes(";") ? (path.split(";") as [string, string]) : ["", path];
      const target = engine.parsePath(udf, component);
      const { value } = await engine.any(target, args, { identity: null, isAdmin: true, ...caller });
      return JSON.parse(value);
    },
  };
}

function exported(schema: TestComponent["schema"]): SchemaExport | null {
  return schema === undefined
    ? null
    : (JSON.parse((schema as unknown as { export(): string }).export()) as SchemaExport);
}
