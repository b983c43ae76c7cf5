/** The least permissions with which everything works, and what each is for. */
export interface Permission {
  name: string;
  bit: bigint;
  /** What does not work without it. */
  effect: string;
}

export const PERMISSIONS: readonly Permission[] = [
  { name: "View Channels", bit: 1n << 10n, effect: "the bot sees no channel" },
  { name: "Send Messages", bit: 1n << 11n, effect: "nothing can be said in channels" },
  { name: "Embed Links", bit: 1n << 14n, effect: "questions and progress cannot be drawn" },
  { name: "Read Message History", bit: 1n << 16n, effect: "what was said while the bot was away is lost" },
  { name: "Create Public Threads", bit: 1n << 35n, effect: "a mention is answered in the channel instead of a thread" },
  { name: "Send Messages in Threads", bit: 1n << 38n, effect: "nothing can be said in threads" },
];

export const LEAST_PERMISSIONS: bigint = PERMISSIONS.reduce((bits, { bit }) => bits | bit, 0n);
const ADMINISTRATOR = 1n << 3n;

export const missing = (bits: bigint): Permission[] =>
  (bits & ADMINISTRATOR) !== 0n ? [] : PERMISSIONS.filter(({ bit }) => (bits & bit) === 0n);

/** Where an administrator of a server adds the bot, with these permissions and its commands. */
export function inviteUrl(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: "bot applications.commands",
    permissions: String(LEAST_PERMISSIONS),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

/** The first part of a token is the bot's id, which is the application's for every bot made since 2016; null: not a token. */
export function applicationOf(token: string): string | null {
  const id = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
  return /^\d{15,20}$/.test(id) ? id : null;
}
