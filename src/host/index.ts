/** The embedded Convex host. See README.md for what it supports. */
import { join, resolve } from "node:path";
import { readInstance } from "./instance.ts";
import { type HostOptions, HostStartError, type RunningHost } from "./options.ts";
import { choosePort } from "./ports.ts";
import { startFailure } from "./start_failure.ts";
import { Supervisor } from "./supervisor.ts";
import { type HostThread, threadOptions } from "./thread.ts";

export { type HostLogEntry, type HostOptions, HostStartError, type RunningHost } from "./options.ts";
export { type HostPreparation, type HostThread, prepareHost } from "./thread.ts";

/** Resolves once everything answers. Rejects with HostStartError and leaves nothing running. */
export async function startHost(options: HostOptions, prepared: HostThread | null = null): Promise<RunningHost> {
  const host = options.host ?? "127.0.0.1";
  try {
    const port = await choosePort(host, options.port);
    const instance = readInstance(resolve(options.dataDir));
    const supervisor = new Supervisor({
      thread: threadOptions({ ...options, cacheDir: options.cacheDir ?? join(options.dataDir, "cache") }),
      begun: prepared,
      input: {
        dataDir: resolve(options.dataDir),
        host,
        port,
        env: options.env,
        synchronous: options.synchronous ?? "FULL",
        watch: options.watch ?? false,
        instanceName: instance.name,
        adminKey: instance.adminKey,
      },
      hangTimeoutMs: options.hangTimeoutMs ?? 30_000,
      progress: options.progress ?? (() => {}),
      log: options.log ?? (() => {}),
    });
    const { url, siteUrl } = await supervisor.start();
    return {
      url,
      siteUrl,
      adminKey: instance.adminKey,
      stop: (timeoutMs) => supervisor.stop(timeoutMs),
      exited: supervisor.exited,
    };
  } catch (error) {
    prepared?.discard();
    if (error instanceof HostStartError) throw error;
    const { message, code, port } = startFailure(error, host, options.port);
    throw new HostStartError(message, code, port);
  }
}
