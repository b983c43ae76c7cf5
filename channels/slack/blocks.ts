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

/** Raw text cut so that it has at most `max` characters once `grow` has made it safe. */
export function clipEscaped(text: string, max: number, grow: (text: string) => string = escaped): string {
  let cut = clip(text, max);
  // No character grows to more than five.
  for (let over = grow(cut).length - max; over > 0; over = grow(cut).length - max) {
    cut = clip(text, cut.length - Math.max(1, Math.ceil(over / 5)));
  }
  return cut;
}
