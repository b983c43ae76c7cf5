import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";
import { progressLine } from "./progress.ts";

test("a log line during the start stands on a line of its own, above the progress", () => {
  const written: string[] = [];
  const terminal = { write: (text: string) => void written.push(text) };
  const logger = createLogger({ level: "warn", pretty: true, secrets: [], ...terminal });
  const progress = progressLine(terminal, terminal, logger);
  progress("preparing");
  logger.log.error("left out: a.yaml");
  progress(null);
  logger.log.warn("later");
  progress("never shown");
  // A terminal shows of each line what was written after it was last cleared.
  const lines = written
    .join("")
    .split("\n")
    .map((line) => line.split("\r\u001b[K").at(-1));
  expect(lines).toEqual([expect.stringContaining("left out: a.yaml"), expect.stringContaining("later"), ""]);
  expect(written.join("")).not.toContain("never shown");
});
