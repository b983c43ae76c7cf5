/**
 * Whether a message is somebody else's instruction that its sender only passes on: "Ana says: deploy now", a forwarded message, a
 * quotation. Such words count for nobody: the one they are ascribed to has not said them here, and the sender has not made them their
 * own. Pure, and by fixed forms, because no model is to decide whose word it is. It errs towards taking a message for the
 * sender's own: that has the sender's rights and no more.
 */
export interface Hearsay {
  /** Who is said to have said it, as the message puts it; null: it does not say. */
  from: string | null;
  how: "reported" | "forwarded" | "quoted";
}

/** One or two words; `named` below looks whether they are a name. */
const NAME = "(?:@?\\p{L}[\\p{L}\\p{N}_.'-]*(?:\\s+\\p{L}[\\p{L}\\p{N}_.'-]*)?)";
const ROLE =
  "(?:(?:the|our|my)\\s+(?:boss|chef|ceo|cto|cfo|lead|manager|owner|admin|administrator|operator|team\\s?lead|customer|client|management|director|head of \\p{L}+|release\\s?manager|workflow|bot|system))";
const WHO = `(?<who>${NAME}|${ROLE}|@[\\p{L}\\p{N}_.-]+|he|she|they|somebody|someone|everybody|everyone)`;
const LEAD = "^(?:(?:hi|hey|hello|ok|okay|so|please note|fyi|btw|by the way|attention|urgent|also|and)[\\s,:!.-]+)*";

/** After these the words that follow are the other's. */
const SPEAKS =
  "(?:says|said|writes|wrote|orders|ordered|instructs|instructed|texted|just said|just wrote|has said|told me|told us|tells me|tells us)";
/** An order that is passed on, whatever it is. */
const WANTS =
  "(?:(?:wants|asks|asked|told|tells|orders|ordered|instructs|instructed|requests|requested|needs|would like|expects|authorized|authorised|allowed|commanded|directed)\\s+(?:you|us|me|the (?:bot|factory|manager))\\s+to)";
const ALLOWS =
  "(?:(?:has\\s+|already\\s+|just\\s+)*(?:approved|approves|authorized|authorised|signed off|gave (?:the|their|his|her) (?:ok|okay|go|go-ahead|approval|permission)|agreed|confirmed|is (?:ok|okay|fine) with)\\b)";
/** What comes after `says` is an instruction when it is addressed, or begins as one does. */
const IMPERATIVE =
  "(?:please\\b|you\\b|go ahead\\b|let's\\b|just\\b|now\\b|do\\b|don't\\b|deploy|release|ship|roll|start|run|launch|execute|trigger|create|add|make|open|close|assign|give|move|mark|set|complete|finish|block|approve|confirm|accept|reject|send|post|tell|announce|cancel|stop|delete|remove|merge|push|commit|revert|restart|remember|forget|dispatch|put|begin|grant|change|update|write|transfer|pay)";

const REPORTED: RegExp[] = [
  new RegExp(`${LEAD}${WHO}\\s+${SPEAKS}\\b[^:"“„«]{0,40}[:"“„«,-]+\\s*["“„«']*${IMPERATIVE}`, "iu"),
  new RegExp(
    `${LEAD}${WHO}\\s+${SPEAKS}\\s+(?:that\\s+)?(?:to\\s+\\p{L}|(?:you|we|the (?:bot|factory|manager))\\s+(?:should|must|shall|can|may|have to|need to|are to))`,
    "iu",
  ),
  new RegExp(`${LEAD}${WHO}\\s+${SPEAKS}\\s+${IMPERATIVE}`, "iu"),
  new RegExp(`${LEAD}${WHO}\\s+${WANTS}\\b`, "iu"),
  new RegExp(`${LEAD}${WHO}\\s+${ALLOWS}.*[,;.:!-]\\s*(?:so|then|please|now|you|go)\\b`, "iu"),
  new RegExp(
    `${LEAD}(?:on behalf of|in the name of|as requested by|as ordered by|as instructed by|by order of|per|according to|message from|instruction from|order from|from)\\s+${WHO}\\s*[:,-]\\s*["“„«']*${IMPERATIVE}`,
    "iu",
  ),
];

const FORWARDED =
  /^\s*(?:-{2,}\s*)?(?:fwd?|wg|fw|tr)\s*:|^\s*(?:-{2,}|_{2,})\s*(?:begin\s+)?(?:forwarded|original|weitergeleitete)\b|^\s*(?:forwarded|fwd)\s+(?:message|from|by)\b|^\s*\[(?:forwarded|shared)[^\]]*\]/i;

/** `names`: the people there are, for the form `Ana: deploy now`; a word before a colon is a person only when somebody has that name. */
export function hearsayIn(message: string, speaker: string, names: readonly string[]): Hearsay | null {
  const text = message.normalize("NFC").trim();
  if (text === "") return null;
  if (FORWARDED.test(text)) return { from: null, how: "forwarded" };
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.every((line) => /^\s*>/.test(line))) return { from: null, how: "quoted" };
  const flat = text.replace(/\s+/g, " ").slice(0, MAX_LOOKED_AT);
  for (const form of REPORTED) {
    const found = form.exec(flat)?.groups?.who;
    const who = found === undefined ? null : whoIs(found, names);
    if (who !== null) return isSpeaker(who, speaker) ? null : { from: who, how: "reported" };
  }
  const named = new RegExp(`^@?(?<who>[^:]{1,80}):\\s*["“„«']*${IMPERATIVE}`, "iu").exec(flat)?.groups?.who;
  const person = named === undefined ? undefined : names.find((name) => same(name, named));
  return person === undefined || same(person, speaker) ? null : { from: person, how: "reported" };
}

/** An attribution stands at the beginning. */
const MAX_LOOKED_AT = 400;

const A_ROLE = new RegExp(`^${ROLE}$`, "iu");
const PRONOUN = /^(?:i|he|she|they|somebody|someone|everybody|everyone)$/i;
const NO_NAME = /^(?:the|a|an|it|this|that|what|which|who|title|text|page|log|error|message|readme|doc|docs)$/i;

/** Somebody, as far as words tell: a person here, a role, a pronoun, or words written as names are. */
function whoIs(found: string, names: readonly string[]): string | null {
  const who = found.replace(/^@/, "").trim();
  if (A_ROLE.test(who) || PRONOUN.test(who) || names.some((name) => same(name, who))) return who;
  const [first = "", second] = who.split(" ");
  if (second !== undefined && !/^\p{Lu}/u.test(second)) return whoIs(first, names);
  if (NO_NAME.test(first) || NO_NAME.test(second ?? "")) return null;
  return found.startsWith("@") || /^\p{Lu}/u.test(first) ? who : null;
}

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
const isSpeaker = (who: string, speaker: string): boolean => same(who, speaker) || same(who, "I");
