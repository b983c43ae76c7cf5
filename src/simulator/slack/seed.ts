/** The workspace everybody meets: Ana, Bob, the app, three channels, a DM with the app for each person. */
import type { SlackChannel, SlackUser, SlashCommand } from "./types.ts";

export const TEAM = { id: "TSIM", name: "Simulated", domain: "simulated" } as const;
export const APP = { id: "ASIM", name: "Factory", botUser: "UBOT", botId: "BBOT" } as const;

const person = (id: string, name: string, realName: string, color: string): SlackUser => ({
  id,
  name,
  realName,
  email: `${name}@simulated.example`,
  isBot: false,
  deleted: false,
  color,
});

export const USERS: SlackUser[] = [
  person("UANA", "ana", "Ana", "9f5f80"),
  person("UBOB", "bob", "Bob", "3c7d9e"),
  { ...person(APP.botUser, "factory", "Factory", "2f6f4f"), isBot: true },
];

const channel = (id: string, name: string, topic: string): SlackChannel => ({
  id,
  name,
  kind: "channel",
  members: USERS.map((user) => user.id),
  archived: false,
  topic,
  created: 1_760_000_000,
});

const dm = (id: string, user: string): SlackChannel => ({
  id,
  name: null,
  kind: "im",
  members: [user, APP.botUser],
  archived: false,
  topic: "",
  created: 1_760_000_000,
});

export const CHANNELS: SlackChannel[] = [
  channel("CENG", "eng", "What is being built"),
  channel("COPS", "ops", "What is running"),
  channel("CSUPPORT", "support", "Who needs help"),
  dm("DANA", "UANA"),
  dm("DBOB", "UBOB"),
];

/** As an app manifest would declare them. */
export const COMMANDS: SlashCommand[] = [
  {
    command: "/workflow",
    description: "Run, list or cancel workflows",
    usage: "run NAME key=value … | status [RUN] | cancel RUN | list",
  },
  { command: "/pending", description: "Questions that wait for you", usage: "" },
  { command: "/approve", description: "Approve a question", usage: "CODE [reason]" },
  { command: "/deny", description: "Deny a question", usage: "CODE [reason]" },
  { command: "/answer", description: "Answer a question", usage: "CODE OPTION" },
  { command: "/enrol", description: "A code that links your phone or another account", usage: "CHANNEL [PERSON]" },
];

export const BOT_EVENTS = [
  "app_home_opened",
  "app_mention",
  "assistant_thread_started",
  "assistant_thread_context_changed",
  "member_joined_channel",
  "message.channels",
  "message.groups",
  "message.im",
  "message.mpim",
  "reaction_added",
];
