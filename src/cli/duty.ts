/** Where and when people are asked: preferred handle, on call, quiet hours. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import { FactoryError } from "../contract/errors.ts";
import { parseHandle } from "../contract/handle.ts";
import { type Act, text } from "./act.ts";
import { table } from "./output.ts";
import { time } from "./show.ts";

export function dutyCommands(people: Command, act: Act): void {
  people
    .command("prefer")
    .argument("<name>")
    .argument("<handle>", "one of the person's handles, or last: the one they last used")
    .description("where a person is asked first")
    .action(
      act(async (context, [name, handle]) => {
        if (handle !== "last") parseHandle(handle!, "HANDLE");
        const backend = await context.backend();
        const given = handle === "last" ? null : handle!;
        const person = await backend.mutation(functions.people.prefer, {
          actor: context.actor(),
          name: name!,
          handle: given,
        });
        context.out.result(
          person,
          () => `${person.name} is asked at ${person.preferredHandle ?? "the handle last used"}.`,
        );
      }),
    );
  people
    .command("oncall")
    .argument("<role>")
    .argument("[name]", "without it, who is on call and when")
    .option("--from <time>", "ISO time or ms since 1970; default now")
    .option("--until <time>", "ISO time or ms since 1970")
    .description("put a person on call for a role: they are the one who is asked for it in that time")
    .action(
      act(async (context, [role, name], options) => {
        const backend = await context.backend();
        const actor = context.actor();
        if (name !== undefined && options.until === undefined) {
          throw new FactoryError("invalid_input", "until when is missing", {
            field: "--until",
            remedy: "add --until TIME",
          });
        }
        const shifts =
          name === undefined
            ? await backend.query(functions.people.shifts, { actor, role: role! })
            : await backend.mutation(functions.people.onCall, {
                actor,
                role: role!,
                name,
                from: readTime(text(options.from) ?? String(Date.now()), "--from"),
                until: readTime(text(options.until)!, "--until"),
              });
        const rows = shifts.map((shift) => [shift.name, time(shift.from) ?? "", time(shift.until) ?? ""]);
        context.out.result(shifts, (paint) =>
          rows.length === 0 ? `Nobody is on call for ${role}.` : table(["name", "from", "until"], rows, paint),
        );
      }),
    );
  people
    .command("quiet")
    .argument("<name>")
    .argument("<hours>", "for example 22:00-07:00, or off")
    .argument("[zone]", "for example Europe/Berlin; default this machine's")
    .description("hours in which a person is not asked what can wait")
    .action(
      act(async (context, [name, hours, zone]) => {
        const backend = await context.backend();
        const person = await backend.mutation(functions.people.quiet, {
          actor: context.actor(),
          name: name!,
          hours: hours === "off" ? null : hours!,
          zone: zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
        });
        context.out.result(person, () => `${person.name}: quiet hours ${person.quiet ?? "off"}.`);
      }),
    );
}

/** ISO (local time without an offset), or ms since 1970. */
export function readTime(value: string, field: string): number {
  const at = /^\d{10,14}$/.test(value) ? Number(value) : Date.parse(value);
  if (Number.isFinite(at)) return at;
  throw new FactoryError("invalid_input", `"${value}" is not a time`, {
    field,
    remedy: "write it like 2026-11-20T18:00 or 2026-11-20T18:00Z",
  });
}
