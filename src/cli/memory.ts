/** What the agents remember: for everybody, and for whoever asks. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import type { Memory } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import type { Act } from "./act.ts";
import { type Painter, table } from "./output.ts";
import { timeOf } from "./show.ts";

export function memoryCommands(program: Command, act: Act): void {
  const memory = program.command("memory").description("what the agents remember");
  memory
    .command("list")
    .argument("[about...]", "only what fits these words")
    .description("what everybody may be told, and what is yours alone; with --as only the former")
    .action(
      act(async (context, [words]) => {
        const about = ((words ?? []) as unknown as string[]).join(" ");
        const args = { actor: context.actor(), ...(about === "" ? {} : { about }) };
        const all = await (await context.backend()).query(functions.memory.list, args);
        context.out.result(all, (paint) => (all.length === 0 ? "Nothing is remembered." : memoryTable(all, paint)));
      }),
    );
  memory
    .command("forget")
    .argument("<memory...>", "M7, or words that fit it and no other")
    .description("forget something for good; what was said in conversations stays in them")
    .action(
      act(async (context, [words]) => {
        const what = (words as unknown as string[]).join(" ");
        const args = { actor: context.actor(), memory: what };
        const result = await (await context.backend()).mutation(functions.memory.forget, args);
        if (result.several) {
          throw new FactoryError("ambiguous", `several fit "${what}", so none was forgotten`, {
            field: "MEMORY",
            remedy: `name one of ${(result.found ?? []).map((one) => one.memory).join(", ")}`,
          });
        }
        context.out.result(result, () => `Forgotten: ${result.forgotten[0]?.text ?? ""}`);
      }),
    );
}

const memoryTable = (all: Memory[], paint: Painter): string =>
  table(
    ["memory", "when", "who may be told", "said by", "about", "what"],
    all.map((one) => [
      ...[one.memory, timeOf(one.at), one.shared ? "everybody" : "you", one.author, one.project ?? "", one.text],
    ]),
    paint,
  );
