/** Every syscall that the host knows. All others are refused by name. */
import type { Call } from "../call.ts";
import { callSyscalls } from "./calls.ts";
import { databaseSync, databaseSyscalls } from "./database.ts";
import { metaSync, metaSyscalls } from "./meta.ts";
import { schedulerSyscalls } from "./scheduler.ts";
import { storageJsSyscalls, storageSyscalls } from "./storage.ts";

// Arguments are what the pinned version of convex/server wrote; each handler names the shape it relies on.
// biome-ignore lint/suspicious/noExplicitAny: parsed JSON whose shape is given by the syscall's name
export type SyscallArgs = any;
export type SyncSyscall = (call: Call, args: SyscallArgs) => string;
export type AsyncSyscall = (call: Call, args: SyscallArgs) => string | Promise<string>;
export type JsSyscall = (call: Call, args: Record<string, unknown>) => Promise<unknown>;

export const syscalls: Record<string, SyncSyscall> = table({ ...databaseSync, ...metaSync });

export const asyncSyscalls: Record<string, AsyncSyscall> = table({
  ...databaseSyscalls,
  ...callSyscalls,
  ...schedulerSyscalls,
  ...storageSyscalls,
  ...metaSyscalls,
});

export const jsSyscalls: Record<string, JsSyscall> = table(storageJsSyscalls);

/** Without a prototype, so that no inherited name passes for a syscall. */
function table<T>(entries: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null), entries);
}
