/** Questions: list, look, answer. The checks are the backend's, the same as in chat. */
import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { decodeApproval, functions } from "../bot/backend.ts";
import type { AnswerOutcome } from "../contract/approval.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, collect, list, text } from "./act.ts";
import { readFields } from "./files.ts";
import { table } from "./output.ts";
import { approvalText, time } from "./show.ts";

/** contract.md: settled and voted 0, refused 3, invalid 2, the others 1. */
export const EXIT_OF: Record<AnswerOutcome, number> = {
  settled: 0,
  voted: 0,
  refused: 3,
  invalid: 2,
  alreadyAnswered: 1,
  expired: 1,
  cancelled: 1,
  superseded: 1,
};

export function approvalCommands(program: Command, act: Act): void {
  const approvals = program.command("approvals").description("questions and their answers");
  approvals
    .command("list")
    .option("--all", "also those that are not open, or not yours")
    .description("questions you may answer, newest first")
    .action(
      act(async (context, _args, options) => {
        const backend = await context.backend();
        const wire = await backend.query(functions.approvals.list, {
          actor: context.actor(),
          ...(options.all === true ? { all: true } : {}),
        });
        const all = wire.map(decodeApproval);
        const rows = all.map((one) => [
          one.code ?? one.approvalId,
          one.status,
          one.question,
          one.options.join(", "),
          time(one.createdAt) ?? "",
        ]);
        context.out.result(all, (paint) =>
          rows.length === 0
            ? "Nothing is open."
            : table(["code", "status", "question", "options", "asked"], rows, paint),
        );
      }),
    );
  approvals
    .command("show")
    .argument("<code|id>")
    .description("a question with its votes, copies and outcome")
    .action(
      act(async (context, [ref]) => {
        const backend = await context.backend();
        const found = await backend.query(functions.approvals.get, { actor: context.actor(), ref: ref! });
        if (found === null) {
          throw new FactoryError("not_found", `there is no question ${ref} for you`, {
            field: "CODE|ID",
            remedy: "factory approvals list --all shows them",
          });
        }
        const approval = decodeApproval(found);
        context.out.result(approval, (paint) => approvalText(approval, paint));
      }),
    );
  approvals
    .command("answer")
    .argument("<code|id>")
    .argument("<option>", "one of the question's options, or its number")
    .option("--reason <text>")
    .option("--set <field=value>", "a field of the question's form", collect, [])
    .description("answer a question (exit code 0 settled or voted, 3 refused, 2 invalid, 1 too late)")
    .action(
      act(async (context, [ref, option], options) => {
        const backend = await context.backend();
        const reason = text(options.reason);
        const fields = readFields(list(options.set));
        const answer = await backend.mutation(functions.approvals.answer, {
          actor: context.actor(),
          ref: ref!,
          option: option!,
          requestKey: randomUUID(),
          ...(reason === undefined ? {} : { reason }),
          ...(Object.keys(fields).length === 0 ? {} : { fields: JSON.stringify(fields) }),
        });
        context.out.result(answer, () => answer.message);
        context.exit(EXIT_OF[answer.outcome]);
      }),
    );
  approvals
    .command("reassign")
    .argument("<code|id>")
    .argument("<person>")
    .description("hand your part of a question on to somebody (exit code 3 when policy refuses it)")
    .action(
      act(async (context, [ref, to]) => {
        const backend = await context.backend();
        const handed = await backend.mutation(functions.approvals.reassign, {
          actor: context.actor(),
          ref: ref!,
          to: to!,
        });
        context.out.result(handed, () => handed.message);
        if (!handed.done) context.exit(3);
      }),
    );
  approvals
    .command("resend")
    .argument("<code|id>")
    .description("send a question again to those who are asked")
    .action(
      act(async (context, [ref]) => {
        const backend = await context.backend();
        const requestKey = randomUUID();
        const sent = await backend.mutation(functions.approvals.resend, {
          actor: context.actor(),
          ref: ref!,
          requestKey,
        });
        context.out.result(sent, () => sent.message);
      }),
    );
}
