/** Definitions: create, check, list, show, delete. */
import { basename } from "node:path";
import type { Command } from "commander";
import { escapeText } from "../../channels/index.ts";
import { functions } from "../bot/backend.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Act, Later } from "./act.ts";
import { readText } from "./files.ts";
import { fields, table } from "./output.ts";
import { runCommands } from "./runs.ts";
import { time } from "./show.ts";

export function workflowCommands(program: Command, act: Act, later: Later): void {
  const workflow = program.command("workflow").description("definitions and their runs");
  workflow
    .command("create")
    .argument("<file>", "YAML or JSON, graph or step notation")
    .option("--validate", "only check, store nothing")
    .description("store a definition; the same content again changes nothing")
    .action(
      act(async (context, [path], options) => {
        const source = readText(path!, "FILE");
        const file = basename(path!);
        const backend = await context.backend();
        if (options.validate === true) {
          const { ok, problems } = await backend.query(functions.workflows.validate, { source, file });
          if (!ok) {
            const shown = problems.map((p) => `${p.file}:${p.line}:${p.column} ${p.message} (${p.remedy})`).join("\n");
            throw new FactoryError("invalid_definition", shown, {
              field: file,
              remedy: "correct the file, then check again",
            });
          }
          context.out.result({ ok, problems }, () => `${file} is valid`);
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
          one.description ?? one.title,
        ]);
        context.out.result(all, (paint) =>
          rows.length === 0 ? "No workflows." : table(["name", "version", "nodes", ""], rows, paint),
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
  for (const name of ["restart", "schedule", "unschedule"]) later(workflow, name);
}
