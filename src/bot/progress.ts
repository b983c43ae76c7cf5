import type { BotLogger } from "./logger.ts";

interface Output {
  write(text: string): unknown;
}

const CLEAR = "\r\u001b[K";

/**
 * One line that is written over, for a person who waits at a terminal. A log line in the meantime takes its place and it is drawn again
 * below. Nothing after its end (null): the prompt stands there.
 */
export function progressLine(
  out: Output,
  logs: Output,
  { redirect }: Pick<BotLogger, "redirect">,
): (step: string | null) => void {
  let line = "";
  let over = false;
  redirect((text) => {
    out.write(CLEAR);
    logs.write(text);
    out.write(line);
  });
  return (step) => {
    if (over) return;
    line = step === null ? "" : `${step} …`;
    out.write(`${CLEAR}${line}`);
    if (step !== null) return;
    over = true;
    redirect(null);
  };
}
