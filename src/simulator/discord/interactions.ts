/**
 * An interaction's life: told to the bot at once, answered within 3 s or failed for the person, then 15 minutes in which its token can
 * edit and add. A click while no bot is connected fails the same way.
 */
import { checkMessage, checkModal } from "./limits.ts";
import {
  DiscordError,
  type DiscordInteraction,
  type DiscordMessage,
  FLAGS,
  type InteractionType,
  unknown,
  type Wire,
} from "./types.ts";
import type { World } from "./world.ts";

export const RESPOND_WITHIN_MS = 3_000;
export const TOKEN_LIVES_MS = 15 * 60_000;

/** What a body brings, with its files. */
export interface Upload {
  body: Wire;
  files: { filename: string; description: string | null; content: Buffer }[];
}

export interface Interactions {
  begin(of: {
    type: InteractionType;
    userId: string;
    channelId: string;
    data: Wire;
    messageId?: string | null;
  }): DiscordInteraction;
  /** `POST /interactions/ID/TOKEN/callback`; resolves with the message it made, where it made one. */
  callback(id: string, token: string, upload: Upload): DiscordMessage | null;
  /** By its token, within 15 minutes and after the callback; throws `Unknown Webhook`. */
  byToken(appId: string, token: string): DiscordInteraction;
  original(interaction: DiscordInteraction): DiscordMessage;
  editOriginal(interaction: DiscordInteraction, upload: Upload): DiscordMessage;
  followUp(interaction: DiscordInteraction, upload: Upload): DiscordMessage;
  /** Resolves once the bot has answered, or Discord gave up. */
  answered(id: string): Promise<DiscordInteraction>;
}

export function createInteractions(world: World): Interactions {
  const waiting = new Map<string, (() => void)[]>();
  const settle = (interaction: DiscordInteraction): void => {
    world.interactions.put(interaction.id, interaction);
    for (const done of waiting.get(interaction.id) ?? []) done();
    waiting.delete(interaction.id);
    world.tell({ kind: "seen" });
  };

  function message(interaction: DiscordInteraction, { body, files }: Upload, flags: number): DiscordMessage {
    const ephemeral = (flags & FLAGS.ephemeral) !== 0;
    return world.addMessage({
      channelId: interaction.channelId,
      authorId: world.app.id,
      ...contentOf(world, body, files),
      flags,
      interaction:
        interaction.type === 2
          ? { id: interaction.id, name: String(interaction.data.name), userId: interaction.userId }
          : null,
      onlyTo: ephemeral ? interaction.userId : null,
    });
  }

  return {
    begin({ type, userId, channelId, data, messageId = null }) {
      const id = world.ids.next();
      const interaction: DiscordInteraction = {
        id,
        token: `aW50ZXJhY3Rpb246${world.ids.secret(`interaction:${id}`)}`,
        type,
        userId,
        channelId,
        data,
        messageId,
        createdAt: world.clock.now(),
        answered: null,
        originalId: null,
        modal: null,
        choices: null,
        failed: null,
      };
      world.interactions.put(id, interaction);
      world.clock.after(RESPOND_WITHIN_MS, () => {
        const now = world.interactions.get(id);
        if (now === undefined || now.answered !== null) return;
        settle({ ...now, failed: type === 2 ? "The application did not respond" : "This interaction failed" });
      });
      world.tell({ kind: "interaction", interaction });
      return interaction;
    },

    callback(id, token, upload) {
      const interaction = world.interactions.get(id);
      if (interaction === undefined || interaction.token !== token || interaction.failed !== null)
        throw unknown.interaction();
      if (world.clock.now() - interaction.createdAt > RESPOND_WITHIN_MS) throw unknown.interaction();
      if (interaction.answered !== null)
        throw new DiscordError(400, 40060, "Interaction has already been acknowledged.");
      const type = Number(upload.body.type);
      const data = (upload.body.data ?? {}) as Wire;
      const flags = Number(data.flags ?? 0) & (FLAGS.ephemeral | FLAGS.suppressEmbeds);
      const ofComponent = interaction.messageId !== null;
      const inner = { body: data, files: upload.files };
      let made: DiscordMessage | null = null;
      let change: Partial<DiscordInteraction> = {};
      if (type === 4) {
        checkMessage(data, upload.files.length, false);
        made = message(interaction, inner, flags);
      } else if (type === 5) made = message(interaction, { body: {}, files: [] }, flags | FLAGS.loading);
      else if (type === 6 && ofComponent) change = { originalId: interaction.messageId };
      else if (type === 7 && ofComponent) {
        checkMessage(data, upload.files.length, true);
        const target = world.messages.get(interaction.messageId ?? "");
        if (target === undefined) throw unknown.message();
        world.changeMessage(target, { ...contentOf(world, data, upload.files), editedAt: world.clock.now() });
        change = { originalId: target.id };
      } else if (type === 8 && interaction.type === 4) {
        const choices = (data.choices ?? []) as { name: string; value: string }[];
        if (choices.length > 25) throw new DiscordError(400, 50035, "Invalid Form Body");
        change = { choices };
      } else if (type === 9 && (interaction.type === 2 || interaction.type === 3)) {
        checkModal(data);
        change = { modal: data };
      } else throw new DiscordError(400, 50035, "Invalid Form Body");
      settle({ ...interaction, answered: type, ...(made === null ? {} : { originalId: made.id }), ...change });
      return made;
    },

    byToken(appId, token) {
      const interaction = world.interactions.values().find((one) => one.token === token);
      if (appId !== world.app.id || interaction === undefined || interaction.answered === null) throw unknown.webhook();
      if (world.clock.now() - interaction.createdAt >= TOKEN_LIVES_MS)
        throw new DiscordError(401, 50027, "Invalid Webhook Token");
      return interaction;
    },

    original(interaction) {
      const found = world.messages.get(interaction.originalId ?? "");
      if (found === undefined) throw unknown.message();
      return found;
    },

    editOriginal(interaction, { body, files }) {
      checkMessage(body, files.length, true);
      const target = world.messages.get(interaction.originalId ?? "");
      if (target === undefined) throw unknown.message();
      const thinking = (target.flags & FLAGS.loading) !== 0;
      return world.changeMessage(target, {
        ...contentOf(world, body, files, target),
        flags: (target.flags & ~FLAGS.loading) | (Number(body.flags ?? 0) & FLAGS.suppressEmbeds),
        editedAt: thinking ? null : world.clock.now(),
      });
    },

    followUp(interaction, upload) {
      checkMessage(upload.body, upload.files.length, false);
      return message(interaction, upload, Number(upload.body.flags ?? 0) & (FLAGS.ephemeral | FLAGS.suppressEmbeds));
    },

    async answered(id) {
      for (;;) {
        const now = world.interactions.get(id);
        if (now === undefined) throw unknown.interaction();
        if (now.answered !== null || now.failed !== null) return now;
        await new Promise<void>((done) => waiting.set(id, [...(waiting.get(id) ?? []), done]));
      }
    },
  };
}

/** The parts of a body that stand in a message; what an edit does not name stays. */
export function contentOf(
  world: World,
  body: Wire,
  files: Upload["files"],
  before?: DiscordMessage,
): Partial<DiscordMessage> {
  const content = typeof body.content === "string" ? body.content : body.content === null ? "" : before?.content;
  const parse = (body.allowed_mentions as { parse?: string[] } | null | undefined)?.parse;
  // Without allowed_mentions everything in the text pings.
  const pings = (kind: string) => parse === undefined || parse.includes(kind);
  const text = content ?? "";
  const mentioned = pings("users") ? [...text.matchAll(/<@!?(\d+)>/g)].map((match) => match[1]!) : [];
  const kept = Array.isArray(body.attachments)
    ? (before?.attachments ?? []).filter((file) =>
        (body.attachments as Wire[]).some((one) => String(one.id) === file.id),
      )
    : (before?.attachments ?? []);
  return {
    content: text,
    embeds: Array.isArray(body.embeds) ? (body.embeds as Wire[]) : (before?.embeds ?? []),
    components: Array.isArray(body.components) ? (body.components as Wire[]) : (before?.components ?? []),
    attachments: [
      ...kept,
      ...files.map(({ filename, description, content: bytes }) => ({
        id: world.ids.next(),
        filename,
        description,
        size: bytes.length,
        content: bytes.toString("base64"),
      })),
    ],
    mentions: [...new Set(mentioned)].filter((id) => world.users.get(id) !== undefined),
    mentionEveryone: pings("everyone") && /@(?:everyone|here)\b/.test(text),
  };
}
