/** `key=value key="two words"`, as people write it after a command or an answer. */
import { FIELD_NAME } from "../contract/form.ts";

const MAX_VALUES = 100;

/** Values are text. `problem`: why it is not pairs from its beginning to its end. */
export type Pairs = { values: Map<string, string> } | { problem: string };

export function readPairs(text: string): Pairs {
  const values = new Map<string, string>();
  const pair = new RegExp(
    String.raw`\s*(${FIELD_NAME})=(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|“([^”]*)”|(\S*))(?=\s|$)`,
    "uys",
  );
  while (text.slice(pair.lastIndex).trim() !== "") {
    const from = pair.lastIndex;
    const match = pair.exec(text);
    if (match === null) {
      const left = text.slice(from).trim().slice(0, 40);
      return { problem: `"${left}" is not key=value; quote values with blanks: note="two words"` };
    }
    const [, key, double, single, curly, plain] = match;
    if (values.has(key!)) return { problem: `"${key}" is given twice` };
    if (values.size >= MAX_VALUES) return { problem: `more than ${MAX_VALUES} values` };
    values.set(key!, double?.replaceAll(/\\(.)/gs, "$1") ?? single ?? curly ?? plain ?? "");
  }
  return { values };
}
