/** Definitions: create, check, list, show, delete. */
import { basename } from "node:path";
import type { Command } from "commander";
import { escapeText } from "../../channels/index.ts";
import { functions } from "../bot/backend.ts";
import type { WorkflowSummary } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import { problemLine } from "../contract/problem.ts";
import { type Act, text } from "./act.ts";
import { readInput, readText } from "./files.ts";
import { fields, table } from "./output.ts";
import { runCommands } from "./runs.ts";
import { time } from "./show.ts";

export function workflowCommands(program: Command, act: Act): void {
  const workflow = program.command("workflow").description("definitions and their runs");
  workflow
    .command("create")
    .argument("<file>", "YAML or JSON, graph or step notation; agents/NAME.md is a role, hands/NAME.md a hand")
    .option("--validate", "only check, store nothing")
    .description("store a definition; the same content again changes nothing")
    .action(
      act(async (context, [path], options) => {
        const source = readText(path!, "FILE");
        const file = basename(path!);
        const backend = await context.backend();
        const kind = profileKind(path!);
        if (kind !== null && options.validate !== true) {
          const made = await backend.mutation(functions.profiles.install, {
            actor: context.actor(),
            kind,
            source,
            file,
          });
          context.out.result({ kind, ...made }, () =>
            made.changed ? `installed the ${kind} ${made.name}` : `the ${kind} ${made.name} is unchanged`,
          );
          return;
        }
        if (options.validate === true) {
          const { ok, problems, warnings } =
            kind === null
              ? await backend.query(functions.workflows.validate, { source, file })
              : { ...(await backend.query(functions.profiles.check, { kind, source, file })), warnings: [] };
          if (!ok) {
            throw new FactoryError("invalid_definition", problems.map(problemLine).join("\n"), {
              field: file,
              remedy: "correct the file, then check again",
            });
          }
          // As `create` says them.
          const doubts = warnings.map(problemLine);
          for (const warning of doubts) context.out.note(`warning: ${warning}`);
          context.out.result({ ok, problems, warnings: doubts }, () => `${file} is valid`);
          return;
        }
        const created = await backend.mutation(functions.workflows.create, { actor: context.actor(), source, file });
        for (const warning of created.warnings) context.out.note(`warning: ${warning}`);
        context.out.result(created, () =>
          created.changed
            ? `created ${created.name}, version ${created.version}`
            : `${created.name} is unchanged, version ${created.version}`,
        );
      }),
    );
  workflow
    .command("list")
    .description("every definition, newest version")
    .action(
      act(async (context) => {
        const all = await (await context.backend()).query(functions.workflows.list, {});
        const rows = all.map((one) => [
          one.name,
          `${one.version}`,
          `${one.nodes.length}`,
          startedBy(one),
          one.description ?? one.title,
        ]);
        context.out.result(all, (paint) =>
          rows.length === 0 ? "No workflows." : table(["name", "version", "nodes", "starts", ""], rows, paint),
        );
      }),
    );
  workflow
    .command("show")
    .argument("<name>")
    .description("a definition with its source")
    .action(
      act(async (context, [name]) => {
        const found = await (await context.backend()).query(functions.workflows.show, { name: name! });
        context.out.result(found, (paint) => {
          const head = fields(
            [
              ["name", `${found.name} (version ${found.version})`],
              ["title", found.title],
              ["description", found.description],
              ["starts", startedBy(found) || null],
              ["roles", found.agents.join(", ") || null],
              ["created", time(found.createdAt)],
            ],
            paint,
          );
          return `${head}\n\n${escapeText(found.source)}`;
        });
      }),
    );
  workflow
    .command("delete")
    .argument("<name>")
    .description("offer a definition no more; its runs go on")
    .action(
      act(async (context, [name]) => {
        const backend = await context.backend();
        await backend.mutation(functions.workflows.remove, { actor: context.actor(), name: name! });
        context.out.result({ name, deleted: true }, () => `deleted ${name}`);
      }),
    );
  runCommands(workflow, act);
  scheduleCommands(workflow, act);
}

function scheduleCommands(workflow: Command, act: Act): void {
  workflow
    .command("schedule")
    .argument("<name>")
    .argument("<cron>", 'minute hour day month weekday, for example "0 7 * * 1-5"')
    .option("--time-zone <zone>", "for example Europe/Berlin; absent: UTC")
    .option("--input <json>", "an object as JSON, or @FILE")
    .description("start a workflow by the clock; after downtime once")
    .action(
      act(async (context, [name, cron], options) => {
        const backend = await context.backend();
        const schedule = await backend.mutation(functions.schedules.add, {
          actor: context.actor(),
          workflow: name!,
          cron: cron!,
          timeZone: text(options.timeZone) ?? "UTC",
          input: readInput(text(options.input)),
        });
        context.out.result(
          schedule,
          () => `${schedule.scheduleId}: ${schedule.workflow} starts next at ${time(schedule.nextAt)}`,
        );
      }),
    );
  workflow
    .command("unschedule")
    .argument("<id>", "as workflow list --format json shows it")
    .description("end a schedule; runs that it started go on")
    .action(
      act(async (context, [scheduleId]) => {
        const backend = await context.backend();
        const schedule = await backend.mutation(functions.schedules.remove, {
          actor: context.actor(),
          scheduleId: scheduleId!,
        });
        context.out.result(schedule, () => `${schedule.workflow} is not started by ${schedule.cron} any more`);
      }),
    );
}

/** `0 7 * * 1-5 UTC (ID)`, `hook deploy-done`; empty: only somebody starts it. */
function startedBy({ schedules, hook }: WorkflowSummary): string {
  const clock = schedules.map(({ cron, timeZone, scheduleId }) => `${cron} ${timeZone} (${scheduleId})`);
  return [...clock, ...(hook === null ? [] : [`hook ${hook}`])].join("; ");
}

/** Roles and hands are Markdown; which of both, the folder says. Null: a definition. */
function profileKind(path: string): "role" | "hand" | null {
  if (!/\.md$/i.test(path)) return null;
  return /(^|[/\\])hands[/\\][^/\\]+$/i.test(path) ? "hand" : "role";
}
