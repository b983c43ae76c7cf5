/** What is to be kept in mind, told again or forgotten: read from a message, and the results in words. Pure. */
import type { Memory } from "../../src/contract/work.ts";
import type { Forgotten } from "../model/memories.ts";
import * as find from "./offline_arguments.ts";

type Input = Record<string, unknown>;

const POLITE =
  "(?:(?:please|hey|ok|okay|so|and|also)[\\s,]+)*(?:(?:can|could|would|will) you (?:please )?)?(?:please )?";
const FOR_ALL = "(?:\\s*,?\\s*for (?:everybody|everyone|us all|all of us|the (?:whole )?(?:team|factory)))";
const FOR_PROJECT = '(?:\\s*,?\\s*(?:for|about) (?:the )?project ["“]?(?<project>[\\p{L}\\p{N}_-]+)["”]?)';

/** Anchored, so that a fact may hold whatever words: "remember that we never deploy on Fridays". */
export const REMEMBERS = new RegExp(
  `^${POLITE}(?:remember|keep in mind|memori[sz]e|make a note|note for later|for the record)(?<all>${FOR_ALL})?${FOR_PROJECT}?(?:\\s+that\\s+|\\s+this:\\s*|\\s*[:,]\\s*|\\s+(?=["“])|\\s+(?=(?:the|our|my|we|i) .*\\b(?:is|are|was|were|has|have|will|can|must|should|may|never|always|goes?|takes?|needs?|does|do|don't|prefers?|wants?|likes?|uses?)\\b))(?<fact>\\S.*)$`,
  "iu",
);

export function factToKeep(text: string): Input | null {
  const { fact, all, project } = REMEMBERS.exec(text)?.groups ?? {};
  const said = fact === undefined ? "" : fact.trim().replace(/\s*\?$/, "");
  if (said === "" || said.length > 500) return null;
  return {
    fact: find.quoted(said) === said.replace(/^["“]|["”]$/g, "") ? find.quoted(said) : said,
    ...(all ? { shared: true } : {}),
    ...(project ? { project } : {}),
  };
}

export const RECALLS: RegExp[] = [
  /^(?:and |so |ok(?:ay)?,? )?what (?:do|can|did) you (?:still )?(?:remember|recall|have in mind|keep in mind|memori[sz]e)\b/i,
  /^(?:do|can) you (?:still )?(?:remember|recall)\s+\S/i,
  /^what(?:'s| is) (?:in )?(?:your )?memor(?:y|ies)\b/i,
  /^(?:please )?(?:list|show|tell|give)\s+(?:me\s+)?(?:all\s+)?(?:the |your |our |my )?(?:memories|memory|what you remember)\b/i,
  /^what (?:do you know|have you noted|did i tell you|did we tell you)(?: about (?:me|us))?\s*[?.!]*$/i,
  /^(?:memories|memory|what you remember)(?:[\s,]+please)?[\s.!?]*$/i,
];

export function whatToRecall(text: string): Input {
  const about =
    /\b(?:about|on|regarding|concerning|of)\s+(\S.*)$/i.exec(text)?.[1] ??
    /^(?:do|can) you (?:still )?(?:remember|recall)\s+(?:when|what|who|where|that|how|which|if)?\s*(\S.*)$/i.exec(
      text,
    )?.[1];
  const words =
    about === undefined ? "" : find.trimEnd(find.quoted(about) ?? about).replace(/^(?:the|our|my|a)\s+/i, "");
  return words === "" || /^(?:me|us|everything|all|it|anything)$/i.test(words) ? {} : { about: words.slice(0, 300) };
}

export const FORGETS: RegExp[] = [
  new RegExp(`^${POLITE}(?:forget|unlearn)\\b`, "i"),
  new RegExp(`^${POLITE}(?:delete|remove|erase|drop)\\s+(?:the |that |your )?memor(?:y|ies)\\b`, "i"),
];

export function whatToForget(text: string): Input | string | null {
  const name = /\bm\s?(\d{1,9})\b/i.exec(text)?.[1];
  if (name !== undefined) return { memory: `M${name}` };
  const said = new RegExp(
    `^${POLITE}(?:forget|unlearn|(?:delete|remove|erase|drop)\\s+(?:the |that |your )?memor(?:y|ies))\\s*(?:about|of|that|what you (?:remember|know) about|what i (?:said|told you) about|:)?\\s*(.*)$`,
    "i",
  ).exec(text)?.[1];
  const words = find.trimEnd(said ?? "").replace(/^(?:the|our|my)\s+/i, "");
  if (/^(?:it|this|that|about it|me|never mind|the last|what i said)?$/i.test(words)) return null;
  if (/^(?:everything|all(?: of it)?|all memories)$/i.test(words))
    return "Which one? Name it, for example: forget M3. The list: what do you remember?";
  return { memory: (find.quoted(words) ?? words).slice(0, 300) };
}

const line = ({ memory, text, shared, author, project }: Memory): string =>
  `- **${memory}** ${text} (${shared ? `${author}${project === null ? "" : `, project ${project}`}` : "only you"})`;

export const MEMORY_WORDS: Record<string, (value: Record<string, unknown>) => string> = {
  rememberFact: (value) => {
    const { memory, kept } = value as unknown as { memory: Memory; kept: boolean };
    const whose = memory.shared ? "everybody here may be told" : "only you are told, in private";
    return `${kept ? "I keep that in mind" : "I have that in mind already"} as **${memory.memory}** (${whose}): "${memory.text}"`;
  },
  recallMemories: (value) => {
    const { memories, more, about } = value as { memories: Memory[]; more: boolean; about: string | null };
    if (memories.length === 0) {
      return about === null
        ? "I remember nothing yet. Tell me something: remember that the release is on Friday."
        : `I remember nothing about "${about}".`;
    }
    return `I remember${about === null ? "" : ` about "${about}"`}:\n${memories.map(line).join("\n")}${more ? "\nThere is more; ask about something." : ""}`;
  },
  forgetMemory: (value) => {
    const result = value as unknown as Forgotten;
    if (result.several) return `Several fit, so I forgot none. Name one:\n${result.found.map(line).join("\n")}`;
    const [gone] = result.forgotten;
    return `Forgotten: "${gone?.text}". What was said in our conversations stays in them.`;
  },
};
