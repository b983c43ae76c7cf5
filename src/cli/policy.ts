/** The rules that decide when somebody must be asked: show them, set them, try them. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, text } from "./act.ts";
import { readInput, readText } from "./files.ts";
import { table } from "./output.ts";
import { time } from "./show.ts";

export function policyCommands(program: Command, act: Act): void {
  const policy = program.command("policy").description("rules that decide when somebody must be asked");
  policy
    .command("list")
    .description("the rules that count, in the order in which they are tried")
    .action(
      act(async (context) => {
        const shown = await (await context.backend()).query(functions.policy.show, { actor: context.actor() });
        context.out.result(shown, (paint) => {
          if (shown.version === 0)
            return "There is no policy: runs and steps are allowed, agents ask before they do something outside. Set one with: factory policy set FILE";
          const rules = shown.rules.map((rule) => [
            rule.name,
            rule.then,
            rule.when,
            rule.kinds.join(", "),
            [
              rule.approvers?.join(", "),
              rule.fourEyes ? "four eyes" : "",
              rule.quorum > 1 ? `quorum ${rule.quorum}` : "",
            ]
              .filter(Boolean)
              .join(", "),
          ]);
          const outs = shown.optOuts.map((one) => `opted out of ${one.rule}: ${one.workflow} (${one.reason})`);
          const head = `version ${shown.version}, set by ${shown.setBy}, ${time(shown.at)}`;
          return [head, "", table(["rule", "then", "when", "for", "asks"], rules, paint), ...outs].join("\n");
        });
      }),
    );
  policy
    .command("set")
    .argument("<file>", "YAML or JSON; see docs/policy.md")
    .description("these rules count from now on; each version is kept and recorded")
    .action(
      act(async (context, [file]) => {
        const source = readText(file!, "FILE");
        const backend = await context.backend();
        const set = await backend.mutation(functions.policy.set, { actor: context.actor(), source, file: file! });
        context.out.result(set, () =>
          set.changed
            ? `Version ${set.version} counts now: ${set.rules} rules.`
            : `Version ${set.version} is this already.`,
        );
      }),
    );
  policy
    .command("test")
    .option(
      "--tool <function>",
      "a step that calls this function (tool::record), or an agent that calls this tool (openPR); without it the start of a run",
    )
    .option("--kind <kind>", "task, run, question or tool")
    .option("--workflow <name>")
    .option("--node <id>")
    .option("--agent <role>")
    .option("--env <name>")
    .option("--cost <number>")
    .option("--payload <json|@file>", "the step's values, the tool's input")
    .option("--input <json|@file>", "the run's input")
    .option("--for <person>", "for whom the run or the agent acts")
    .option("--file <file>", "try these rules instead of those that count")
    .description("what would be decided and which rule speaks; nothing is done")
    .action(
      act(async (context, _args, options) => {
        const given = (name: string): Record<string, string> => {
          const value = text(options[name]);
          return value === undefined ? {} : { [name]: value };
        };
        const json = (name: string): Record<string, string> => {
          const value = text(options[name]);
          return value === undefined ? {} : { [name]: readInput(value) };
        };
        const file = text(options.file);
        const person = text(options.for);
        const tested = await (await context.backend()).query(functions.policy.test, {
          actor: context.actor(),
          ...{ ...given("tool"), ...given("kind"), ...given("workflow"), ...given("node"), ...given("agent") },
          ...{ ...given("env"), ...json("payload"), ...json("input") },
          ...(options.cost === undefined ? {} : { cost: readCost(text(options.cost)!) }),
          ...(person === undefined ? {} : { person }),
          ...(file === undefined ? {} : { source: readText(file, "--file"), file }),
        });
        context.out.result(tested, (paint) =>
          [
            tested.text,
            ...tested.looked.map(({ rule, matched, why }) => paint("dim", `  ${matched ? "→" : " "} ${rule}: ${why}`)),
          ].join("\n"),
        );
      }),
    );
}

function readCost(value: string): number {
  const cost = Number(value);
  if (Number.isFinite(cost) && value.trim() !== "") return cost;
  throw new FactoryError("invalid_input", `"${value}" is not a cost`, { field: "--cost", remedy: "write a number" });
}
