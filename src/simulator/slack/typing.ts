/** What Slack's composer makes of typed text: escapes it, turns names and addresses into Slack's own notation, adds rich text. */
import { type MrkdwnNode, parseMrkdwn } from "../page/slack/mrkdwn.js";
import type { Block } from "./types.ts";
import type { Workspace } from "./workspace.ts";

export function typedText(typed: string, workspace: Workspace): string {
  const escaped = typed.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped
    .replace(/(^|[\s(])@([\w.-]+)/g, (whole, before: string, name: string) => {
      const key = name.toLowerCase();
      if (["channel", "here", "everyone"].includes(key)) return `${before}<!${key}>`;
      const user = workspace.users.values().find((other) => other.name === key);
      return user === undefined ? whole : `${before}<@${user.id}>`;
    })
    .replace(/(^|[\s(])#([\w-]+)/g, (whole, before: string, name: string) => {
      const channel = workspace.channelNamed(name);
      return channel === null ? whole : `${before}<#${channel.id}|${channel.name}>`;
    })
    .replace(/(^|[\s(])(https?:\/\/[^\s<>|]+)/g, (_whole, before: string, url: string) => `${before}<${url}>`);
}

/** What a writer's marks become: styled texts, people, channels and links, as much as a reader of `blocks` needs. */
export function typedBlocks(text: string): Block[] {
  const elements: Record<string, unknown>[] = [];
  collect(parseMrkdwn(text), {}, elements);
  return [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }];
}

function collect(nodes: MrkdwnNode[], style: Record<string, boolean>, into: Record<string, unknown>[]): void {
  const styled = (element: Record<string, unknown>) =>
    into.push(Object.keys(style).length === 0 ? element : { ...element, style });
  for (const node of nodes) {
    if (node.type === "text") styled({ type: "text", text: node.text });
    else if (node.type === "break") into.push({ type: "text", text: "\n" });
    else if (node.type === "emoji") into.push({ type: "emoji", name: node.name });
    else if (node.type === "user") into.push({ type: "user", user_id: node.id });
    else if (node.type === "channel") into.push({ type: "channel", channel_id: node.id });
    else if (node.type === "broadcast") into.push({ type: "broadcast", range: node.id });
    else if (node.type === "link") styled({ type: "link", url: node.url });
    else if (node.type === "code" || node.type === "pre") {
      into.push({ type: "text", text: node.text, style: { ...style, code: true } });
    } else collect(node.nodes, node.type === "quote" ? style : { ...style, [node.type]: true }, into);
  }
}

export const unescapeText = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
