/** What is to be said in a channel, or talked about in a thread of its own, read from a message. Pure. null: it does not ask for that. */
import * as find from "./offline_arguments.ts";

type Input = Record<string, unknown>;

const CHANNEL = "#\\p{L}[\\p{L}\\p{N}_-]*";
const SPEAK = "(?:post|send|say|write|announce|share|put|tell|let|publish|message|inform|notify)";
const OPEN = "(?:open|start|create|begin|make|set up|kick off|new|need|want|have)";
const SESSION = "(?:session|thread|topic|discussion|conversation)";

export const SPEAKS = new RegExp(`\\b${SPEAK}\\b.*${CHANNEL}`, "iu");
export const OPENS = new RegExp(
  `\\b${OPEN}\\b.*\\b${SESSION}\\b.*${CHANNEL}|\\b${OPEN}\\b.*${CHANNEL}.*\\b${SESSION}\\b`,
  "iu",
);

const channelIn = (text: string): string | null => new RegExp(CHANNEL, "u").exec(find.withoutQuotes(text))?.[0] ?? null;

export function channelMessage(text: string): Input | string | null {
  const channel = channelIn(text);
  if (channel === null) return null;
  const told = new RegExp(`\\b(?:tell|inform|notify)\\s+${CHANNEL}\\s+(\\S.*)$`, "iu").exec(text)?.[1] ?? null;
  const words =
    find.quoted(text) ??
    after(text, "(?:\\s*[:–-]\\s+|\\s+(?:that|know(?: that)?|to know that|about)\\s+|,\\s+)") ??
    before(text) ??
    told;
  if (words === null) return `What should I say there? For example: post "the build is green" in ${channel}.`;
  return { channel, text: find.trimEnd(words) };
}

export function session(text: string): Input | string | null {
  const channel = channelIn(text);
  if (channel === null) return null;
  const spoken = text.replace(
    new RegExp(`\\s*\\b(?:in|on|into|to)\\s+(?:the\\s+)?(?:channel\\s+)?${CHANNEL}(?:\\s+channel)?`, "iu"),
    "",
  );
  const topic =
    find.quoted(text) ??
    new RegExp(
      `\\b${SESSION}\\b(?:\\s+(?:about|on|for|called|named|titled|to discuss|to talk about|regarding)|\\s*:)\\s+(\\S.*)$`,
      "iu",
    ).exec(spoken)?.[1] ??
    null;
  if (topic === null) return `What should it be about? For example: open a session in ${channel} about the release.`;
  return { channel, topic: find.trimEnd(topic) };
}

/** `post in #eng: the build is green`, `tell #eng that the build is green` */
const after = (text: string, between: string): string | null =>
  new RegExp(`${CHANNEL}(?:\\s+channel)?${between}(\\S.*)$`, "iu").exec(text)?.[1] ?? null;

/** `post the build is green in #eng` */
function before(text: string): string | null {
  const found = new RegExp(
    `\\b${SPEAK}\\s+(?:(?:a|the|this)\\s+(?:message|note)\\s*(?:[:–-]|that|saying|which says)?\\s*)?(\\S.*?)\\s+(?:in|to|on|into)\\s+(?:the\\s+)?(?:channel\\s+)?${CHANNEL}`,
    "iu",
  ).exec(text)?.[1];
  return found === undefined || /^(?:a|the|this)?\s*(?:message|note|something)$/i.test(found) ? null : found;
}
