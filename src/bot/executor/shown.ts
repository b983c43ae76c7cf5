/** What a program printed, as text for people: without colours and what moves a cursor; a line that was written over shows its end. */
const ESCAPE = "\\u001b";
const SEQUENCES = new RegExp(
  `${ESCAPE}(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]*(?:\\u0007|${ESCAPE}\\\\)?|[@-Z\\\\-_])`,
  "g",
);
/** Controls but tab and line end, and what turns the direction of writing. */
const CONTROLS = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

export function shown(text: string): string {
  return text
    .replace(SEQUENCES, "")
    .replace(/\r+\n/g, "\n")
    .replace(/^.*\r(?!$)/gm, "")
    .replace(CONTROLS, (control) => (control === "\n" || control === "\t" ? control : ""));
}
