/** The permissions that matter here, as bits, and what Discord answers when the bot lacks them. */
import { type DiscordChannel, DiscordError, type DiscordGuild } from "./types.ts";

export const PERMISSIONS = {
  ViewChannel: 1n << 10n,
  SendMessages: 1n << 11n,
  EmbedLinks: 1n << 14n,
  AttachFiles: 1n << 15n,
  ReadMessageHistory: 1n << 16n,
  UseApplicationCommands: 1n << 31n,
  CreatePublicThreads: 1n << 35n,
  SendMessagesInThreads: 1n << 38n,
} as const;
export type PermissionName = keyof typeof PERMISSIONS;

export const bitsOf = (names: readonly PermissionName[]): bigint =>
  names.reduce((bits, name) => bits | PERMISSIONS[name], 0n);
export const ALL_BITS = bitsOf(Object.keys(PERMISSIONS) as PermissionName[]);

/** In a DM everything is allowed. `parent`: of a thread, whose overwrites count for it too. */
export function botBits(guild: DiscordGuild | null, channel: DiscordChannel, parent: DiscordChannel | null): bigint {
  if (guild === null) return ALL_BITS;
  return BigInt(guild.botPermissions) & ~BigInt(channel.deniedToBot) & ~BigInt(parent?.deniedToBot ?? "0");
}

export function demand(bits: bigint, names: PermissionName[]): void {
  if ((bits & PERMISSIONS.ViewChannel) === 0n) throw new DiscordError(403, 50001, "Missing Access");
  if (names.some((name) => (bits & PERMISSIONS[name]) === 0n))
    throw new DiscordError(403, 50013, "Missing Permissions");
}
