/** kill -9 under load, several times; afterwards what was acknowledged is compared with what is there. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { choosePort } from "../../src/host/ports.ts";

// biome-ignore lint/suspicious/noExplicitAny: the fixture has no generated code
const counters = (anyApi as any).counters;

export interface CrashReport {
  /** Over HTTP: a call whose answer was lost may or may not have happened, but an acknowledged one has. */
  acknowledged: number;
  sent: number;
  counted: number;
  /** Over the websocket, which asks again after a reconnect: each call happened exactly once. */
  socketSent: number;
  socketCounted: number;
  acknowledgedJobs: string[];
  recordedJobs: string[];
  integrity: string;
}

export async function crashRounds(options: { rounds: number; roundMs: number; writers: number }): Promise<CrashReport> {
  const dataDir = mkdtempSync(join(tmpdir(), "convex-crash-"));
  const port = await choosePort("127.0.0.1", 0);
  const url = `http://127.0.0.1:${port}`;
  const report: CrashReport = {
    acknowledged: 0,
    sent: 0,
    counted: 0,
    socketSent: 0,
    socketCounted: 0,
    acknowledgedJobs: [],
    recordedJobs: [],
    integrity: "",
  };
  let child = await start(dataDir, port);
  const socket = new ConvexClient(url, { logger: false });
  let socketRunning = true;
  const socketLoop = (async () => {
    while (socketRunning) {
      report.socketSent++;
      await socket.mutation(counters.add, { name: "socket", by: 1 });
    }
  })();
  try {
    for (let round = 0; round < options.rounds; round++) {
      const deadline = Date.now() + options.roundMs;
      const writers = Array.from({ length: options.writers }, (_, i) => write(url, `${round}-${i}`, deadline, report));
      await pause(options.roundMs * 0.8);
      child.kill("SIGKILL");
      await once(child, "exit");
      await Promise.all(writers);
      child = await start(dataDir, port);
    }
    socketRunning = false;
    await socketLoop;
    const http = new ConvexHttpClient(url, { logger: false });
    report.counted = await http.query(counters.get, { name: "http" });
    report.socketCounted = await http.query(counters.get, { name: "socket" });
    const missing = () => {
      const recorded = new Set(report.recordedJobs);
      return report.acknowledgedJobs.some((job) => !recorded.has(job));
    };
    for (const waiting = Date.now() + 10_000; Date.now() < waiting; await pause(100)) {
      report.recordedJobs = await recordedJobs(http);
      if (!missing()) break;
    }
    return report;
  } finally {
    socketRunning = false;
    await socket.close();
    child.kill("SIGKILL");
    await once(child, "exit");
    const db = new DatabaseSync(join(dataDir, "convex.sqlite"));
    report.integrity = String(Object.values(db.prepare("PRAGMA integrity_check").get()!)[0]);
    db.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function recordedJobs(http: ConvexHttpClient): Promise<string[]> {
  const all: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const { jobs, next } = await http.query(counters.recorded, { cursor });
    all.push(...jobs);
    if (next === null) return all;
    cursor = next;
  }
}

async function write(url: string, name: string, deadline: number, report: CrashReport): Promise<void> {
  const http = new ConvexHttpClient(url, { logger: false });
  for (let n = 0; Date.now() < deadline; n++) {
    const job = `${name}-${n}`;
    try {
      report.sent++;
      await http.mutation(counters.add, { name: "http", by: 1 });
      report.acknowledged++;
      await http.mutation(counters.schedule, { job, delayMs: (n * 37) % 400 });
      report.acknowledgedJobs.push(job);
    } catch {
      // Killed in between: whether this call happened is not known.
      await pause(20);
    }
  }
}

async function start(dataDir: string, port: number): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "crash_child.ts");
  const child = spawn(process.execPath, [script, dataDir, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`The host ended with code ${code} before it was ready`);
  });
  ended.catch(() => {});
  await Promise.race([once(child.stdout!, "data"), ended]);
  return child;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
