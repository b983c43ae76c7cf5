/** Text as a phone may show it: no marks of Markdown, few characters outside of the alphabet, nothing unseen. */
import { isGsm, toGsm } from "./gsm.ts";

/** In the alphabet where that changes nothing of what is said; pictures are left out where they alone stand against it. */
export function onAir(text: string): string {
  const gsm = toGsm(withoutControls(text));
  if (isGsm(gsm)) return gsm;
  const bare = gsm
    .replace(/\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u20e3/gu, "")
    .replace(/ {2,}/g, " ")
    .trim();
  return isGsm(bare) && bare !== "" ? bare : gsm;
}

const withoutControls = (text: string): string => text.replace(/\r\n?/g, "\n").replace(/(?!\n)\p{Cc}/gu, " ");

export const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** Light Markdown as plain text. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/^\s*```.*$/gm, "")
    .replace(/^#{1,6} +/gm, "")
    .replace(/^\s*[-*•]\s+/gm, "- ")
    .replace(/\*\*([^*\n]+)\*\*/g, "$1")
    .replace(/`([^`\n]+)`/g, "$1")
    .replace(/\n{2,}/g, "\n")
    .trim();
}
