import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function capture(options: { pretty?: boolean; secrets?: string[]; level?: "debug" | "info" } = {}) {
  let text = "";
  const bot = createLogger({
    level: options.level ?? "info",
    pretty: options.pretty ?? false,
    secrets: options.secrets ?? [],
    write: (chunk) => {
      text += chunk;
    },
  });
  return { ...bot, text: () => text };
}

test("a line is one JSON object with level, time in ms and msg", () => {
  const { log, text } = capture();
  log.info({ place: "terminal:ana" }, "sent");
  const line = JSON.parse(text());
  expect(line).toMatchObject({ level: "info", msg: "sent", place: "terminal:ana" });
  expect(line.time).toBeGreaterThan(1_700_000_000_000);
  expect(text().endsWith("\n")).toBe(true);
});

test("levels below the chosen one are not written", () => {
  const { log, text } = capture();
  log.debug("quiet");
  expect(text()).toBe("");
});

test("a secret is hidden wherever it stands, in messages and nested values, also pretty", () => {
  for (const pretty of [false, true]) {
    const { log, text, hide } = capture({ pretty, secrets: ["xoxb-12345678"] });
    hide("late-secret-1");
    log.info({ error: { request: "Bearer xoxb-12345678" } }, "failed with late-secret-1");
    expect(text()).not.toContain("xoxb-12345678");
    expect(text()).not.toContain("late-secret-1");
    expect(text()).toContain("[redacted]");
  }
});

test("redirected lines go elsewhere until they are sent back", () => {
  const { log, text, redirect } = capture();
  const above: string[] = [];
  redirect((line) => void above.push(line));
  log.warn("above the prompt");
  redirect(null);
  log.warn("plain");
  expect(above.join("")).toContain("above the prompt");
  expect(text()).toContain("plain");
  expect(text()).not.toContain("above the prompt");
});
