/**
 * The slash commands: the grammar of `contract.md` with options that Discord asks for one by one. Pure. What a person fills in becomes
 * the text that the grammar reads, so a command means the same wherever it is written.
 */
import { type Body, bodiesAt, textAt } from "../../src/contract/untrusted.ts";

const TEXT = 3;
const SUB = 1;

interface Option {
  name: string;
  description: string;
  required?: true;
  autocomplete?: true;
}

interface Definition {
  name: string;
  description: string;
  options?: Option[];
  subs?: { name: string; description: string; options?: Option[] }[];
}

const CODE: Option = { name: "code", description: "The question's code", required: true, autocomplete: true };

const DEFINITIONS: Definition[] = [
  {
    name: "workflow",
    description: "Run, list or cancel workflows",
    subs: [
      {
        name: "run",
        description: "Start a workflow",
        options: [
          { name: "name", description: "Which workflow", required: true, autocomplete: true },
          { name: "inputs", description: 'key=value key2="two words"; left out, you are asked for what is needed' },
        ],
      },
      {
        name: "status",
        description: "Your runs, or one",
        options: [{ name: "run", description: "Which run", autocomplete: true }],
      },
      {
        name: "cancel",
        description: "Cancel a run",
        options: [{ name: "run", description: "Which run", required: true, autocomplete: true }],
      },
      { name: "list", description: "What can be started" },
    ],
  },
  { name: "pending", description: "Questions that wait for you, with their codes" },
  {
    name: "approve",
    description: "Approve a question",
    options: [CODE, { name: "reason", description: "Why, if you like" }],
  },
  {
    name: "deny",
    description: "Deny a question",
    options: [CODE, { name: "reason", description: "Why; some questions require it" }],
  },
  {
    name: "answer",
    description: "Choose an option, or answer in words",
    options: [CODE, { name: "option", description: "The option, its number, or your words", required: true }],
  },
  { name: "help", description: "What you can write to me" },
];

/** For `PUT /applications/ID/commands`: in servers and in direct messages with the bot. */
export function commandBodies(): Record<string, unknown>[] {
  const option = (one: Option) => ({ type: TEXT, ...one });
  return DEFINITIONS.map(({ name, description, options = [], subs = [] }) => ({
    type: 1,
    name,
    description,
    contexts: [0, 1],
    integration_types: [0],
    options: [
      ...subs.map((sub) => ({
        type: SUB,
        name: sub.name,
        description: sub.description,
        options: (sub.options ?? []).map(option),
      })),
      ...options.map(option),
    ],
  }));
}

/** What matters of commands, however Discord writes down what was left out: equal when nothing has to be registered anew. */
export function commandsDigest(bodies: readonly unknown[]): string {
  const normal = (one: Body): unknown => ({
    type: one.type ?? 1,
    name: one.name,
    description: one.description,
    required: one.required === true,
    autocomplete: one.autocomplete === true,
    contexts: Array.isArray(one.contexts) ? [...one.contexts].sort() : null,
    options: bodiesAt(one, "options").map(normal),
  });
  const all = bodiesAt({ bodies }, "bodies").map(normal) as { name: unknown }[];
  return JSON.stringify(all.sort((a, b) => String(a.name).localeCompare(String(b.name))));
}

export interface Given {
  command: string;
  sub: string | null;
  options: ReadonlyMap<string, string>;
  /** What is being typed, while suggestions are wanted. */
  focused: string | null;
}

export function readCommand(data: Body): Given | null {
  const command = textAt(data, "name");
  if (command === null) return null;
  const sub = bodiesAt(data, "options").find((one) => one.type === SUB) ?? null;
  const given = bodiesAt(sub ?? data, "options");
  return {
    command,
    sub: sub === null ? null : textAt(sub, "name"),
    options: new Map(given.map((one) => [String(one.name), String(one.value ?? "").trim()])),
    focused: textAt(given.find((one) => one.focused === true) ?? {}, "name"),
  };
}

/** The rest of the command line, as it would be written by hand. */
export function commandText({ command, sub, options }: Given): string {
  const value = (name: string) => options.get(name) ?? "";
  const words = ((): string[] => {
    if (command === "workflow") {
      if (sub === "run") return ["run", value("name"), value("inputs")];
      return [sub ?? "", value("run")];
    }
    return [value("code"), value("option"), value("reason")];
  })();
  return words.filter((word) => word !== "").join(" ");
}

/** Its place is the channel's, where a run's questions then stand. Everything else is between the bot and the person. */
export const isOfChannel = ({ command, sub }: Given): boolean =>
  command === "workflow" && (sub === "run" || sub === "cancel");
