/** The real bot as a child process on a folder of its own, and what the system says about it (memory, processor time, disk). */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { readGatewayKey } from "../../src/bot/gateway_key.ts";

export interface Bot {
  dataDir: string;
  url: string;
  client: ConvexHttpClient;
  /** From the start of the process to its ready line. */
  readyMs: number;
  pid: number;
  /** SIGKILL, and waits until the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  rssKib(): number;
  /** Processor time used so far, user and system, ms. */
  cpuMs(): number;
}

export const makeDataDir = (): string => mkdtempSync(join(tmpdir(), "factory-bench-"));
export const removeDataDir = (path: string): void => rmSync(path, { recursive: true, force: true });

export async function startBot(dataDir: string): Promise<Bot> {
  const started = performance.now();
  const child = spawn(process.execPath, ["src/bot/main.mjs", "--headless"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      FACTORY_DATA_DIR: dataDir,
      PORT: "0",
      BACKEND_PORT: "0",
      FACTORY_SIMULATE: "off",
      LOG_LEVEL: "warn",
    },
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors = (errors + chunk).slice(-4000);
  });
  const ready = await readyLine(child, () => errors);
  const readyMs = performance.now() - started;
  const key = await readGatewayKey(null, dataDir);
  if (key === null) throw new Error(`no gateway key in ${dataDir}`);
  const client = new ConvexHttpClient(ready.backend, { skipConvexDeploymentUrlCheck: true, logger: false });
  client.setAuth(await key.token());
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  const pid = child.pid!;
  return {
    dataDir,
    url: ready.backend,
    client,
    readyMs,
    pid,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    rssKib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN),
    cpuMs: () => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // Fields 14 and 15 of the whole line are user and system time in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
  };
}

function readyLine(child: ChildProcess, errors: () => string): Promise<{ backend: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk;
      for (const line of text.split("\n").slice(0, -1)) {
        if (line.startsWith('{"event":"ready"')) resolve(JSON.parse(line) as { backend: string });
      }
    });
    child.once("exit", (code) => reject(new Error(`the bot ended with ${code} before it was ready:\n${errors()}`)));
  });
}

export function diskKib(path: string): number {
  let bytes = 0;
  for (const entry of readdirSync(path, { recursive: true })) {
    const stat = statSync(join(path, String(entry)), { throwIfNoEntry: false });
    if (stat?.isFile()) bytes += stat.blocks * 512;
  }
  return bytes / 1024;
}
