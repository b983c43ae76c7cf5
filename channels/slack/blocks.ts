/** The few blocks this adapter writes, as Slack's types have them, each within its limits. */
import type {
  ActionsBlock,
  Button,
  ContextBlock,
  HeaderBlock,
  InputBlock,
  KnownBlock,
  PlainTextElement,
  PlainTextOption,
  SectionBlock,
} from "@slack/types";
import { clip, LIMITS } from "./limits.ts";
import { escaped } from "./mrkdwn.ts";

export type Block = KnownBlock;
export type { ActionsBlock, Button, InputBlock, PlainTextOption };

/** Shown as it is: no marks, no mentions, no links. */
export const plain = (text: string, max: number): PlainTextElement => ({
  type: "plain_text",
  // Slack refuses empty text.
  text: clip(text, max) || "–",
  emoji: false,
});

export const header = (text: string): HeaderBlock => ({
  type: "header",
  text: plain(text.replaceAll("\n", " "), LIMITS.headerText),
});

export const words = (text: string, max: number = LIMITS.sectionText): SectionBlock => ({
  type: "section",
  text: plain(text, max),
});

/** `mark` is Slack's markup, made by mrkdwn.ts; names in it are not looked up. */
export const marked = (mark: string): SectionBlock => ({
  type: "section",
  text: { type: "mrkdwn", text: mark, verbatim: true },
});

export const small = (text: string, max: number = LIMITS.contextText): ContextBlock => ({
  type: "context",
  elements: [plain(text, max)],
});

export const smallMarked = (mark: string): ContextBlock => ({
  type: "context",
  elements: [{ type: "mrkdwn", text: mark, verbatim: true }],
});

/** How long a piece of raw text may be so that it has at most `max` characters once it is escaped. */
export function clipEscaped(text: string, max: number): string {
  let cut = clip(text, max);
  while (escaped(cut).length > max)
    cut = clip(text, cut.length - Math.max(1, Math.ceil((escaped(cut).length - max) / 5)));
  return cut;
}
