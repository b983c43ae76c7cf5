import { renderMessage } from "../../channels/index.ts";
import type { OutMessage } from "../contract/message.ts";

/** A message as bare lines, as the terminal channel writes them to a pipe. */
export const renderForPipe = (message: OutMessage): string[] =>
  renderMessage(message, {
    width: 10_000,
    colours: false,
    plain: true,
    now: Date.now(),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
