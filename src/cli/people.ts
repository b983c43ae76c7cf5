/** Persons, their roles and handles. */
import type { Command } from "commander";
import { toE164 } from "../../channels/index.ts";
import { functions } from "../bot/backend.ts";
import type { Person } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import { parseHandle } from "../contract/handle.ts";
import { type Act, collect, list } from "./act.ts";
import { dutyCommands } from "./duty.ts";
import { fields, type Painter, table } from "./output.ts";

export function peopleCommands(program: Command, act: Act): void {
  const people = program.command("people").description("persons, roles and handles");
  people
    .command("add")
    .argument("<name>")
    .option("--role <role>", "may be given several times", collect, [])
    .description("add a person")
    .action(
      act(async (context, [name], options) => {
        const backend = await context.backend();
        const roles = list(options.role);
        const made = await backend.mutation(functions.people.add, { actor: context.actor(), name: name!, roles });
        context.out.result(made, (paint) => personText(made, paint));
      }),
    );
  people
    .command("list")
    .description("everybody, with roles and handles")
    .action(
      act(async (context) => {
        const all = await (await context.backend()).query(functions.people.list, { actor: context.actor() });
        const rows = all.map((one) => [one.name, one.roles.join(", "), shownHandles(one).join(", ")]);
        context.out.result(all, (paint) => table(["name", "roles", "handles"], rows, paint));
      }),
    );
  people
    .command("role")
    .argument("<name>")
    .argument("<change...>", "+ROLE gives, -ROLE takes")
    .description("change a person's roles, for example: people role bo +release -viewer")
    .action(
      act(async (context, [name, changes]) => {
        const { add, remove } = readRoles(changes as unknown as string[]);
        const backend = await context.backend();
        const person = await backend.mutation(functions.people.setRoles, {
          actor: context.actor(),
          name: name!,
          add,
          remove,
        });
        context.out.result(person, (paint) => personText(person, paint));
      }),
    );
  for (const [name, verb] of [
    ["link", functions.people.link],
    ["unlink", functions.people.unlink],
  ] as const) {
    people
      .command(name)
      .argument("<name>")
      .argument("<handle>", "slack:TEAM/USER, discord:USER, sms:+E164 or terminal:NAME")
      .description(
        name === "link" ? "an account on a platform is this person's" : "an account is this person's no more",
      )
      .action(
        act(async (context, [person, handle]) => {
          const args = { actor: context.actor(), name: person!, handle: await handleArgument(handle!) };
          const changed = await (await context.backend()).mutation(verb, args);
          context.out.result(changed, (paint) => personText(changed, paint));
        }),
      );
  }
  dutyCommands(people, act);
  people
    .command("enrol")
    .argument("<name>")
    .argument("<channel>", "sms, slack or discord")
    .description("a code that links the account which sends it within ten minutes")
    .action(
      act(async (context, [name, channel]) => {
        const backend = await context.backend();
        const args = { actor: context.actor(), name: name!, channel: channel! };
        const issued = await backend.mutation(functions.people.enrol, args);
        context.out.result(issued, (paint) =>
          [
            `${paint("bold", issued.code)} for ${issued.name}: send it to the bot by ${issued.channel} within ten minutes.`,
            paint("dim", "Three wrong codes from one account, and it has to wait ten minutes."),
          ].join("\n"),
        );
      }),
    );
}

export function readRoles(changes: string[]): { add: string[]; remove: string[] } {
  const add: string[] = [];
  const remove: string[] = [];
  for (const change of changes) {
    const role = change.slice(1);
    if (role !== "" && change.startsWith("+")) add.push(role);
    else if (role !== "" && change.startsWith("-")) remove.push(role);
    else {
      throw new FactoryError("invalid_input", `"${change}" is not a change of a role`, {
        field: "+ROLE|-ROLE",
        remedy: "write +ROLE to give a role, -ROLE to take one",
      });
    }
  }
  return { add, remove };
}

const shownHandles = ({ handles, suspended }: Person): string[] =>
  handles.map((handle) => (suspended.includes(handle) ? `${handle} (not in use)` : handle));

/** A phone number may be written as people write it: `sms:+44 20 7946 0123`. */
const handleArgument = async (text: string): Promise<string> => {
  const number = text.startsWith("sms:") ? await toE164(text.slice("sms:".length)) : null;
  const handle = number === null ? text : `sms:${number}`;
  parseHandle(handle, "HANDLE");
  return handle;
};

const personText = (person: Person, paint: Painter): string =>
  fields(
    [
      ["name", person.name],
      ["roles", person.roles.join(", ") || "none"],
      ["handles", shownHandles(person).join("\n") || "none"],
    ],
    paint,
  );
