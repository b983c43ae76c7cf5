/** `factory chat`: one message and its reply, or a conversation. A small gateway of its own, at a place of its own. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Command } from "commander";
import { createTerminalAdapter, escapeText } from "../../channels/index.ts";
import { type Gateway, startGateway } from "../bot/gateway.ts";
import { silentLogger } from "../bot/logger.ts";
import { untilQuiet } from "../bot/quiet.ts";
import type { ChannelAdapter, OutDelivery } from "../contract/adapter.ts";
import { FactoryError } from "../contract/errors.ts";
import type { OutMessage } from "../contract/message.ts";
import type { Act } from "./act.ts";
import { AWAY, watchConnection } from "./connection.ts";
import type { Context } from "./context.ts";
import { renderForPipe } from "./render.ts";

export function chatCommand(program: Command, act: Act): void {
  program
    .command("chat")
    .argument("[text...]", "one message; without it a conversation")
    .description("talk with the Factory Manager")
    .action(
      act(async (context, [words]) => {
        if (context.as !== null) {
          throw new FactoryError(
            "invalid_input",
            "chat speaks as the operator; --as is not available here in this version",
            {
              field: "--as",
              remedy: "answer questions for others with: factory approvals answer CODE OPTION --as PERSON",
            },
          );
        }
        const said = ((words as unknown as string[] | undefined) ?? []).join(" ").trim();
        if (said === "") await converse(context);
        else await sayOnce(context, said);
      }),
    );
}

/** Replies come to this process; what was said before, from any session, belongs to the same conversation. */
function placesOf(context: Context) {
  const session = randomBytes(4).toString("hex");
  return { place: `cli:${context.osUser}/${session}`, threadKey: `cli:${context.osUser}`, session };
}

async function open(context: Context, place: string, session: string, adapter: ChannelAdapter): Promise<Gateway> {
  const backend = await context.backend();
  const routes = [{ channel: "cli", place, adapter }];
  return await startGateway({ backend, gatewayId: `cli-${session}`, routes, log: silentLogger() });
}

async function sayOnce(context: Context, said: string): Promise<void> {
  const { place, threadKey, session } = placesOf(context);
  const replies = new Map<string, OutMessage>();
  const keep = (delivery: OutDelivery) => {
    replies.set(delivery.key, delivery.message);
    return { ok: true as const, receipt: `${session}:${delivery.key}` };
  };
  const adapter: ChannelAdapter = {
    channel: "terminal",
    capabilities: { ...PLAIN },
    start: async () => {},
    send: async (delivery) => keep(delivery),
    edit: async (delivery) => keep(delivery),
    stop: async () => {},
  };
  const gateway = await open(context, place, session, adapter);
  const base = {
    channel: "cli",
    eventId: `cli:${session}`,
    place,
    threadKey,
    private: true,
    sender: { handle: `terminal:${context.osUser}`, displayName: context.osUser },
    sentAt: Date.now(),
  };
  const backend = await context.backend();
  const connection = watchConnection(backend, () => context.out.note(AWAY));
  const command = /^\/([A-Za-z][\w-]*)\s*([\s\S]*)$/.exec(said);
  const answered = async () => {
    await gateway.inbox.receive(
      command === null
        ? { kind: "message", ...base, messageId: session, text: said }
        : { kind: "command", ...base, command: command[1]!.toLowerCase(), text: command[2]! },
    );
    await untilQuiet(backend, place, () => !gateway.idle());
  };
  try {
    await Promise.race([answered(), connection.lost]);
  } finally {
    connection.stop();
    await gateway.stop();
  }
  const messages = [...replies.values()];
  const text = messages.flatMap(renderForPipe).join("\n");
  context.out.result({ reply: text, messages }, () => text);
}

async function converse(context: Context): Promise<void> {
  const { place, threadKey, session } = placesOf(context);
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const ended = Promise.withResolvers<void>();
  const backend = await context.backend();
  let print: (lines: string[]) => void = () => {};
  let gateway: Gateway | null = null;
  const answered = () => untilQuiet(backend, place, () => gateway?.idle() !== true).catch(ended.reject);
  // It may fail before it is looked at.
  ended.promise.catch(() => {});
  const adapter = createTerminalAdapter({
    input: process.stdin,
    output: process.stdout,
    interactive,
    user: context.osUser,
    ingress: { channel: "cli", place, threadKey },
    historyFile: context.config().convexUrl === null ? join(context.config().dataDir, "history") : null,
    env: context.env,
    greeting: interactive ? [`Connected to ${escapeText(backend.url)}. Ctrl-D leaves.`, ""] : [],
    ...(interactive ? {} : { answered }),
    onEnd: ended.resolve,
    onConsole: (above) => {
      print = above ?? (() => {});
    },
  });
  gateway = await open(context, place, session, adapter);
  const connection = watchConnection(backend, () => (interactive ? print([AWAY]) : context.out.note(AWAY)));
  try {
    await Promise.race([ended.promise, connection.lost]);
  } finally {
    connection.stop();
    await gateway.stop();
  }
}

const PLAIN = {
  textLength: 1_000_000,
  buttons: false,
  edits: true,
  threads: false,
  streamEveryMs: null,
  modals: false,
  privateNotices: true,
};
