/** `audit verify` and `audit export`: the record's chains, checked here and not where they are kept. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { type Backend, functions } from "../bot/backend.ts";
import type { AuditLine } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import { ChainCheck, type Fault, faultText } from "../flow/audit_chain.ts";
import { type Act, text } from "./act.ts";

/** Roots and heads first, so that events written meanwhile do no harm. */
export async function* auditLines(backend: Backend): AsyncGenerator<AuditLine> {
  for (const part of ["roots", "heads", "events"] as const) {
    for (let cursor: string | null = null, more = true; more; more = cursor !== null) {
      const page: { lines: AuditLine[]; next: string | null } = await backend.query(functions.audit.page, {
        part,
        cursor,
      });
      yield* page.lines;
      cursor = page.next;
    }
  }
}

export async function checkLine(check: ChainCheck, line: AuditLine): Promise<Fault | null> {
  if (line.type === "event") return await check.event(line);
  if (line.type === "head") return check.claim(line);
  const leaves = line.leaves.map(([subject, seq, hash]) => ({ subject, seq, hash }));
  return await check.root({ ...line, leaves });
}

export function auditChainCommands(audit: Command, act: Act): void {
  audit
    .command("verify")
    .description("check every chain of the record; names the first row that is wrong (exit code 1)")
    .action(
      act(async (context) => {
        const check = new ChainCheck();
        let fault: Fault | null = null;
        for await (const line of auditLines(await context.backend())) {
          fault = await checkLine(check, line);
          if (fault !== null) break;
        }
        fault ??= check.end();
        const { events, chains, roots } = check;
        context.out.result({ ok: fault === null, events, chains, roots, fault }, () =>
          fault === null
            ? `The record is whole: ${events} rows in ${chains} chains, ${roots} roots.`
            : `The record was changed: ${faultText(fault)}.`,
        );
        if (fault !== null) context.exit(1);
      }),
    );
  audit
    .command("export")
    .option("--out <file>", "write there instead of standard output")
    .description("the record as JSON lines; scripts/verify_audit_export.mjs checks them without this program")
    .action(
      act(async (context, _args, options) => {
        const file = text(options.out);
        const all: string[] = [];
        for await (const line of auditLines(await context.backend())) all.push(JSON.stringify(line));
        const content = all.map((line) => `${line}\n`).join("");
        if (file === undefined) {
          context.out.raw(content);
          return;
        }
        try {
          writeFileSync(file, content);
        } catch (thrown) {
          throw new FactoryError("invalid_input", `${file} cannot be written: ${(thrown as Error).message}`, {
            field: "--out",
            remedy: "give the path of a file you may write",
          });
        }
        const sha256 = createHash("sha256").update(content).digest("hex");
        context.out.result(
          { file, lines: all.length, sha256 },
          () => `${all.length} lines in ${file} (SHA-256 ${sha256})`,
        );
      }),
    );
}
