/**
 * The one grammar of commands: `/workflow run deploy version=1.2` on Slack, Discord and the terminal, `RUN deploy version=1.2` by SMS.
 * Answers (`YES 4K`) are not commands; see answer.ts. `/approve`, `/deny` and `/answer` become the text of an answer.
 */
import { looksLikeCode, normalizeCode } from "./code.ts";
import { readPairs } from "./pairs.ts";
import { didYouMean } from "./suggest.ts";

export type Command =
  /** Values are text; `coerceInput` (schema.ts) reads them by the workflow's inputs. */
  | { kind: "run"; workflow: string; input: Record<string, string> }
  | { kind: "status"; run: string | null }
  | { kind: "cancel"; run: string }
  | { kind: "workflows" }
  | { kind: "pending" }
  | { kind: "help" }
  /** To be read by `readAnswer`. */
  | { kind: "answer"; text: string }
  | { kind: "more"; code: string }
  | { kind: "reassign"; code: string; person: string }
  | { kind: "resend"; code: string }
  /** A code for linking an account on another channel; `person` null: the one who asks. */
  | { kind: "enrol"; channel: string; person: string | null }
  /** Began like a command and is none: the person is told, no model sees it. */
  | { kind: "malformed"; message: string; usage: string };

interface Form {
  /** With the slash, as people write it; the first word or two name the command. */
  usage: string;
  /** By SMS; null: not offered there. */
  bare: string | null;
  does: string;
}

export const COMMANDS = {
  run: { usage: "/workflow run NAME key=value …", bare: "RUN NAME key=value …", does: "starts a workflow" },
  status: { usage: "/workflow status [RUN]", bare: "STATUS [RUN]", does: "shows your runs, or one" },
  cancel: { usage: "/workflow cancel RUN", bare: null, does: "cancels a run" },
  workflows: { usage: "/workflow list", bare: null, does: "lists the workflows" },
  pending: { usage: "/pending", bare: "PENDING", does: "lists the questions that wait for you, with codes" },
  approve: { usage: "/approve CODE [reason]", bare: "YES CODE", does: "approves" },
  deny: { usage: "/deny CODE [reason]", bare: "NO CODE reason", does: "denies" },
  answer: { usage: "/answer CODE OPTION", bare: "ANSWER CODE text", does: "chooses an option or answers in words" },
  more: { usage: "/more CODE", bare: "MORE CODE", does: "shows a question in full" },
  reassign: { usage: "/reassign CODE PERSON", bare: "REASSIGN CODE PERSON", does: "hands a question on" },
  resend: { usage: "/resend CODE", bare: "RESEND CODE", does: "sends a question again" },
  enrol: { usage: "/enrol CHANNEL [PERSON]", bare: null, does: "gives a code that links a phone or another account" },
  help: { usage: "/help", bare: "HELP", does: "shows this list" },
} as const satisfies Record<string, Form>;

export type CommandName = keyof typeof COMMANDS;

/** One line for each command, as the channel writes it. */
export function helpLines(bare: boolean): string[] {
  return (Object.values(COMMANDS) as Form[]).flatMap(({ usage, bare: word, does }) => {
    const shown = bare ? word : usage;
    return shown === null ? [] : [`${shown} – ${does}`];
  });
}

/** Null: not a command. `bare`: words without the slash count too (SMS), where the whole message is one command. */
export function parseCommand(text: string, { bare }: { bare: boolean }): Command | null {
  const trimmed = text.trim();
  if (trimmed.startsWith("/")) {
    const [, name, rest] = /^\/(\S*)\s*([\s\S]*)$/.exec(trimmed)!;
    return slashCommand(name!, rest!);
  }
  return bare ? bareCommand(trimmed) : null;
}

/** A platform's own slash command: its name without the slash, and the rest. */
export function slashCommand(name: string, rest: string): Command {
  const command = name.toLowerCase();
  const text = rest.trim();
  if (command === "workflow" || command === "workflows") {
    const [, sub, after] = /^(\S*)\s*([\s\S]*)$/.exec(text)!;
    const subs = ["run", "status", "cancel", "list"] as const;
    const chosen = sub === "" && command === "workflows" ? "list" : subs.find((known) => known === sub!.toLowerCase());
    if (chosen === undefined) {
      const near = didYouMean(sub!, subs);
      const said = sub === "" ? "what is to be done?" : `there is no "/workflow ${sub!.slice(0, 40)}"`;
      return {
        kind: "malformed",
        message: near ? `${said}; did you mean "${near}"?` : said,
        usage: "/workflow run | status | cancel | list",
      };
    }
    return build(chosen === "list" ? "workflows" : chosen, after!);
  }
  if (Object.hasOwn(COMMANDS, command)) return build(command as CommandName, text);
  const near = didYouMean(command, [...Object.keys(COMMANDS), "workflow"]);
  return {
    kind: "malformed",
    message: `there is no command "/${name.slice(0, 40)}"${near ? `; did you mean "/${near}"?` : ""}`,
    usage: "/help lists the commands",
  };
}

const BARE: Record<string, CommandName> = {
  run: "run",
  status: "status",
  pending: "pending",
  help: "help",
  more: "more",
  reassign: "reassign",
  resend: "resend",
};

/** Anything that is not wholly a command is conversation ("status of deploy?", "run the tests please"). */
function bareCommand(text: string): Command | null {
  const [, word, rest] = /^(\S*)\s*([\s\S]*)$/.exec(text.replace(/\s?[.!]$/, ""))!;
  const name = Object.hasOwn(BARE, word!.toLowerCase()) ? BARE[word!.toLowerCase()]! : null;
  if (name === null || (name === "help" && rest !== "")) return null;
  // A run's id has digits in it or is long; "status update" is conversation.
  if (name === "status" && rest !== "" && !/\d|^\S{16,}$/.test(rest!)) return null;
  const command = build(name, rest!);
  return command.kind === "malformed" ? null : command;
}

const WORD = /^[^\s"']+$/;

function build(name: CommandName, rest: string): Command {
  const text = rest.trim();
  const words = text === "" ? [] : text.split(/\s+/);
  const malformed = (message: string): Command => ({ kind: "malformed", message, usage: COMMANDS[name].usage });
  switch (name) {
    case "pending":
    case "help":
    case "workflows":
      return words.length === 0 || name === "help" ? { kind: name } : malformed("nothing may follow");
    case "status":
      if (words.length > 1) return malformed("one run at most");
      return { kind: "status", run: words[0] ?? null };
    case "enrol": {
      const [channel, ...person] = words;
      if (channel === undefined) return malformed("on which channel? For example sms");
      return { kind: "enrol", channel: channel.toLowerCase(), person: person.join(" ") || null };
    }
    case "cancel":
      return words.length === 1 ? { kind: "cancel", run: words[0]! } : malformed("which run? Give its id");
    case "run":
      return run(text, malformed);
    case "approve":
    case "deny":
    case "answer":
      if (words.length < (name === "answer" ? 2 : 1))
        return malformed("the code of a question is missing; /pending lists them");
      return { kind: "answer", text: `${name.toUpperCase()} ${text}` };
    case "more":
    case "resend":
    case "reassign": {
      const [code, person] = words;
      const wanted = name === "reassign" ? 2 : 1;
      if (code === undefined || !looksLikeCode(code))
        return malformed("the code of a question is missing; PENDING lists them");
      if (words.length !== wanted)
        return malformed(wanted === 2 ? "to whom? Give one name" : "nothing may follow the code");
      return name === "reassign"
        ? { kind: name, code: normalizeCode(code), person: person! }
        : { kind: name, code: normalizeCode(code) };
    }
  }
}

/** `NAME key=value key="two words"` */
function run(text: string, malformed: (message: string) => Command): Command {
  const name = /^\S+/.exec(text)?.[0];
  if (name === undefined || !WORD.test(name) || name.includes("=")) return malformed("which workflow? Give its name");
  const pairs = readPairs(text.slice(name.length));
  if ("problem" in pairs) return malformed(pairs.problem);
  return { kind: "run", workflow: name, input: Object.fromEntries(pairs.values) };
}
