/** The tree of commands. Names and shapes: contract.md. */
import { Command, CommanderError } from "commander";
import { environment } from "../bot/config.ts";
import { osUser } from "../bot/os_user.ts";
import { FactoryError, toErrorInfo } from "../contract/errors.ts";
import type { Act, Options } from "./act.ts";
import { approvalCommands } from "./approvals.ts";
import { auditCommands } from "./audit.ts";
import { backupCommands } from "./backup.ts";
import { chatCommand } from "./chat.ts";
import { createContext, formatOf } from "./context.ts";
import { deployEnvCommand } from "./deploy_env.ts";
import { discordCommands } from "./discord.ts";
import { doctorCommand } from "./doctor.ts";
import { liveCommand } from "./live.ts";
import { memoryCommands } from "./memory.ts";
import { createOutput, type Streams } from "./output.ts";
import { peopleCommands } from "./people.ts";
import { policyCommands } from "./policy.ts";
import { budgetCommands, projectCommands } from "./projects.ts";
import { slackCommands } from "./slack.ts";
import { fileCommands } from "./stored_files.ts";
import { taskCommands } from "./tasks.ts";
import { workflowCommands } from "./workflow.ts";

/** Runs one command line (without node and script). Resolves with the exit code; prints everything itself. */
export async function run(args: string[], streams: Streams): Promise<number> {
  // The command line may be too wrong for commander to know the format; an error must still come in the one asked for.
  const asked = args.some(
    (arg, index) => arg === "--format=json" || (arg === "--format" && args[index + 1] === "json"),
  );
  const out = createOutput(asked ? "json" : "text", streams);
  let exitCode = 0;

  const act: Act =
    (handler) =>
    async (...given) => {
      const command = given.at(-1) as Command;
      const options: Options = command.optsWithGlobals();
      const as = typeof options.as === "string" ? options.as : null;
      formatOf(typeof options.format === "string" ? options.format : undefined);
      const context = createContext({ out, env: environment(), osUser: osUser(), as });
      try {
        await handler(context, given.slice(0, -2) as string[], options);
        exitCode = context.exitCode;
      } finally {
        await context.close();
      }
    };

  const program = buildProgram(act, streams);
  try {
    await program.parseAsync(shieldRoles(args), { from: "user" });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      if (thrown.exitCode === 0) return 0;
      return out.error(
        new FactoryError("invalid_input", usage(thrown), { remedy: wayOut(thrown, program, args) }).info,
      );
    }
    return out.error(toErrorInfo(thrown));
  }
}

const usage = (thrown: CommanderError): string =>
  thrown.code === "commander.help" ? "a command is missing" : thrown.message.replace(/^error: /, "");

/** Where a command is missing or unknown: the ones there are. */
function wayOut(thrown: CommanderError, program: Command, args: string[]): string {
  if (thrown.code !== "commander.help" && thrown.code !== "commander.unknownCommand")
    return "factory --help, or --help after a command";
  let named = ["factory"];
  let at = program;
  for (const arg of args) {
    const child = at.commands.find((command) => command.name() === arg);
    if (child === undefined) continue;
    at = child;
    named = [...named, arg];
  }
  return `one of ${at.commands.map((command) => command.name()).join(", ")}; what each does: ${named.join(" ")} --help`;
}

function buildProgram(act: Act, streams: Streams): Command {
  const program = new Command("factory")
    .description(
      "Talk with the Factory Manager, run workflows, answer questions. Attaches to the running bot, or to CONVEX_URL.",
    )
    .option("--format <format>", "text or json")
    .option("--as <person>", 'act for a person; recorded as "operator (you) for them via cli"')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 wrong usage or invalid input, 3 refused by policy, 4 not found, 5 no backend",
    );
  chatCommand(program, act);
  workflowCommands(program, act);
  approvalCommands(program, act);
  peopleCommands(program, act);
  taskCommands(program, act);
  projectCommands(program, act);
  budgetCommands(program, act);
  memoryCommands(program, act);
  fileCommands(program, act);
  policyCommands(program, act);
  auditCommands(program, act);
  doctorCommand(program, act);
  liveCommand(program, act);
  deployEnvCommand(program, act);
  backupCommands(program, act);
  slackCommands(program, act);
  discordCommands(program, act);
  everyCommand(program, (command) => {
    command
      .exitOverride()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        writeOut: (text) => void streams.stdout.write(text),
        // Usage errors are thrown and printed once, by `run`, in the format asked for.
        writeErr: () => {},
      });
  });
  return program;
}

function everyCommand(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const child of command.commands) everyCommand(child, change);
}

/**
 * `people role NAME -viewer` takes a role; commander would read `-viewer` as options. Everything after `people role` that is not an
 * option of ours is marked as an argument.
 */
function shieldRoles(args: string[]): string[] {
  const at = args.findIndex((arg, index) => arg === "people" && args[index + 1] === "role");
  if (at < 0) return args;
  const options: string[] = [];
  const rest: string[] = [];
  for (let index = at + 2; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === "--format" || arg === "--as") options.push(arg, ...args.slice(++index, index + 1));
    else if (/^--(format|as)=/.test(arg) || arg === "--help" || arg === "-h") options.push(arg);
    else rest.push(arg);
  }
  const help = options.includes("--help") || options.includes("-h");
  if (help) return [...args.slice(0, at), "people", "role", "--help"];
  return [...args.slice(0, at), ...options, "people", "role", "--", ...rest];
}
