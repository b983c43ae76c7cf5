/** What an option means, the same for the grammar that reads answers and for every channel that draws buttons. */

/** As words are compared: blanks, case and one final `.` or `!` do not matter. */
export function normalize(text: string): string {
  const words = text.normalize("NFC").trim().replaceAll(/\s+/gu, " ").toLowerCase();
  return words.replace(/\s?[.!]$/u, "");
}

export type Meaning = "approve" | "deny";

/** What people may say, and the options that it stands for. */
export const VERDICTS: Record<Meaning, { said: readonly string[]; options: readonly string[] }> = {
  approve: { said: ["yes", "y", "approve"], options: ["yes", "approve", "approved"] },
  deny: { said: ["no", "n", "deny"], options: ["no", "deny", "denied", "reject"] },
};

/** Whether an option approves or denies; null: neither. */
export function meaningOf(option: string): Meaning | null {
  const word = normalize(option);
  const means = (meaning: Meaning) => VERDICTS[meaning].options.includes(word) || VERDICTS[meaning].said.includes(word);
  return means("deny") ? "deny" : means("approve") ? "approve" : null;
}

/** Whether YES or NO chooses an option; null: neither does. */
export function chosenBy(option: string): Meaning | null {
  const word = normalize(option);
  if (VERDICTS.deny.options.includes(word)) return "deny";
  return VERDICTS.approve.options.includes(word) ? "approve" : null;
}
