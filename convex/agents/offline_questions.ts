/** Whom to ask, and what: read from a message. Pure. null: it does not ask for that. */
import * as find from "./offline_arguments.ts";

type Input = Record<string, unknown>;

const WHO =
  "@?(?:the\\s+)?(?:role:)?(\\p{L}[\\p{L}\\p{N}_.'-]*(?:\\s+(?:team|role|people)|\\s+\\p{Lu}[\\p{L}\\p{N}_.'-]*)?)";
const POLITE =
  "^(?:(?:please|hey|hi|ok(?:ay)?|so|then|now|and|can you|could you|would you|will you|go and|i want you to|i need you to|i'd like you to)[\\s,]+)*";

/** Each names who in its first group and what in its second. */
const FORMS: { form: RegExp; word: (what: string) => string | null; words: boolean }[] = [
  ...["ask", "check with", "find out from", "clarify with", "confirm with", "verify with"].map((verb) => ({
    form: new RegExp(`${POLITE}${verb}\\s+${WHO}\\s+(?:whether|if)\\s+(\\S.*)$`, "iu"),
    word: turned,
    words: false,
  })),
  {
    form: new RegExp(`${POLITE}ask\\s+${WHO}\\s*[:,–-]\\s*(\\S.*)$`, "iu"),
    word: asked,
    words: false,
  },
  {
    form: new RegExp(
      `${POLITE}(?:ask|check with|find out from)\\s+${WHO}\\s+((?:who|what|which|when|where|why|how)\\b.*)$`,
      "iu",
    ),
    word: asked,
    words: true,
  },
  {
    form: new RegExp(
      `${POLITE}ask\\s+${WHO}\\s+(?:for\\s+(?:approval|permission|an? ok|the ok|a go|the go-ahead)|to (?:approve|allow|confirm|ok))\\s+(?:(?:to|for|of|that we)\\s+)?(\\S.*)$`,
      "iu",
    ),
    word: permission,
    words: false,
  },
  {
    form: new RegExp(
      `${POLITE}(?:get|obtain|request|i need|we need)\\s+${WHO}'s\\s+(?:approval|permission|ok|okay|go-ahead|sign-?off|consent)\\s+(?:to|for|on)\\s+(\\S.*)$`,
      "iu",
    ),
    word: permission,
    words: false,
  },
  {
    form: new RegExp(
      `${POLITE}(?:get|obtain|request)\\s+(?:the\\s+|an?\\s+)?(?:approval|permission|ok|okay|go-ahead|sign-?off|consent)\\s+(?:from|of)\\s+${WHO}\\s+(?:to|for|on)\\s+(\\S.*)$`,
      "iu",
    ),
    word: permission,
    words: false,
  },
];

export const ASKS: RegExp[] = FORMS.map(({ form }) => form);
/** A question in it is what is to be asked, not one to the one who reads this. */
export const ASKS_SOMEBODY = new RegExp(`${POLITE}(?:ask|check with|find out from)\\s`, "iu");

export function question(text: string): Input | string | null {
  for (const { form, word, words } of FORMS) {
    const found = form.exec(text);
    const who = found?.[1];
    const what = found?.[2];
    if (who === undefined || what === undefined || NOBODY.test(who)) continue;
    const said = word(find.trimEnd(what));
    if (said !== null) return { ask: who.replace(/'s$/, ""), question: said, ...(words ? { options: [] } : {}) };
  }
  return null;
}

const NOBODY =
  /^(?:for|about|it|that|this|them|him|her|us|you|somebody|someone|anybody|anyone|everybody|everyone|whether|if|a|an|to|what|who|how)\b/i;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function asked(what: string): string {
  const plain = what.replace(/^["“”„«»']+|["“”„«»']+$/g, "").trim();
  return `${capital(plain.replace(/[?.!]+$/, ""))}?`;
}

/** `we may ship 1.2` → `May we ship 1.2?` */
function turned(what: string): string {
  const found =
    /^((?:the\s+|our\s+|my\s+)?\S+(?:\s+\S+){0,2}?)\s+(may|can|could|should|shall|must|will|would|is|are|was|were|has|have)\s+(\S.*)$/i.exec(
      what,
    );
  const [, subject, verb, rest] = found ?? [];
  return subject === undefined ? asked(what) : `${capital((verb ?? "").toLowerCase())} ${subject} ${rest}?`;
}

/** `ship 1.2` → `May we ship 1.2?`; `shipping 1.2`, `the release` → `Do you approve shipping 1.2?` */
function permission(what: string): string {
  const noun = /^(?:the|a|an|our|my|this|that|version|release)\b|^\S+ing\b/i.test(what) || /^v?\d/.test(what);
  return noun ? `Do you approve ${what}?` : `May we ${what}?`;
}
