/**
 * Deliveries onto a console. A terminal forgets what it showed, and cannot look for a key: what this session has shown is
 * remembered here, and a change of something from an earlier session is told below as a line of its own.
 */
import type { OutDelivery, SendResult } from "../../src/contract/adapter.ts";
import type { OutMessage } from "../../src/contract/message.ts";
import type { Console } from "./console.ts";
import type { TerminalIds } from "./ids.ts";
import type { RenderOptions } from "./options.ts";
import { renderChange, renderMessage, renderText } from "./render.ts";

export interface Teller {
  send(delivery: OutDelivery): SendResult;
  edit(delivery: OutDelivery, receipt: string): SendResult;
}

export interface TellerOptions {
  console: Console;
  ids: TerminalIds;
  render: Omit<RenderOptions, "width" | "now">;
  now?: () => number;
}

interface Shown {
  receipt: string;
  message: OutMessage;
  /** Columns when a growing message began: its lines must not be wrapped anew. */
  width: number;
  final: boolean;
}

/** Messages that may still change are few; older ones are treated like those of an earlier session. */
const REMEMBERED = 500;

export function createTeller({ console, ids, render, now = Date.now }: TellerOptions): Teller {
  const shown = new Map<string, Shown>();
  const options = (width: number): RenderOptions => ({ ...render, width, now: now() });

  function tell(delivery: OutDelivery, receipt: string | null): SendResult {
    const { key, message, final } = delivery;
    const before = shown.get(key);
    const width = before?.width ?? console.columns - 1;
    if (message.kind === "text") {
      const unchanged =
        before?.final === true && before.message.kind === "text" && before.message.text === message.text;
      if (!unchanged) console.grow(key, renderText(message.text, options(width)), final);
    } else if (before !== undefined) {
      console.print(renderChange(before.message, message, options(console.columns - 1)));
    } else if (receipt !== null) {
      console.print(renderChange(null, message, options(console.columns - 1)));
    } else {
      console.print(renderMessage(message, options(console.columns - 1)));
    }
    const own = before?.receipt ?? receipt ?? ids.nextReceipt();
    shown.delete(key);
    shown.set(key, { receipt: own, message, width, final });
    const oldest = shown.keys().next().value;
    if (shown.size > REMEMBERED && oldest !== undefined) shown.delete(oldest);
    return { ok: true, receipt: own };
  }

  return {
    send: (delivery) => tell(delivery, null),
    edit: (delivery, receipt) => tell(delivery, receipt),
  };
}
