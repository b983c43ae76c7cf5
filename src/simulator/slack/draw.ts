/**
 * A message or view as a person reads it, in plain text: what is bold is only its words, a mention is `@ana`, a button is listed
 * with its label. The page draws from the same rows, with colours (page/slack/).
 */
import { plainMarkdown, plainMrkdwn } from "../page/slack/mrkdwn.js";
import type { Block, Element, SlackMessage, SlackView, StateValues } from "./types.ts";
import { unescapeText } from "./typing.ts";
import { type Wire, wireFile } from "./wire.ts";
import type { Workspace } from "./workspace.ts";

export interface DrawnButton {
  actionId: string;
  blockId: string;
  label: string;
  style: string | null;
  value: string | null;
  url: string | null;
}

export interface Drawn {
  ts: string;
  channel: string;
  threadTs: string | null;
  author: { id: string; name: string; isBot: boolean };
  /** Every line that can be read, from the blocks where there are any, otherwise from the text. */
  text: string;
  /** The text as it was sent, in Slack's notation. */
  source: string;
  /** The notification's words: the message's own text. */
  fallback: string;
  blocks: Block[];
  attachments: Record<string, unknown>[];
  buttons: DrawnButton[];
  edited: boolean;
  streaming: boolean;
  ephemeral: boolean;
  subtype: string | null;
  reactions: { name: string; users: string[] }[];
  files: Wire[];
  replyCount: number;
  lastReply: string | null;
}

export interface DrawnView {
  id: string;
  type: "modal" | "home";
  title: string;
  submit: string | null;
  close: string;
  text: string;
  blocks: Block[];
  buttons: DrawnButton[];
  values: StateValues;
  errors: Record<string, string>;
  hash: string;
  callbackId: string;
}

export function drawMessage(workspace: Workspace, message: SlackMessage): Drawn {
  const author = workspace.users.get(message.user);
  const replies = workspace.replies(message.channel, message.ts);
  return {
    ts: message.ts,
    channel: message.channel,
    threadTs: message.threadTs,
    author: {
      id: message.user,
      name: author?.realName ?? (message.user === "USLACKBOT" ? "Slackbot" : message.user),
      isBot: author?.isBot ?? true,
    },
    text: message.blocks.length > 0 ? textOfBlocks(message.blocks, workspace) : plain(message.text, workspace),
    source: message.text,
    fallback: plain(message.text, workspace),
    blocks: message.blocks,
    attachments: message.attachments,
    buttons: buttonsOf(message.blocks),
    edited: message.edited !== null,
    streaming: message.streamingAt !== null,
    ephemeral: message.onlyTo !== null,
    subtype: message.subtype,
    reactions: message.reactions,
    files: message.files.map((id) => wireFile(workspace, workspace.files.get(id)!)),
    replyCount: replies.length,
    lastReply: replies.at(-1)?.ts ?? null,
  };
}

export function drawView(view: SlackView): DrawnView {
  const words = (value: unknown) => (value as { text?: string } | null)?.text ?? null;
  return {
    id: view.id,
    type: view.type,
    title: words(view.title) ?? "",
    submit: words(view.submit),
    close: words(view.close) ?? "Cancel",
    text: textOfBlocks(view.blocks, null),
    blocks: view.blocks,
    buttons: buttonsOf(view.blocks),
    values: view.values,
    errors: view.errors,
    hash: view.hash,
    callbackId: view.callbackId,
  };
}

export function textOfBlocks(blocks: Block[], workspace: Workspace | null): string {
  return blocks
    .flatMap((block) => linesOf(block, workspace))
    .filter((line) => line !== "")
    .join("\n");
}

function linesOf(block: Block, workspace: Workspace | null): string[] {
  const text = (value: unknown) => textObject(value, workspace);
  switch (block.type) {
    case "section":
      return [text(block.text), ...((block.fields as unknown[]) ?? []).map(text)];
    case "header":
      return [text(block.text)];
    case "context":
      return [((block.elements as unknown[]) ?? []).map(text).join(" ")];
    case "divider":
      return ["───"];
    case "markdown":
      return [plainMarkdown(String(block.text))];
    case "input":
      return [text(block.label), text(block.hint)];
    case "image":
      return [String(block.alt_text ?? "")];
    case "rich_text":
      return [richText(block.elements, workspace)];
    default:
      return [];
  }
}

function textObject(value: unknown, workspace: Workspace | null): string {
  const object = value as { type?: string; text?: string; alt_text?: string } | undefined;
  if (object?.text === undefined) return object?.alt_text ?? "";
  return object.type === "mrkdwn" ? plain(object.text, workspace) : object.text;
}

function richText(elements: unknown, workspace: Workspace | null): string {
  if (!Array.isArray(elements)) return "";
  return (elements as Wire[])
    .map((element) => {
      if (element.elements !== undefined) return richText(element.elements, workspace);
      if (element.type === "user") return `@${workspace?.users.get(String(element.user_id))?.name ?? element.user_id}`;
      if (element.type === "channel") return `#${workspace?.channels.get(String(element.channel_id))?.name ?? "?"}`;
      if (element.type === "broadcast") return `@${element.range}`;
      return String(element.text ?? element.url ?? "");
    })
    .join("");
}

const plain = (text: string, workspace: Workspace | null): string =>
  plainMrkdwn(text, {
    user: (id: string) => workspace?.users.get(id)?.name ?? id,
    channel: (id: string) => workspace?.channels.get(id)?.name ?? id,
  });

function buttonsOf(blocks: Block[]): DrawnButton[] {
  return blocks.flatMap((block) => {
    const elements: Element[] =
      block.type === "actions"
        ? (block.elements as Element[])
        : block.type === "section" && block.accessory !== undefined
          ? [block.accessory as Element]
          : [];
    return elements
      .filter((element) => element.type === "button")
      .map((element) => ({
        actionId: element.action_id ?? "",
        blockId: block.block_id ?? "",
        label: unescapeText((element.text as { text: string }).text),
        style: (element.style as string | undefined) ?? null,
        value: (element.value as string | undefined) ?? null,
        url: (element.url as string | undefined) ?? null,
      }));
  });
}
