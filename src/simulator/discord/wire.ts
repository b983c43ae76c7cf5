/** The world's rows as Discord's API and gateway write them. */

import { timeOf } from "./ids.ts";
import { botBits } from "./permissions.ts";
import {
  CHANNEL_TYPES,
  type DiscordAttachment,
  type DiscordChannel,
  type DiscordGuild,
  type DiscordInteraction,
  type DiscordMessage,
  type DiscordUser,
  type Wire,
} from "./types.ts";
import type { World } from "./world.ts";

const iso = (ms: number): string => new Date(ms).toISOString().replace("Z", "000+00:00");

export const wireUser = (user: DiscordUser): Wire => ({
  id: user.id,
  username: user.username,
  global_name: user.globalName,
  discriminator: "0",
  avatar: null,
  public_flags: 0,
  ...(user.bot ? { bot: true } : {}),
});

export const wireMember = (world: World, user: DiscordUser): Wire => ({
  user: wireUser(user),
  nick: null,
  avatar: null,
  roles: user.id === world.app.id ? [botRoleId(world)] : [],
  joined_at: "2026-01-01T00:00:00.000000+00:00",
  premium_since: null,
  deaf: false,
  mute: false,
  flags: 0,
});

/** The role that an invitation makes for the bot. */
const botRoleId = (world: World): string => String(BigInt(world.app.id) + 1_000n);

const role = (id: string, name: string, permissions: string, managed: boolean): Wire => ({
  id,
  name,
  permissions,
  managed,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  hoist: false,
  icon: null,
  unicode_emoji: null,
  position: managed ? 1 : 0,
  mentionable: false,
  flags: 0,
});

export function wireGuild(world: World, guild: DiscordGuild): Wire {
  const inGuild = world.channels.values().filter((channel) => channel.guildId === guild.id);
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    icon: null,
    splash: null,
    discovery_splash: null,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    roles: [
      role(guild.id, "@everyone", "0", false),
      role(botRoleId(world), world.app.name, guild.botPermissions, true),
    ],
    emojis: [],
    stickers: [],
    features: [],
    mfa_level: 0,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    max_members: 500_000,
    vanity_url_code: null,
    description: null,
    banner: null,
    premium_tier: 0,
    preferred_locale: "en-US",
    nsfw_level: 0,
    premium_progress_bar_enabled: false,
    safety_alerts_channel_id: null,
    joined_at: "2026-01-01T00:00:00.000000+00:00",
    large: false,
    unavailable: false,
    member_count: guild.members.length,
    voice_states: [],
    // Without the members intent only the bot itself comes.
    members: [wireMember(world, world.user(world.app.id))],
    channels: inGuild.filter((one) => one.kind !== "thread").map((one) => wireChannel(world, one)),
    threads: world.threadsOf(guild.id).map((one) => wireChannel(world, one)),
    presences: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

export function wireChannel(world: World, channel: DiscordChannel): Wire {
  const base = { id: channel.id, type: CHANNEL_TYPES[channel.kind], last_message_id: channel.lastMessageId, flags: 0 };
  if (channel.kind === "dm") return { ...base, recipients: [wireUser(world.user(channel.recipientId ?? ""))] };
  const guild = { ...base, guild_id: channel.guildId, name: channel.name, nsfw: false, rate_limit_per_user: 0 };
  if (channel.kind === "thread") {
    return {
      ...guild,
      parent_id: channel.parentId,
      owner_id: channel.ownerId,
      message_count: world.said(channel.id).length,
      total_message_sent: world.said(channel.id).length,
      member_count: 2,
      thread_metadata: {
        archived: channel.archived,
        auto_archive_duration: 1440,
        archive_timestamp: iso(timeOf(channel.id)),
        locked: false,
        create_timestamp: iso(timeOf(channel.id)),
      },
    };
  }
  return {
    ...guild,
    position: 0,
    topic: null,
    parent_id: null,
    permission_overwrites:
      channel.deniedToBot === "0" ? [] : [{ id: botRoleId(world), type: 0, allow: "0", deny: channel.deniedToBot }],
  };
}

export const attachmentUrl = (message: DiscordMessage, file: DiscordAttachment): string =>
  `https://cdn.discordapp.com/attachments/${message.channelId}/${file.id}/${file.filename}`;

/** `readable` false: without the message content intent the words of others are left out. */
export function wireMessage(world: World, message: DiscordMessage, readable = true): Wire {
  const guild = world.guildOf(world.channel(message.channelId));
  const author = world.user(message.authorId);
  const replied = message.replyTo === null ? null : (world.messages.get(message.replyTo) ?? null);
  return {
    id: message.id,
    type: message.interaction !== null ? 20 : message.replyTo === null ? 0 : 19,
    channel_id: message.channelId,
    author: wireUser(author),
    content: readable ? message.content : "",
    timestamp: iso(timeOf(message.id)),
    edited_timestamp: message.editedAt === null ? null : iso(message.editedAt),
    tts: false,
    mention_everyone: message.mentionEveryone,
    mentions: message.mentions.map((id) => wireUser(world.user(id))),
    mention_roles: [],
    attachments: readable
      ? message.attachments.map((file) => ({
          id: file.id,
          filename: file.filename,
          size: file.size,
          url: attachmentUrl(message, file),
          proxy_url: attachmentUrl(message, file),
          ...(file.description === null ? {} : { description: file.description }),
        }))
      : [],
    embeds: readable ? message.embeds.map((embed) => ({ type: "rich", ...embed })) : [],
    components: readable ? message.components : [],
    pinned: false,
    flags: message.flags,
    ...(author.bot ? { application_id: author.id } : {}),
    ...(message.replyTo === null
      ? {}
      : {
          message_reference: { type: 0, channel_id: message.channelId, message_id: message.replyTo, ...guildId(guild) },
          referenced_message: replied === null ? null : wireMessage(world, { ...replied, replyTo: null }),
        }),
    ...(message.interaction === null
      ? {}
      : {
          interaction_metadata: {
            id: message.interaction.id,
            type: 2,
            user: wireUser(world.user(message.interaction.userId)),
            authorizing_integration_owners: {},
          },
        }),
    ...(world.channels.get(message.id)?.kind === "thread"
      ? { thread: wireChannel(world, world.channel(message.id)) }
      : {}),
  };
}

const guildId = (guild: DiscordGuild | null): Wire => (guild === null ? {} : { guild_id: guild.id });

/** The gateway adds who said it where. */
export function wireMessageEvent(world: World, message: DiscordMessage, readable: boolean): Wire {
  const guild = world.guildOf(world.channel(message.channelId));
  if (guild === null) return wireMessage(world, message, readable);
  const { user: _, ...member } = wireMember(world, world.user(message.authorId));
  return { ...wireMessage(world, message, readable), guild_id: guild.id, member };
}

export function wireInteraction(world: World, interaction: DiscordInteraction): Wire {
  const channel = world.channel(interaction.channelId);
  const guild = world.guildOf(channel);
  const user = world.user(interaction.userId);
  const message = interaction.messageId === null ? undefined : world.messages.get(interaction.messageId);
  const permissions = String(botBits(guild, channel, world.parentOf(channel)));
  return {
    id: interaction.id,
    application_id: world.app.id,
    type: interaction.type,
    token: interaction.token,
    version: 1,
    data: interaction.data,
    channel_id: channel.id,
    channel: wireChannel(world, channel),
    ...(guild === null
      ? { user: wireUser(user) }
      : {
          guild_id: guild.id,
          guild: { id: guild.id, locale: "en-US", features: [] },
          guild_locale: "en-US",
          member: { ...wireMember(world, user), permissions: "2248473465835073" },
        }),
    ...(message === undefined ? {} : { message: wireMessage(world, message) }),
    app_permissions: permissions,
    locale: "en-US",
    entitlements: [],
    authorizing_integration_owners: guild === null ? { "0": "0" } : { "0": guild.id },
    context: guild === null ? 1 : 0,
    attachment_size_limit: 10_485_760,
  };
}
