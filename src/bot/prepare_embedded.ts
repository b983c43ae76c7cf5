import type { HostThread } from "../host/thread.ts";
import { APP_DIR, CACHE_DIR } from "./app_dir.ts";
import { environment } from "./environment.ts";

/**
 * Begins the embedded host's thread, so that it loads beside the bot and not after it; called before anything else is loaded. null: there
 * will be no embedded host. What is wrong with arguments or environment is said later, by who reads them whole.
 */
export async function prepareEmbedded(args: string[], env = environment()): Promise<HostThread | null> {
  if (args.some((arg) => arg !== "--headless")) return null;
  if ((env.CONVEX_URL ?? "").trim() !== "") return null;
  // Only what makes the thread: the rest of the host's door is loaded while the thread loads.
  const { prepareHost } = await import("../host/thread.ts");
  return prepareHost({ appDir: APP_DIR, cacheDir: CACHE_DIR });
}
