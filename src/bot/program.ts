/** `npm start`: contract.md says what it does by what stdin is, its ready line and its exit codes. */
import { painter, wantsColours } from "../../channels/index.ts";
import { ERROR_CODES, type ErrorInfo, errorInfo, toErrorInfo } from "../contract/errors.ts";
import type { HostThread } from "../host/index.ts";
import { type Bot, startBot } from "./bot.ts";
import { type Config, environment, readConfig } from "./config.ts";
import { type BotLogger, createLogger } from "./logger.ts";
import { checkArgs, type Mode, modeOf, USAGE } from "./mode.ts";
import { modelName } from "./model_name.ts";
import { osUser } from "./os_user.ts";
import { progressLine } from "./progress.ts";
import { untilQuiet } from "./quiet.ts";

/** The contract gives 10 s; the last half second is for the exit itself. */
const STOP_MS = 9_500;
const stdin = process.stdin as NodeJS.ReadStream & { fd: number };
/** Logs are lines for a person at a terminal; else JSON for programs. */
const logsShow = process.stderr.isTTY === true;

/** `prepared`: the embedded host's thread, which has begun to load; null when there will be none. */
export async function main(prepared: HostThread | null): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(USAGE);
    return;
  }
  const mode = modeOf(args, stdin);
  const env = environment();
  let logger = createLogger({ level: "info", pretty: logsShow, secrets: [] });
  let config: Config;
  try {
    checkArgs(args);
    config = readConfig(env);
  } catch (thrown) {
    return fatal(thrown, logger);
  }
  logger = createLogger({
    level: config.logLevel ?? (mode === "terminal" ? "warn" : "info"),
    pretty: logsShow,
    secrets: config.secrets,
  });
  const stopper = createStopper(logger);
  // A reader that went away (`| head`) is no failure: nothing more can be said to it.
  process.stdout.on("error", () => stopper.stop(0, "nobody reads the replies any more"));
  const shown = mode === "terminal" && process.stdout.isTTY === true;
  const progress = shown ? progressLine(process.stdout, process.stderr, logger) : () => {};
  try {
    const bot = await startBot({
      config,
      env,
      osUser: osUser(),
      prepared,
      logger,
      progress,
      terminal:
        mode === "headless"
          ? null
          : {
              input: process.stdin,
              output: process.stdout,
              interactive: mode === "terminal",
              greeting: mode === "terminal" ? greeting(config, env) : [],
              onEnd: () => void stopper.end(mode),
              onConsole: (print) => logger.redirect(print !== null && logsShow ? (text) => print(linesOf(text)) : null),
            },
    });
    stopper.started(bot);
    void bot.failed.then((reason) => stopper.stop(1, "the embedded backend ended", reason));
    const { http, simulator, channels } = bot;
    const ready = { event: "ready", backend: bot.backend.url, http, simulator, channels };
    logger.log.info({ backend: bot.backend.url, http, simulator, channels }, "ready");
    if (mode === "headless") process.stdout.write(`${JSON.stringify(ready)}\n`);
  } catch (thrown) {
    progress(null);
    if (!stopper.stopping()) fatal(thrown, logger);
  }
}

/** One way to the end, however many reasons come at once. */
function createStopper(logger: BotLogger) {
  const { log } = logger;
  let bot: Bot | null = null;
  let stopping = false;
  let endedEarly: Mode | null = null;

  function stop(exitCode: number, why: string, reason?: unknown): void {
    if (stopping) return;
    stopping = true;
    if (exitCode === 0) log.info(why);
    else {
      const info = reason === undefined ? null : toErrorInfo(reason);
      log.fatal({ error: info ?? undefined }, why);
      if (!logsShow) sayTo(process.stdout, info ?? errorInfo("internal", why));
    }
    setTimeout(() => {
      log.error("stopping took too long and was cut off; what was stored is safe");
      process.exit(1);
    }, STOP_MS).unref();
    // Before the bot has started there is nothing to stop but the start itself, and the lock goes with the process.
    void (bot?.stop(STOP_MS - 500) ?? Promise.resolve()).then(() => process.exit(exitCode));
  }
  async function end(mode: Mode): Promise<void> {
    if (bot === null) {
      endedEarly = mode;
      return;
    }
    if (stopping) return;
    const { backend, gateway } = bot;
    if (mode === "pipe") {
      try {
        await untilQuiet(backend, `terminal:${osUser()}`, () => !gateway.idle());
      } catch (thrown) {
        return stop(1, "the last replies could not be waited for", thrown);
      }
    }
    stop(0, mode === "pipe" ? "every line was answered" : "left the chat");
  }
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
      stop(0, `${signal}: stopping`);
    });
  }
  process.on("uncaughtException", (thrown) => stop(1, "an unexpected failure", thrown));
  process.on("unhandledRejection", (thrown) =>
    log.error({ error: toErrorInfo(thrown) }, "a failure nobody waited for"),
  );
  return {
    stop,
    end,
    stopping: () => stopping,
    started(running: Bot) {
      bot = running;
      // The pipe may have ended while the gateway was still being handed over.
      if (endedEarly !== null) void end(endedEarly);
    },
  };
}

/**
 * One clear error, no stack trace, the exit code of its kind. Where logs are for programs they get theirs, and people read it on stdout:
 * with `npm start 2>bot.log` an error that is only in the log is none.
 */
function fatal(thrown: unknown, logger: BotLogger): void {
  const info = toErrorInfo(thrown);
  process.exitCode = ERROR_CODES[info.code].exit;
  if (!logsShow) logger.log.fatal({ error: info }, info.message);
  sayTo(logsShow ? process.stderr : process.stdout, info);
  // Something that failed half-way may still hold the event loop.
  setTimeout(() => process.exit(), 200).unref();
}

function sayTo(stream: NodeJS.WriteStream, info: ErrorInfo): void {
  const paint = painter(wantsColours(stream, process.env));
  const lines = [`${paint("red", "error:")} ${info.message}`];
  if (info.field !== null) lines.push(`  at:     ${info.field}`);
  if (info.remedy !== null) lines.push(`  remedy: ${info.remedy}`);
  stream.write(`${lines.join("\n")}\n`);
}

const linesOf = (text: string): string[] => text.replace(/\n$/, "").split("\n");

function greeting(config: Config, env: Record<string, string | undefined>): string[] {
  const paint = painter(wantsColours(process.stdout, env));
  const model = modelName(config);
  return [
    `${paint("bold", "Factory Manager")} ${paint("dim", model === "offline" ? "· offline model (set ANTHROPIC_API_KEY for a real one)" : `· ${model}`)}`,
    paint("dim", 'Say what you need ("what can you do?" lists it). /help lists the commands, Ctrl-D leaves.'),
    "",
  ];
}
