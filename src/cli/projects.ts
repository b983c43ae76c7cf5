/** Projects, what they may cost, and where the team talks. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import type { Budget, Project } from "../bot/functions.ts";
import { FactoryError } from "../contract/errors.ts";
import { type Act, text } from "./act.ts";
import { fields, type Painter, table } from "./output.ts";
import { timeOf } from "./show.ts";

export function projectCommands(program: Command, act: Act): void {
  const projects = program.command("projects").description("projects: their repository, tasks and budget");
  projects
    .command("list")
    .description("every project with its repository, open tasks and budget")
    .action(
      act(async (context) => {
        const args = { actor: context.actor(), now: Date.now() };
        const all = await (await context.backend()).query(functions.projects.list, args);
        context.out.result(all, (paint) =>
          all.length === 0
            ? "There are no projects yet. To make one: factory projects create NAME"
            : table(["project", "repository", "open tasks", "budget"], all.map(row), paint),
        );
      }),
    );
  projects
    .command("create")
    .argument("<name>")
    .option("--repo <owner/name>", "its repository on GitHub")
    .option("--budget <usd>", "what language models may cost for it in a month")
    .description("make a project")
    .action(
      act(async (context, [name], options) => {
        const limitUsd = text(options.budget) === undefined ? null : dollars(text(options.budget)!);
        const backend = await context.backend();
        const actor = context.actor();
        const repo = text(options.repo);
        let made = await backend.mutation(functions.projects.create, {
          ...{ actor, name: name! },
          ...(repo === undefined ? {} : { repo }),
        });
        if (limitUsd !== null) {
          const budget = { actor, project: made.project, limitUsd, warnAt: null };
          made = { ...made, budget: await backend.mutation(functions.budgets.set, budget) };
        }
        context.out.result(made, (paint) => projectText(made, paint));
      }),
    );
  projects
    .command("set")
    .argument("<name>")
    .option("--name <new>", "call it so from now on")
    .option("--repo <owner/name>", "its repository; none: it has none")
    .description("change a project")
    .action(
      act(async (context, [project], options) => {
        const [name, repo] = [text(options.name), text(options.repo)];
        const changed = await (await context.backend()).mutation(functions.projects.set, {
          ...{ actor: context.actor(), project: project! },
          ...(name === undefined ? {} : { name }),
          ...(repo === undefined ? {} : { repo: repo === "none" ? null : repo }),
        });
        context.out.result(changed, (paint) => projectText(changed, paint));
      }),
    );
  projects
    .command("sessions")
    .description("topics that agents opened in channels")
    .action(
      act(async (context) => {
        const all = await (await context.backend()).query(functions.projects.sessions, { actor: context.actor() });
        const rows = all.map((one) => [timeOf(one.at), one.place, one.openedBy, one.topic]);
        context.out.result(all, (paint) => table(["when", "where", "for", "topic"], rows, paint));
      }),
    );
  projects
    .command("channels")
    .description("shared places where people talk with the agents")
    .action(
      act(async (context) => {
        const all = await (await context.backend()).query(functions.projects.channels, { actor: context.actor() });
        const rows = all.map((one) => [one.place, timeOf(one.since)]);
        context.out.result(all, (paint) => table(["place", "since"], rows, paint));
      }),
    );
}

export function budgetCommands(program: Command, act: Act): void {
  const budget = program.command("budget").description("what language models may cost in a calendar month (UTC)");
  budget
    .command("show")
    .description("the factory's budget and those of the projects, with what was spent this month")
    .action(
      act(async (context) => {
        const args = { actor: context.actor(), now: Date.now() };
        const all = await (await context.backend()).query(functions.budgets.show, args);
        const rows = all.map((one) => [one.project ?? "(factory)", one.month, money(one), state(one), unpriced(one)]);
        context.out.result(all, (paint) => table(["for", "month", "spent", "state", ""], rows, paint));
      }),
    );
  budget
    .command("set")
    .argument("<usd>", "US dollars a month")
    .option("--project <name>", "for this project; without it for the factory as a whole")
    .option("--warn <percent>", "warn from this share on; default 80")
    .description("from now on; at the limit no agent is called any more")
    .action(
      act(async (context, [usd], options) => {
        const warn = text(options.warn);
        const args = {
          actor: context.actor(),
          project: text(options.project) ?? null,
          limitUsd: dollars(usd!),
          warnAt: warn === undefined ? null : percent(warn),
        };
        const set = await (await context.backend()).mutation(functions.budgets.set, args);
        context.out.result(set, () => budgetText(set));
      }),
    );
  budget
    .command("remove")
    .option("--project <name>", "of this project; without it of the factory as a whole")
    .description("no limit any more; what is spent is counted all the same")
    .action(
      act(async (context, _args, options) => {
        const set = await (await context.backend()).mutation(functions.budgets.set, {
          actor: context.actor(),
          project: text(options.project) ?? null,
          limitUsd: null,
          warnAt: null,
        });
        context.out.result(set, () => budgetText(set));
      }),
    );
}

function dollars(given: string): number {
  const usd = Number(given.trim().replace(/^\$/, ""));
  if (given.trim() !== "" && Number.isFinite(usd)) return usd;
  throw new FactoryError("invalid_input", `"${given}" is not an amount`, {
    field: "USD",
    remedy: "write US dollars a month, for example 50",
  });
}

function percent(given: string): number {
  const share = Number(given.trim().replace(/\s*%$/, ""));
  if (given.trim() !== "" && share > 0 && share <= 100) return share / 100;
  throw new FactoryError("invalid_input", `"${given}" is not a share`, {
    field: "--warn",
    remedy: "write a number of percent, for example 80",
  });
}

const usd = (amount: number): string => `$${amount.toFixed(2)}`;
const money = ({ spentUsd, limitUsd }: Budget): string =>
  `${usd(spentUsd)}${limitUsd === null ? ", no limit" : ` of ${usd(limitUsd)}`}`;
const STATES = { none: "", fine: "", warned: "nearly used up", stopped: "used up: no agent is called" };
const state = (budget: Budget): string => STATES[budget.state];
const unpriced = ({ unpricedCalls }: Budget): string =>
  unpricedCalls === 0
    ? ""
    : `without ${unpricedCalls} ${unpricedCalls === 1 ? "call" : "calls"} whose price is not known`;
const budgetText = (budget: Budget): string =>
  `${budget.project === null ? "The factory" : `Project ${budget.project}`}, ${budget.month}: ${[money(budget), state(budget), unpriced(budget)].filter(Boolean).join("; ")}`;

const open = ({ tasks }: Project): string =>
  String(Object.entries(tasks).reduce((sum, [status, count]) => sum + (status === "COMPLETE" ? 0 : count), 0));
const row = (one: Project): string[] => [one.project, one.repo ?? "", open(one), money(one.budget)];

const projectText = (one: Project, paint: Painter): string =>
  fields(
    [
      ["project", one.project],
      ["repository", one.repo ?? "none"],
      ["open tasks", open(one)],
      ["budget", money(one.budget)],
    ],
    paint,
  );
