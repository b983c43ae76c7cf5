/** What the embedded host alone gives: the layer below every other figure. Clients are in another process than the host. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { startBackend } from "../../src/host/backend.ts";
import { functionsDir } from "../../src/host/bundle/functions_dir.ts";
import { choosePort } from "../../src/host/ports.ts";
import { removeDataDir } from "./bot_process.ts";
import { pooled, report, reportTimes } from "./report.ts";

// biome-ignore lint/suspicious/noExplicitAny: the bench's app has no generated code
const work = (anyApi as any).work;
const makeFolder = () => mkdtempSync(join(tmpdir(), "host-bench-"));

export async function hostBench(): Promise<void> {
  for (const synchronous of ["FULL", "NORMAL"] as const) await commits(synchronous);
  await overTheWire();
  await documents();
}

/** Inside the process: what the store and the contexts give, without any client. */
async function commits(synchronous: "FULL" | "NORMAL"): Promise<void> {
  const dataDir = makeFolder();
  const backend = await startBackend({
    functionsDir: functionsDir(join(import.meta.dirname, "host_app")),
    dataDir,
    cacheDir: join(dataDir, "cache"),
    host: "127.0.0.1",
    port: await choosePort("127.0.0.1", 0),
    env: {},
    synchronous,
    instanceName: "bench",
    adminKey: "bench|key",
    log: () => {},
  });
  const { engine } = backend;
  const path = engine.parsePath("work:bump");
  const caller = { identity: null, isAdmin: false };
  for (const callers of [1, 64]) {
    const bump = (name: string) => engine.mutation(path, { name }, caller);
    for (let i = 0; i < 200; i++) await bump("warm");
    const until = performance.now() + 3_000;
    let done = 0;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: callers }, async (_, i) => {
        for (; performance.now() < until; done++) await bump(`c${i}`);
      }),
    );
    const metric = `commits_${synchronous.toLowerCase()}_${callers}_${callers === 1 ? "caller" : "callers"}`;
    report("host", metric, done / ((performance.now() - began) / 1000), "1/s");
  }
  await backend.stop(1_000);
  removeDataDir(dataDir);
}

async function overTheWire(): Promise<void> {
  const dataDir = makeFolder();
  const host = await startProcess(dataDir);
  const http = new ConvexHttpClient(host.url, { logger: false });
  const client = new ConvexClient(host.url, { logger: false });
  await times("http_query", 2_000, () => http.query(work.value, { name: "a" }));
  await times("http_mutation", 1_000, () => http.mutation(work.bump, { name: "a" }, { skipQueue: true }));
  await times("websocket_mutation", 1_000, () => client.mutation(work.bump, { name: "a" }));

  const calls = Array.from({ length: 5_000 }, (_, i) => i);
  const together = await timed(() =>
    pooled(calls, 64, async () => void (await client.mutation(work.bump, { name: "b" }))),
  );
  report("host", "one_websocket_64_at_once", calls.length / (together / 1000), "1/s");

  await mutationToSubscriber(host.url, http);
  await client.close();
  await subscriptionMemory(host);
  await host.stop();
  removeDataDir(dataDir);
}

/** From sending the mutation until another client's callback has the new value. */
async function mutationToSubscriber(url: string, http: ConvexHttpClient): Promise<void> {
  const other = new ConvexClient(url, { logger: false });
  let seen = -1;
  let heard = Promise.withResolvers<void>();
  other.onUpdate(work.value, { name: "watched" }, (value: number) => {
    seen = value;
    heard.resolve();
    heard = Promise.withResolvers();
  });
  while (seen < 0) await heard.promise;
  await times("mutation_to_subscriber", 500, async () => {
    const value = (await http.mutation(work.bump, { name: "watched" }, { skipQueue: true })) as number;
    while (seen < value) await heard.promise;
  });
  await other.close();
}

async function subscriptionMemory(host: HostProcess): Promise<void> {
  const before = host.rssKib();
  const client = new ConvexClient(host.url, { logger: false });
  const count = 4_000;
  let answered = 0;
  const all = Promise.withResolvers<void>();
  for (let i = 0; i < count; i++) {
    client.onUpdate(work.value, { name: `subscribed-${i}` }, () => {
      if (++answered === count) all.resolve();
    });
  }
  await all.promise;
  report("host", "memory_per_subscription", (host.rssKib() - before) / count, "KiB");
  await client.close();
}

async function documents(): Promise<void> {
  const dataDir = makeFolder();
  const first = await startProcess(dataDir);
  const http = new ConvexHttpClient(first.url, { logger: false });
  const add = async (from: number, count: number) => {
    for (let at = from; at < from + count; at += 100) await http.mutation(work.addRows, { from: at, count: 100 });
  };
  const took = await timed(() => add(0, 10_000));
  report("host", "inserts_5_indexes", 10_000 / (took / 1000), "1/s");
  await times("query_by_key_of_10000", 2_000, (n) => http.query(work.byKey, { key: `key-${(n * 37) % 10_000}` }));
  await times("query_20_of_10000", 1_000, (n) => http.query(work.topOfGroup, { group: (n * 37) % 100 }));
  await add(10_000, 90_000);
  await first.stop();
  const again = await startProcess(dataDir);
  report("host", "start_with_100000_documents", again.readyMs, "ms");
  const http2 = new ConvexHttpClient(again.url, { logger: false });
  report("host", "first_query_after_start", await timed(() => http2.query(work.byKey, { key: "key-99999" })), "ms");
  await again.stop();
  removeDataDir(dataDir);
}

interface HostProcess {
  url: string;
  /** From the start of the process to its answer. */
  readyMs: number;
  rssKib(): number;
  stop(): Promise<void>;
}

async function startProcess(dataDir: string): Promise<HostProcess> {
  const began = performance.now();
  const script = join(import.meta.dirname, "host_process.ts");
  const child: ChildProcess = spawn(process.execPath, [script, dataDir, "FULL"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the host ended with ${code} before it was ready`);
  });
  ended.catch(() => {});
  const [line] = (await Promise.race([once(child.stdout!, "data"), ended])) as [Buffer];
  return {
    url: line.toString().trim(),
    readyMs: performance.now() - began,
    rssKib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1] ?? Number.NaN),
    async stop() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  };
}

async function timed(body: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await body();
  return performance.now() - began;
}

async function times(metric: string, count: number, body: (n: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 50; i++) await body(i);
  const taken: number[] = [];
  for (let i = 0; i < count; i++) taken.push(await timed(() => body(i)));
  reportTimes("host", metric, taken);
}
