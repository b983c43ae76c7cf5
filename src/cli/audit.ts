/** The record of who did what. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, text } from "./act.ts";
import { auditChainCommands } from "./audit_chain.ts";
import type { Context } from "./context.ts";
import { table } from "./output.ts";
import { readLimit } from "./runs.ts";
import { time } from "./show.ts";

export function auditCommands(program: Command, act: Act): void {
  const audit = program.command("audit").description("the record");
  audit
    .command("list")
    .option("--run <run>", "only what is about this run")
    .option("--approval <code|id>", "only what is about this question")
    .option("--limit <n>", "at most this many, default 100")
    .description("who did what, where and when, newest first")
    .action(
      act(async (context, _args, options) => {
        const backend = await context.backend();
        const runId = text(options.run);
        const ref = text(options.approval);
        const wire = await backend.query(functions.audit.list, {
          ...(runId === undefined ? {} : { runId }),
          ...(ref === undefined ? {} : { approvalId: await approvalIdOf(context, ref) }),
          ...(options.limit === undefined ? {} : { limit: readLimit(options.limit) }),
        });
        const rows = wire.map((row) => ({ ...row, detail: JSON.parse(row.detail) as unknown }));
        context.out.result(rows, (paint) =>
          rows.length === 0
            ? "Nothing is recorded."
            : table(
                ["at", "what", "who", "via", "about", "detail"],
                rows.map((row) => [
                  time(row.at) ?? "",
                  row.kind,
                  row.person ?? "",
                  row.channel ?? "",
                  row.subject,
                  JSON.stringify(row.detail),
                ]),
                paint,
              ),
        );
      }),
    );
  auditChainCommands(audit, act);
}

async function approvalIdOf(context: Context, ref: string): Promise<string> {
  const found = await (await context.backend()).query(functions.approvals.get, { actor: context.actor(), ref });
  if (found !== null) return found.approvalId;
  throw new FactoryError("not_found", `there is no question ${ref} for you`, {
    field: "--approval",
    remedy: "factory approvals list --all shows them",
  });
}
