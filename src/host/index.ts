/** The embedded Convex host. See README.md for what it supports. */
import { join, resolve } from "node:path";
import { functionsDir } from "./bundle/functions_dir.ts";
import { readInstance } from "./instance.ts";
import { type HostOptions, HostStartError, type RunningHost } from "./options.ts";
import { choosePort } from "./ports.ts";
import { startFailure } from "./start_failure.ts";
import { Supervisor } from "./supervisor.ts";

export { type HostLogEntry, type HostOptions, HostStartError, type RunningHost } from "./options.ts";

/** Resolves once everything answers. Rejects with HostStartError and leaves nothing running. */
export async function startHost(options: HostOptions): Promise<RunningHost> {
  const host = options.host ?? "127.0.0.1";
  try {
    const port = await choosePort(host, options.port);
    const instance = readInstance(resolve(options.dataDir));
    const supervisor = new Supervisor({
      input: {
        functionsDir: functionsDir(resolve(options.appDir)),
        dataDir: resolve(options.dataDir),
        cacheDir: resolve(options.cacheDir ?? join(options.dataDir, "cache")),
        host,
        port,
        env: options.env,
        synchronous: options.synchronous ?? "FULL",
        watch: options.watch ?? false,
        instanceName: instance.name,
        adminKey: instance.adminKey,
      },
      hangTimeoutMs: options.hangTimeoutMs ?? 30_000,
      memoryMb: options.memoryMb ?? 1_024,
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
    if (error instanceof HostStartError) throw error;
    const { message, code, port } = startFailure(error, host, options.port);
    throw new HostStartError(message, code, port);
  }
}
