/** A message as a person sees it: words, buttons by their labels, files; and the modal that stands open before them. */
import type { DiscordMessage, Wire } from "./types.ts";
import { FLAGS } from "./types.ts";
import type { World } from "./world.ts";

export interface DrawnButton {
  label: string;
  customId: string;
  /** 1 primary, 2 secondary, 3 success, 4 danger, 5 link. */
  style: number;
  disabled: boolean;
}

export interface DrawnSelect {
  customId: string;
  placeholder: string | null;
  options: { label: string; value: string; description: string | null }[];
}

export interface Drawn {
  id: string;
  author: string;
  authorId: string;
  text: string;
  embeds: Wire[];
  buttons: DrawnButton[];
  selects: DrawnSelect[];
  files: { name: string; text: string }[];
  edited: boolean;
  /** Only this person sees it. */
  ephemeral: boolean;
  /** "… is thinking". */
  thinking: boolean;
  replyTo: string | null;
  /** The command whose answer it is. */
  command: { name: string; user: string } | null;
  /** The thread opened from it, with what was said there last. */
  thread: { id: string; name: string | null; count: number; last: { author: string; text: string } | null } | null;
  mentionsMe: boolean;
}

export interface DrawnField {
  customId: string;
  label: string;
  description: string | null;
  kind: "short" | "paragraph" | "select";
  required: boolean;
  value: string;
  options: { label: string; value: string }[];
}

export interface DrawnModal {
  interactionId: string;
  customId: string;
  title: string;
  fields: DrawnField[];
}

const list = (value: unknown): Wire[] => (Array.isArray(value) ? (value as Wire[]) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function preview({ content, embeds }: DiscordMessage): string {
  return [content, ...embeds.flatMap(({ title, description }) => [text(title), text(description)])]
    .join(" ")
    .trim()
    .slice(0, 200);
}

export function draw(world: World, message: DiscordMessage, viewer: string): Drawn {
  const author = world.user(message.authorId);
  const components = message.components.flatMap((row) => list(row.components));
  const thread = world.channels.get(message.id);
  const inThread = thread?.kind === "thread" ? world.said(thread.id) : [];
  const last = inThread.at(-1);
  return {
    id: message.id,
    author: author.globalName,
    authorId: author.id,
    text: message.content,
    embeds: message.embeds,
    buttons: components
      .filter((one) => one.type === 2)
      .map((one) => ({
        label: text(one.label),
        customId: text(one.custom_id),
        style: Number(one.style),
        disabled: one.disabled === true,
      })),
    selects: components
      .filter((one) => one.type === 3)
      .map((one) => ({
        customId: text(one.custom_id),
        placeholder: text(one.placeholder) || null,
        options: list(one.options).map((option) => ({
          label: text(option.label),
          value: text(option.value),
          description: text(option.description) || null,
        })),
      })),
    files: message.attachments.map(({ filename, content }) => ({
      name: filename,
      text: Buffer.from(content, "base64").toString(),
    })),
    edited: message.editedAt !== null,
    ephemeral: message.onlyTo !== null,
    thinking: (message.flags & FLAGS.loading) !== 0,
    replyTo: message.replyTo,
    command:
      message.interaction === null
        ? null
        : { name: message.interaction.name, user: world.user(message.interaction.userId).globalName },
    thread:
      thread?.kind !== "thread"
        ? null
        : {
            ...{ id: thread.id, name: thread.name, count: inThread.length },
            last: last === undefined ? null : { author: world.user(last.authorId).globalName, text: preview(last) },
          },
    mentionsMe: message.mentionEveryone || message.mentions.includes(viewer),
  };
}

export function drawModal(interactionId: string, modal: Wire): DrawnModal {
  return {
    interactionId,
    customId: text(modal.custom_id),
    title: text(modal.title),
    fields: list(modal.components).flatMap((row): DrawnField[] => {
      const input = (row.component ?? list(row.components)[0]) as Wire | undefined;
      if (input === undefined) return [];
      const select = input.type === 3;
      const chosen = list(input.options).find((option) => option.default === true);
      return [
        {
          customId: text(input.custom_id),
          label: text(row.label ?? input.label),
          description: text(row.description) || null,
          kind: select ? "select" : input.style === 2 ? "paragraph" : "short",
          // What is not said is required.
          required: input.required !== false,
          value: select ? text(chosen?.value) : text(input.value),
          options: list(input.options).map((option) => ({ label: text(option.label), value: text(option.value) })),
        },
      ];
    }),
  };
}
