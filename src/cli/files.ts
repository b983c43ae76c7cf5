/** Files and JSON given on the command line. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { FactoryError } from "../contract/errors.ts";
import { jsonOr } from "../contract/form.ts";

/** npm changes into the product's folder and leaves the one where the command was typed in INIT_CWD. */
export function locate(path: string): string {
  if (isAbsolute(path) || existsSync(path)) return resolve(path);
  const typedIn = process.env.INIT_CWD;
  if (typedIn !== undefined && existsSync(join(typedIn, path))) return join(typedIn, path);
  return resolve(path);
}

/** Far above every limit of what the text is for; those are the backend's. */
const LARGEST_BYTES = 8 * 1024 * 1024;
const UNREADABLE: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  ERR_ENCODING_INVALID_ENCODED_DATA: "it is not UTF-8 text",
};

/** `field` is how the caller named it, for the error. */
export function readText(path: string, field: string): string {
  const found = locate(path);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readAtMost(found, LARGEST_BYTES, field));
  } catch (thrown) {
    if (thrown instanceof FactoryError) throw thrown;
    const { code, message } = thrown as NodeJS.ErrnoException;
    const reason = code === undefined ? message : (UNREADABLE[code] ?? message);
    throw new FactoryError("invalid_input", `${path} cannot be read: ${reason}`, {
      field,
      remedy: "give the path of a file you may read",
      cause: thrown,
    });
  }
}

/** Of devices and pipes nobody knows beforehand how much comes. */
function readAtMost(path: string, most: number, field: string): Buffer {
  const file = openSync(path, "r");
  try {
    const parts: Buffer[] = [];
    for (let total = 0, read = -1; read !== 0; total += read) {
      const part = Buffer.alloc(64 * 1024);
      read = readSync(file, part);
      parts.push(part.subarray(0, read));
      if (total + read > most) {
        throw new FactoryError("too_large", `${path} is larger than ${most / 1024 / 1024} MiB`, {
          field,
          remedy: "give a smaller file",
        });
      }
    }
    return Buffer.concat(parts);
  } finally {
    closeSync(file);
  }
}

/** A workflow is meant as a file when it looks like one or is there as one. */
export const looksLikeFile = (text: string): boolean =>
  /[/\\]|\.(ya?ml|json)$/i.test(text) || (existsSync(locate(text)) && statSync(locate(text)).isFile());

/** `JSON`, or `@FILE` with JSON in it. Returns the JSON text, checked to be an object. */
export function readInput(value: string | undefined): string {
  if (value === undefined) return "{}";
  const file = value.startsWith("@") ? value.slice(1) : null;
  const text = file === null ? value : readText(file, "--input");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (thrown) {
    throw new FactoryError("invalid_input", `the input is not JSON: ${(thrown as Error).message}`, {
      field: file === null ? "--input" : file,
      remedy: `write an object, for example --input '{"version":"1.2"}', or --input @file.json`,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new FactoryError("invalid_input", "the input is JSON, but not an object", {
      field: file === null ? "--input" : file,
      remedy: `write an object, for example --input '{"version":"1.2"}'`,
    });
  }
  return text;
}

/** `FIELD=VALUE` options; a value that reads as JSON is that value, anything else is text. */
export function readFields(pairs: string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals < 1) {
      throw new FactoryError("invalid_input", `"${pair}" is not FIELD=VALUE`, {
        field: "--set",
        remedy: "write for example --set amount=820",
      });
    }
    fields[pair.slice(0, equals)] = jsonOr(pair.slice(equals + 1));
  }
  return fields;
}
