/** The terminal as a channel: a person at a screen, or a program at a pipe. */
import type { Readable, Writable } from "node:stream";
import type { ChannelAdapter } from "../../src/contract/adapter.ts";
import type { ApprovalCard } from "../../src/contract/approval.ts";
import { errorInfo } from "../../src/contract/errors.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import { type Connection, connect } from "./connect.ts";
import { createIds, terminalHandle } from "./ids.ts";
import { createPipe } from "./pipe.ts";
import { renderMessage } from "./render.ts";
import { createScreen } from "./screen.ts";
import { createTeller, type Teller } from "./send.ts";
import { painter, wantsColours } from "./style.ts";

export interface TerminalAdapterConfig {
  input: Readable;
  output: Writable & { isTTY?: boolean; columns?: number };
  /** True: prompt, streamed replies, boxes. False: lines in, lines out. */
  interactive: boolean;
  /** The system's user; the handle is `terminal:NAME`. */
  user: string;
  /** Default: the channel `terminal` and its place `terminal:NAME`; the `factory chat` command is at home elsewhere. */
  ingress?: { channel: string; place: string; threadKey: string };
  historyFile: string | null;
  env: Record<string, string | undefined>;
  /** Shown above the first prompt. */
  greeting: string[];
  /** Over a pipe: resolves when what was said has been answered; the next line waits for it, so that replies come in the lines' order. */
  answered?: () => Promise<void>;
  onEnd(): void;
  /** Gets the way to show lines above the prompt once there is one, for logs; null when it is gone. */
  onConsole?(print: ((lines: string[]) => void) | null): void;
}

/** A person reads slower than this; faster edits would only cost transactions. */
const STREAM_EVERY_MS = 50;

export function createTerminalAdapter(config: TerminalAdapterConfig): ChannelAdapter {
  const ids = createIds();
  const colours = config.interactive && wantsColours(config.output, config.env);
  const paint = painter(colours);
  const handle = terminalHandle(config.user);
  let connection: Connection | null = null;
  let teller: Teller | null = null;

  return {
    channel: "terminal",
    capabilities: {
      textLength: 1_000_000,
      buttons: false,
      edits: true,
      threads: false,
      streamEveryMs: config.interactive ? STREAM_EVERY_MS : null,
      modals: false,
      privateNotices: true,
    },
    async start(inbox, lookups) {
      const opened = connect({
        open: (events) =>
          config.interactive
            ? createScreen({ ...config, prompt: paint("bold", "› "), leaveHint: paint("dim", LEAVE_HINT) }, events)
            : createPipe(config, events),
        speaker: {
          channel: config.ingress?.channel ?? "terminal",
          place: config.ingress?.place ?? handle,
          threadKey: config.ingress?.threadKey ?? null,
          handle,
          displayName: config.user,
        },
        ids,
        inbox,
        answered: config.answered,
        onEnd: config.onEnd,
      });
      connection = opened;
      config.onConsole?.((lines) => opened.console.print(lines));
      const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
      const render = { colours, plain: !config.interactive, timeZone };
      teller = createTeller({ console: opened.console, ids, render });
      opened.console.print(config.greeting);
      if (config.interactive) {
        // A convenience: the start does not wait for it, and does not fail with it.
        void lookups.home(handle).then(
          ({ questions }) => {
            if (questions.length > 0)
              opened.console.print(
                renderMessage(waiting(questions), { ...render, width: opened.console.columns - 1, now: Date.now() }),
              );
          },
          () => {},
        );
      }
    },
    async send(delivery) {
      return teller?.send(delivery) ?? CLOSED;
    },
    async edit(delivery, receipt) {
      return teller?.edit(delivery, receipt) ?? CLOSED;
    },
    async stop() {
      config.onConsole?.(null);
      connection?.console.close();
      await connection?.settled();
    },
  };
}

/** What was asked before this start: its cards have scrolled away with the last screen. */
const waiting = (questions: ApprovalCard[]): OutMessage => ({
  kind: "list",
  title: "Questions that wait for you",
  items: questions.map(({ code, question, options }) => ({
    key: code,
    text: question,
    detail: options.length === 0 ? "free text" : options.join(", "),
  })),
  empty: "",
  onlyTo: null,
});

const LEAVE_HINT = "Ctrl-C again, Ctrl-D or /quit leaves; what runs goes on at the next start.";
const CLOSED = {
  ok: false,
  error: errorInfo("platform_unavailable", "the terminal is not open"),
  retryAfterMs: null,
} as const;
