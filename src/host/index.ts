/** The embedded Convex host. See README.md for what it supports. */
import { join, resolve } from "node:path";
import { functionsDir } from "./bundle/functions_dir.ts";
import { readInstance } from "./instance.ts";
import { type HostOptions, HostStartError, type RunningHost } from "./options.ts";
import { choosePort } from "./ports.ts";
import { startFailure } from "./start_failure.ts";
import { Supervisor } from "./supervisor.ts";
import { HostThread, type ThreadOptions } from "./thread.ts";

export { type HostLogEntry, type HostOptions, HostStartError, type RunningHost } from "./options.ts";
export type { HostThread } from "./thread.ts";

/** What a host can begin with before its data folder, ports and environment are known. */
export type HostPreparation = Pick<HostOptions, "appDir" | "memoryMb"> & { cacheDir: string };

/** Begins to load the host's thread and the bundle, beside whatever the caller does meanwhile. For one `startHost` with the same options. */
export function prepareHost(options: HostPreparation): HostThread {
  return new HostThread(threadOptions(options, options.cacheDir));
}

/** Resolves once everything answers. Rejects with HostStartError and leaves nothing running. */
export async function startHost(options: HostOptions, prepared: HostThread | null = null): Promise<RunningHost> {
  const host = options.host ?? "127.0.0.1";
  try {
    const port = await choosePort(host, options.port);
    const instance = readInstance(resolve(options.dataDir));
    const supervisor = new Supervisor({
      thread: threadOptions(options, options.cacheDir ?? join(options.dataDir, "cache")),
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

function threadOptions(
  { appDir, memoryMb }: Pick<HostOptions, "appDir" | "memoryMb">,
  cacheDir: string,
): ThreadOptions {
  return { functionsDir: functionsDir(resolve(appDir)), cacheDir: resolve(cacheDir), memoryMb: memoryMb ?? 1_024 };
}
