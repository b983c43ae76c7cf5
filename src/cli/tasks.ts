/** The factory's tasks, as the chat has them. */
import type { Command } from "commander";
import { functions } from "../bot/backend.ts";
import type { Task, TaskDetail } from "../bot/functions.ts";
import { type Act, text } from "./act.ts";
import { fields, type Painter, table } from "./output.ts";
import { timeOf } from "./show.ts";

export function taskCommands(program: Command, act: Act): void {
  const tasks = program.command("tasks").description("the factory's tasks");
  tasks
    .command("list")
    .option("--status <status>", "for example IN_PROGRESS")
    .option("--assignee <name>", "a person, or factoryWorker")
    .option("--project <name>")
    .description("the newest 50 that fit")
    .action(
      act(async (context, _args, options) => {
        const filter = { ...only("status", options.status), ...only("assignee", options.assignee) };
        const backend = await context.backend();
        const found = await backend.query(functions.tasks.list, { ...filter, ...only("project", options.project) });
        context.out.result(found, (paint) =>
          found.length === 0
            ? "No tasks fit that. To make one: factory tasks create TITLE"
            : table(["task", "status", "priority", "who", "project", "title"], found.map(row), paint),
        );
      }),
    );
  tasks
    .command("show")
    .argument("<task>", "T7")
    .description("one task, with what happened to it")
    .action(
      act(async (context, [task]) => {
        const backend = await context.backend();
        const shown = await backend.query(functions.tasks.show, { actor: context.actor(), task: task! });
        context.out.result(shown, (paint) => detailText(shown, paint));
      }),
    );
  tasks
    .command("create")
    .argument("<title>")
    .option("--description <text>")
    .option("--project <name>", "made if it does not exist")
    .option("--priority <priority>", "low, medium, high or urgent")
    .option("--assignee <name>", "a person, or factoryWorker; without it the backlog")
    .description("make a task")
    .action(
      act(async (context, [title], options) => {
        const backend = await context.backend();
        const made = await backend.mutation(functions.tasks.create, {
          actor: context.actor(),
          title: title!,
          ...{ ...only("description", options.description), ...only("project", options.project) },
          ...{ ...only("priority", options.priority), ...only("assignee", options.assignee) },
        });
        context.out.result(made, (paint) => taskText(made, paint));
      }),
    );
  tasks
    .command("assign")
    .argument("<task>", "T7")
    .argument("<name>", "a person, or factoryWorker")
    .description("give a task to somebody")
    .action(
      act(async (context, [task, assignee]) => {
        const args = { actor: context.actor(), task: task!, assignee: assignee! };
        const changed = await (await context.backend()).mutation(functions.tasks.assign, args);
        context.out.result(changed, (paint) => taskText(changed, paint));
      }),
    );
  tasks
    .command("move")
    .argument("<task>", "T7")
    .argument("<status>", "BACKLOG, ASSIGNED, IN_PROGRESS, IN_REVIEW, COMPLETE or BLOCKED")
    .option("--reason <text>")
    .description("move a task; an illegal move is refused with the legal ones")
    .action(
      act(async (context, [task, status], options) => {
        const args = { actor: context.actor(), task: task!, status: status!, ...only("reason", options.reason) };
        const changed = await (await context.backend()).mutation(functions.tasks.move, args);
        context.out.result(changed, (paint) => taskText(changed, paint));
      }),
    );
}

type Only<Name extends string> = { [Key in Name]?: string };

const only = <Name extends string>(name: Name, value: Parameters<typeof text>[0]): Only<Name> => {
  const given = text(value);
  return (given === undefined ? {} : { [name]: given }) as Only<Name>;
};

const row = ({ task, status, priority, assignee, project, title }: Task): string[] => [
  ...[task, status, priority, assignee ?? "", project ?? "", title],
];

const pairs = (task: Task): [string, string][] => [
  ["task", task.task],
  ["title", task.title],
  ["status", task.status],
  ["priority", task.priority],
  ["who", task.assignee ?? "nobody"],
  ...(task.project === null ? [] : [["project", task.project] as [string, string]]),
  ...(task.description === null ? [] : [["description", task.description] as [string, string]]),
];

const taskText = (task: Task, paint: Painter): string => fields(pairs(task), paint);

function detailText(task: TaskDetail, paint: Painter): string {
  const more: [string, string][] = [
    ["made by", `${task.createdBy}, ${timeOf(task.createdAt)}`],
    ["can become", task.next.join(", ") || "nothing else"],
  ];
  const history = task.history.map(({ at, kind, person, detail }) => {
    const { task: _name, ...rest } = detail;
    return [timeOf(at), kind.replace("task.", ""), person ?? "", words(rest)];
  });
  const below = history.length === 0 ? [] : ["", table(["when", "what", "who", ""], history, paint)];
  return [fields([...pairs(task), ...more], paint), ...below].join("\n");
}

const words = (detail: Record<string, unknown>): string =>
  Object.entries(detail)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
