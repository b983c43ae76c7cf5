/** What a command prints: one JSON document for programs, or lines for people. Results on stdout; errors for people on stderr. */
import { escapeText, padEnd, painter, textWidth, wantsColours } from "../../channels/index.ts";
import { ERROR_CODES, type ErrorCode, type ErrorInfo } from "../contract/errors.ts";

export type Format = "text" | "json";
export type Painter = ReturnType<typeof painter>;

export interface Output {
  readonly format: Format;
  /** A result: `json` for programs, `text` for people (made only when needed). */
  result(json: unknown, text: (paint: Painter) => string): void;
  /** Lines that are made for programs whatever the format. */
  raw(text: string): void;
  /** A remark for people; programs do not get it. */
  note(text: string): void;
  /** Prints the error and returns its exit code. With JSON it goes to stdout, where a program reads the answer. */
  error(info: ErrorInfo): number;
}

export interface Streams {
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  stderr: { write(text: string): unknown; isTTY?: boolean };
  env: Record<string, string | undefined>;
}

export function createOutput(format: Format, { stdout, stderr, env }: Streams): Output {
  const paint = painter(wantsColours(stdout, env));
  const paintError = painter(wantsColours(stderr, env));
  return {
    format,
    result(json, text) {
      if (format === "json") stdout.write(`${JSON.stringify(json)}\n`);
      else {
        const shown = text(paint);
        if (shown !== "") stdout.write(`${onlyColours(shown)}\n`);
      }
    },
    raw(text) {
      stdout.write(text);
    },
    note(text) {
      if (format === "text") stderr.write(`${paintError("dim", escapeText(text))}\n`);
    },
    error(given) {
      const info = { ...given, remedy: given.remedy ?? REMEDIES[given.code] ?? null };
      if (format === "json") stdout.write(`${JSON.stringify({ error: info })}\n`);
      else {
        const lines = [`${paintError("red", "error:")} ${shownLines(info.message)}`];
        if (info.field !== null) lines.push(`  at:     ${shownLines(info.field)}`);
        if (info.remedy !== null) lines.push(`  remedy: ${shownLines(info.remedy)}`);
        stderr.write(`${lines.join("\n")}\n`);
      }
      return ERROR_CODES[info.code].exit;
    },
  };
}

/** Results, answers and notes quote what others wrote. Whatever could steer a terminal is shown instead; our own colours pass. */
const onlyColours = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    .split(/(\u001b\[\d{1,2}m)/)
    .map((part, index) => (index % 2 === 1 ? part : escapeText(part)))
    .join("");

/** For errors whose remedies stand in the message, one for each problem. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  invalid_definition: "correct the file and try again; nothing was stored",
};

/** Later lines of a text hang under its first. */
const shownLines = (text: string) => escapeText(text).split("\n").join("\n          ");

/** Columns as wide as their widest cell; the last one is not padded. Cells are escaped here. */
export function table(head: string[], rows: string[][], paint: Painter): string {
  const cells = rows.map((row) => row.map((cell) => escapeText(cell).replaceAll("\n", " ")));
  const widths = head.map((title, column) =>
    Math.max(textWidth(title), ...cells.map((row) => textWidth(row[column] ?? ""))),
  );
  const line = (row: string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : padEnd(cell, widths[column]!))).join("  ");
  return [paint("dim", line(head)), ...cells.map(line)].join("\n");
}

/** "name: value" lines with the values under one another; null values are left out. Values are escaped here. */
export function fields(pairs: [string, string | null][], paint: Painter): string {
  const shown = pairs.filter((pair): pair is [string, string] => pair[1] !== null);
  const width = Math.max(0, ...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => {
      const lines = escapeText(value).split("\n");
      return lines
        .map((part, row) => `${row === 0 ? paint("dim", padEnd(name, width)) : " ".repeat(width)}  ${part}`)
        .join("\n");
    })
    .join("\n");
}
