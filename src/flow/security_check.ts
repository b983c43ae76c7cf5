/**
 * `security::check`: looks through texts for what should not go on unseen: secrets, commands that destroy or fetch and run, and words
 * that try to instruct whoever reads them. By fixed rules, so that the same text always gives the same answer. It finds what is
 * plain; it does not prove that a text is harmless.
 */
import type { Json } from "./definition.ts";
import { isObject } from "./json.ts";

export const SEVERITIES = ["low", "medium", "high"] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Finding {
  rule: string;
  severity: Severity;
  /** Where in the value: `command`, `files.0.text`. */
  path: string;
  /** The beginning of what was found; of a secret only its kind is told. */
  excerpt: string | null;
}

interface Rule {
  rule: string;
  severity: Severity;
  /** Each of bounded length, so that a hostile text costs time in proportion to its size. */
  pattern: RegExp;
  secret?: true;
}

const RULES: Rule[] = [
  { rule: "private-key", severity: "high", secret: true, pattern: /-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----/ },
  { rule: "aws-key", severity: "high", secret: true, pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/ },
  {
    rule: "github-token",
    severity: "high",
    secret: true,
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{30,60}|github_pat_\w{30,90})/,
  },
  { rule: "slack-token", severity: "high", secret: true, pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10,80}/ },
  { rule: "api-key", severity: "high", secret: true, pattern: /\bsk-[A-Za-z0-9_-]{20,80}/ },
  {
    rule: "password",
    severity: "medium",
    secret: true,
    pattern: /\b(?:password|passwd|secret|api[_-]?key)\s{0,3}[:=]\s{0,3}["']?[^\s"'{}<>]{8,80}/i,
  },
  {
    // As people say it: "my password is hunter2". Needs a digit or a sign, so that "the password is expired" is none.
    rule: "password",
    severity: "medium",
    secret: true,
    pattern:
      /\b(?:password|passwd|passphrase|pin|api[ _-]?key|token)(?:\s{1,3}(?:for|of|to)(?:\s{1,3}[^\s]{1,40}){1,4})?\s{1,3}is\s{1,3}["'`]?(?=[^\s"'`]{0,79}[0-9!@#$%^&*])[^\s"'`]{4,80}/i,
  },
  {
    rule: "destroys-files",
    severity: "high",
    pattern: /\brm\s{1,5}-[a-z]{0,10}(?:rf|fr)[a-z]{0,10}\s{1,5}[/~*$]\S{0,40}/i,
  },
  {
    rule: "destroys-data",
    severity: "high",
    pattern: /\b(?:drop\s{1,5}(?:table|database|schema)|truncate\s{1,5}table)\b/i,
  },
  { rule: "writes-a-disk", severity: "high", pattern: /\b(?:mkfs(?:\.\w{1,10})?\s|dd\s[^\n]{0,80}\bof=\/dev\/)/i },
  {
    rule: "fetches-and-runs",
    severity: "high",
    pattern: /\b(?:curl|wget)\s[^\n|]{1,300}\|\s{0,5}(?:sudo\s{1,5})?(?:ba|z|k)?sh\b/i,
  },
  { rule: "opens-permissions", severity: "medium", pattern: /\bchmod\s{1,5}(?:-R\s{1,5})?0?777\b/ },
  {
    rule: "instructs-the-reader",
    severity: "medium",
    pattern:
      /\b(?:ignore|disregard|forget)\s(?:all\s|any\s)?(?:the\s)?(?:previous|prior|above|earlier)\s(?:instructions|rules|messages)/i,
  },
];

const MAX_FINDINGS = 50;
const MAX_DEPTH = 32;

/** Every string in the value, in its order. */
export function securityFindings(value: Json): Finding[] {
  const found: Finding[] = [];
  const visit = (part: Json, path: string, depth: number): void => {
    if (found.length >= MAX_FINDINGS || depth > MAX_DEPTH) return;
    if (typeof part === "string") found.push(...findingsIn(part, path));
    else if (Array.isArray(part))
      for (const [index, item] of part.entries()) visit(item, join(path, `${index}`), depth + 1);
    else if (isObject(part)) for (const [key, item] of Object.entries(part)) visit(item, join(path, key), depth + 1);
  };
  visit(value, "", 0);
  return found.slice(0, MAX_FINDINGS);
}

function findingsIn(text: string, path: string): Finding[] {
  return RULES.flatMap(({ rule, severity, pattern, secret }) => {
    const match = pattern.exec(text);
    if (match === null) return [];
    return [{ rule, severity, path: path === "" ? "value" : path, excerpt: secret ? null : match[0].slice(0, 80) }];
  });
}

const join = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`);

export const atLeast = (found: Severity, bar: Severity): boolean =>
  SEVERITIES.indexOf(found) >= SEVERITIES.indexOf(bar);
