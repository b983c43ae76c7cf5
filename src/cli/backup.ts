/** `factory backup`, `restore`, `export`: the embedded host's data as a file. What moves to Convex and what not: docs/operating.md. */
import type { Command } from "commander";
import { makeBackup, makeExport, restoreBackup } from "../bot/backup.ts";
import type { Act } from "./act.ts";
import { fields } from "./output.ts";

export function backupCommands(program: Command, act: Act): void {
  program
    .command("backup")
    .description("copy all data of the embedded host into one file, while the bot runs or not; it holds the keys")
    .argument("<file>", "must not exist")
    .action(
      act(async (context, [file]) => {
        const report = await makeBackup(context.config(), file!);
        context.out.result(report, (paint) =>
          fields(
            [
              ["backup", report.file],
              ["documents", String(report.documents)],
              ["files", String(report.files)],
              ["bytes", String(report.bytes)],
            ],
            paint,
          ),
        );
      }),
    );
  program
    .command("restore")
    .description("make the data folder from a backup; the bot must be stopped")
    .argument("<file>", "of factory backup")
    .option("--replace", "move data that is there aside")
    .action(
      act(async (context, [file], options) => {
        const report = await restoreBackup(context.config(), file!, { replace: options.replace === true });
        context.out.result(report, (paint) =>
          fields(
            [
              ["restored from", report.createdAt],
              ["documents", String(report.documents)],
              ["files", String(report.files)],
              ["data before", report.movedTo],
            ],
            paint,
          ),
        );
      }),
    );
  program
    .command("export")
    .description("write the tables and files as a zip that `npx convex import` reads")
    .argument("<file>", "must not exist; ends with .zip")
    .action(
      act(async (context, [file]) => {
        const report = await makeExport(context.config(), file!);
        context.out.result(report, (paint) =>
          fields(
            [
              ["export", report.file],
              ["documents", String(Object.values(report.tables).reduce((sum, n) => sum + n, 0))],
              ["files", String(report.files)],
              ["left out", `${report.scheduledLeftOut} scheduled functions (docs/operating.md)`],
            ],
            paint,
          ),
        );
      }),
    );
}
