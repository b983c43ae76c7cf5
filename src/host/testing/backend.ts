/** The engine, store and executor behind one `convexTest()`. */
import type { SchemaDefinition } from "convex/server";
import { createEngine, type EmbeddedEngine, type TransactionLimits } from "../engine/index.ts";
import { defaultTransactionLimits } from "../engine/limits.ts";
import type { ComponentInstance, Deployment } from "../engine/types.ts";
import { withoutOverrides } from "../executor/global_overrides.ts";
import { InRealmExecutor } from "../executor/in_realm.ts";
import { type ModuleGlob, moduleMap } from "../executor/module_map.ts";
import { openStore } from "../store/index.ts";
import type { ComponentPath, SchemaExport, Store } from "../store/types.ts";
import { atEndOfTest } from "./cleanup.ts";
import { testTimers } from "./clock.ts";
import { MemoryFiles } from "./memory_files.ts";

// biome-ignore lint/suspicious/noExplicitAny: as convex/server exports it
type AnySchema = SchemaDefinition<any, boolean>;

interface TestBackendOptions {
  schema?: AnySchema;
  modules?: ModuleGlob;
  transactionLimits?: Partial<TransactionLimits> | boolean;
}

export class TestBackend {
  readonly executor = new InRealmExecutor();
  readonly #deployment: Deployment = { components: new Map(), crons: [], authProviders: [] };
  readonly #limits: TransactionLimits | null;
  #started: { store: Store; engine: EmbeddedEngine } | null = null;

  constructor({ schema, modules, transactionLimits = false }: TestBackendOptions) {
    this.#limits = limitsOf(transactionLimits);
    this.#addComponent("", schema, modules);
    atEndOfTest(() => this.#close());
  }

  /** Started when it is first used: all components that are registered by then are defined at once, which is most of the work. */
  get engine(): EmbeddedEngine {
    this.#started ??= this.#start();
    return this.#started.engine;
  }

  registerComponent(path: ComponentPath, schema: AnySchema, glob: ModuleGlob): void {
    this.#addComponent(path, schema, glob);
    this.#started?.store.defineComponent(path, exported(schema));
  }

  #start(): { store: Store; engine: EmbeddedEngine } {
    // Through the globals at call time, so that fake timers govern; but never through a function's own overrides.
    const now = () => withoutOverrides(() => Date.now());
    const store = openStore({ path: ":memory:", synchronous: "OFF", now });
    const engine = createEngine({
      store,
      executor: this.executor,
      deployment: this.#deployment,
      files: new MemoryFiles(),
      cloudUrl: () => "https://some-deployment.convex.cloud",
      deploymentName: "test",
      now,
      timers: testTimers,
      likeConvexTest: true,
      limits: { transaction: this.#limits, sweepMs: 0 },
    });
    void engine.start();
    return { store, engine };
  }

  #addComponent(path: ComponentPath, schema: AnySchema | undefined, glob: ModuleGlob | undefined): void {
    const { components } = this.#deployment;
    const known = components.get(path)?.children ?? {};
    components.set(path, { path, definition: path, children: known, env: {}, schema: exported(schema) });
    if (glob !== undefined) this.executor.addComponent(path, moduleMap(glob));
    if (path === "") return;
    // A component's name in the path is its name in its parent.
    const slash = path.lastIndexOf("/");
    this.#parentOf(path, slash).children[path.slice(slash + 1)] = path;
  }

  /** Tests register a nested component before or after its parent. */
  #parentOf(path: ComponentPath, slash: number): ComponentInstance {
    const parent = slash < 0 ? "" : path.slice(0, slash);
    const known = this.#deployment.components.get(parent);
    if (known !== undefined) return known;
    const created: ComponentInstance = { path: parent, definition: parent, children: {}, env: {}, schema: null };
    this.#deployment.components.set(parent, created);
    return created;
  }

  #close(): void {
    const { engine, store } = this.#started ?? {};
    void Promise.resolve(engine?.stop(0)).finally(() => {
      this.executor.close();
      store?.close();
    });
  }
}

const exports = new WeakMap<AnySchema, SchemaExport>();

function exported(schema: AnySchema | undefined): SchemaExport | null {
  if (schema === undefined) return null;
  const known = exports.get(schema);
  if (known !== undefined) return known;
  // `export()` is what `convex dev` calls; convex/server's types do not show it.
  const made = JSON.parse((schema as unknown as { export(): string }).export()) as SchemaExport;
  exports.set(schema, made);
  return made;
}

function limitsOf(option: Partial<TransactionLimits> | boolean): TransactionLimits | null {
  if (option === false) return null;
  return option === true ? defaultTransactionLimits : { ...defaultTransactionLimits, ...option };
}
