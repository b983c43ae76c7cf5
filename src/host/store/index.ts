/** The embedded Convex host's storage. */
import { SqliteStore } from "./store.ts";
import type { Store, StoreOptions } from "./types.ts";

export { invalidates } from "./readset.ts";
export type * from "./types.ts";

/**
 * Opens or creates the database. Throws a HostError whose `reason` is `newer_version`, `corrupt`, `in_use` or `disk_full` when it
 * cannot; nothing is changed then.
 */
export function openStore(options: StoreOptions): Store {
  return new SqliteStore(options);
}
