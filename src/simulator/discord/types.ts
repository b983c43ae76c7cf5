/** What a simulated Discord holds. Ids are snowflakes as text; times are ms since 1970. */
export type Wire = Record<string, unknown>;

export interface DiscordUser {
  id: string;
  username: string;
  globalName: string;
  bot: boolean;
}

export interface DiscordGuild {
  id: string;
  name: string;
  ownerId: string;
  members: string[];
  /** Of the bot's own role, as bits in decimal. */
  botPermissions: string;
}

export type ChannelKind = "text" | "voice" | "dm" | "thread";

export interface DiscordChannel {
  id: string;
  kind: ChannelKind;
  /** null: a DM. */
  guildId: string | null;
  /** null: a DM. */
  name: string | null;
  /** Of a thread: its channel. */
  parentId: string | null;
  /** Of a thread: who opened it. */
  ownerId: string | null;
  /** Of a DM: the person; the other side is the bot. */
  recipientId: string | null;
  archived: boolean;
  lastMessageId: string | null;
  /** Permissions that an overwrite takes from the bot here, as bits in decimal. */
  deniedToBot: string;
}

export interface DiscordAttachment {
  id: string;
  filename: string;
  description: string | null;
  size: number;
  /** base64 */
  content: string;
}

export interface DiscordMessage {
  id: string;
  channelId: string;
  authorId: string;
  content: string;
  embeds: Wire[];
  components: Wire[];
  attachments: DiscordAttachment[];
  /** Users whom it pings. */
  mentions: string[];
  mentionEveryone: boolean;
  /** The message it answers. */
  replyTo: string | null;
  flags: number;
  editedAt: number | null;
  /** The command that it answers. */
  interaction: { id: string; name: string; userId: string } | null;
  /** Ephemeral: only this person sees it, and no channel ever lists it. */
  onlyTo: string | null;
}

export interface DiscordCommand {
  id: string;
  guildId: string | null;
  version: string;
  body: Wire;
}

/** 2 command, 3 component, 4 autocomplete, 5 submitted modal. */
export type InteractionType = 2 | 3 | 4 | 5;

export interface DiscordInteraction {
  id: string;
  token: string;
  type: InteractionType;
  userId: string;
  channelId: string;
  data: Wire;
  /** Of a component, and of a modal that a component opened. */
  messageId: string | null;
  createdAt: number;
  /** Which callback answered it; null: none yet. */
  answered: number | null;
  /** What `@original` is. */
  originalId: string | null;
  /** Of callback 9. */
  modal: Wire | null;
  /** Of callback 8. */
  choices: { name: string; value: string }[] | null;
  /** What Discord tells the person who waits: nobody answered within 3 s. */
  failed: string | null;
}

/** A failure as Discord's REST answers it. */
export class DiscordError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: Wire | null;
  constructor(status: number, code: number, message: string, errors: Wire | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export const unknown = {
  channel: () => new DiscordError(404, 10003, "Unknown Channel"),
  guild: () => new DiscordError(404, 10004, "Unknown Guild"),
  message: () => new DiscordError(404, 10008, "Unknown Message"),
  user: () => new DiscordError(404, 10013, "Unknown User"),
  webhook: () => new DiscordError(404, 10015, "Unknown Webhook"),
  interaction: () => new DiscordError(404, 10062, "Unknown interaction"),
  command: () => new DiscordError(404, 10063, "Unknown application command"),
};

export const FLAGS = { suppressEmbeds: 1 << 2, ephemeral: 1 << 6, loading: 1 << 7 } as const;
export const CHANNEL_TYPES: Record<ChannelKind, number> = { text: 0, dm: 1, voice: 2, thread: 11 };
