/** Whom one meets: a guild with Ana, Bob and the app, three channels. DMs open when somebody writes. */
import { ALL_BITS } from "./permissions.ts";
import type { DiscordChannel, DiscordGuild, DiscordUser } from "./types.ts";

export const APP = { id: "1000000000000000001", name: "Factory" } as const;
export const GUILD_ID = "1000000000000000010";
export const TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAwMQ.SIM.discord-simulator-token";

const person = (id: string, username: string, globalName: string, bot = false): DiscordUser => ({
  id,
  username,
  globalName,
  bot,
});

export const USERS: DiscordUser[] = [
  person(APP.id, "factory", APP.name, true),
  person("1000000000000000101", "ana", "Ana"),
  person("1000000000000000102", "bob", "Bob"),
  person("1000000000000000103", "otherbot", "Other bot", true),
];

export const GUILD: DiscordGuild = {
  id: GUILD_ID,
  name: "Simulated",
  ownerId: "1000000000000000101",
  members: USERS.map((user) => user.id),
  botPermissions: String(ALL_BITS),
};

export const channel = (id: string, name: string, guildId = GUILD_ID): DiscordChannel => ({
  id,
  kind: "text",
  guildId,
  name,
  parentId: null,
  ownerId: null,
  recipientId: null,
  archived: false,
  lastMessageId: null,
  deniedToBot: "0",
});

export const CHANNELS: DiscordChannel[] = [
  channel("1000000000000000201", "eng"),
  channel("1000000000000000202", "ops"),
  channel("1000000000000000203", "support"),
];
