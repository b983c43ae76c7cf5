/** What Slack's composer makes of typed text: escapes it, turns names and addresses into Slack's own notation, adds rich text. */
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

/** One section with texts, people, channels and links: as much as a reader of `blocks` needs. */
export function typedBlocks(text: string): Block[] {
  const elements = text
    .split(/(<[^<>]+>)/)
    .filter((part) => part !== "")
    .map((part) => {
      const [, sign, body = ""] = /^<([@#!]?)([^<>]+)>$/.exec(part) ?? [];
      if (sign === undefined) return { type: "text", text: unescapeText(part) };
      const id = body.split("|")[0]!;
      if (sign === "@") return { type: "user", user_id: id };
      if (sign === "#") return { type: "channel", channel_id: id };
      if (sign === "!") return { type: "broadcast", range: id };
      return { type: "link", url: unescapeText(id) };
    });
  return [{ type: "rich_text", elements: [{ type: "rich_text_section", elements }] }];
}

export const unescapeText = (text: string): string =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
