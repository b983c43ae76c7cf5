/** A method's arguments: forms carry everything as text, with JSON inside; JSON bodies carry it as it is. */
import { SlackError } from "./types.ts";

export interface Arguments {
  readonly raw: Record<string, unknown>;
  has(name: string): boolean;
  text(name: string): string;
  optionalText(name: string): string | null;
  flag(name: string): boolean;
  number(name: string, standard: number): number;
  /** undefined: not given. */
  json(name: string): unknown;
}

export function readArguments(raw: Record<string, unknown>): Arguments {
  const given = (name: string) => raw[name] !== undefined && raw[name] !== null && raw[name] !== "";
  const optionalText = (name: string) => (given(name) ? String(raw[name]) : null);
  return {
    raw,
    has: given,
    optionalText,
    text(name) {
      const value = optionalText(name);
      if (value === null) throw missing(name);
      return value;
    },
    flag: (name) => raw[name] === true || raw[name] === "true" || raw[name] === "1" || raw[name] === 1,
    number(name, standard) {
      if (!given(name)) return standard;
      const value = Number(raw[name]);
      if (!Number.isFinite(value)) throw invalid(`must be a number [json-pointer:/${name}]`);
      return value;
    },
    json(name) {
      const value = raw[name];
      if (typeof value !== "string") return value ?? undefined;
      if (value === "") return undefined;
      try {
        return JSON.parse(value) as unknown;
      } catch {
        throw name === "blocks" ? new SlackError("invalid_blocks_format") : invalid(`not JSON [json-pointer:/${name}]`);
      }
    },
  };
}

export const invalid = (...complaints: string[]): SlackError =>
  new SlackError("invalid_arguments", {
    response_metadata: { messages: complaints.map((complaint) => `[ERROR] ${complaint}`) },
  });

export const missing = (name: string): SlackError => invalid(`missing required field: ${name}`);
