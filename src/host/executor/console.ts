/** `console` of functions: formatted as Convex does and written to the running call's log. */
import { inspect } from "node:util";
import { calls } from "./call.ts";

type Level = "debug" | "info" | "log" | "warn" | "error";

/** Outside of a call (while a module is loaded) output goes to `outside`. Never throws, whatever is printed. */
export function createConsole(
  outside: (level: Level, text: string) => void,
): Record<string, (...args: unknown[]) => void> {
  const write = (level: Level, args: unknown[]) => {
    const call = calls.getStore();
    const text = "  ".repeat(call?.groupDepth ?? 0) + args.map(show).join(" ");
    if (call === undefined) outside(level, text);
    else if (!call.execution.done) call.execution.log(level, text);
  };
  const at =
    (level: Level) =>
    (...args: unknown[]) =>
      write(level, args);
  const counter = (label: unknown, change: (before: number) => number): number => {
    const counters = calls.getStore()?.counters ?? new Map<string, number>();
    const value = change(counters.get(String(label)) ?? 0);
    counters.set(String(label), value);
    return value;
  };
  const elapsed = (label: unknown) => Math.max(0, Date.now() - counter(`time ${label}`, (started) => started));
  const group = (...args: unknown[]) => {
    if (args.length > 0) write("info", args);
    const call = calls.getStore();
    if (call !== undefined) call.groupDepth++;
  };
  return {
    log: at("log"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    debug: at("debug"),
    trace: at("debug"),
    dir: at("log"),
    dirxml: at("log"),
    table: at("log"),
    group,
    groupCollapsed: group,
    groupEnd: () => {
      const call = calls.getStore();
      if (call !== undefined && call.groupDepth > 0) call.groupDepth--;
    },
    assert: (condition, ...args) => {
      if (!condition) write("error", ["Assertion failed", ...args]);
    },
    count: (label = "default") => write("info", [raw(`${label}: ${counter(label, (before) => before + 1)}`)]),
    countReset: (label = "default") => void counter(label, () => 0),
    time: (label = "default") => void counter(`time ${label}`, () => Date.now()),
    timeLog: (label = "default", ...args) => write("info", [raw(`${label}: ${elapsed(label)}ms`), ...args]),
    timeEnd: (label = "default") => write("info", [raw(`${label}: ${elapsed(label)}ms`)]),
    clear: () => {},
  };
}

/** Text that is printed without quotes. */
function raw(text: string): { [inspect.custom](): string } {
  return { [inspect.custom]: () => text };
}

/** Strings in quotes, everything else as Node prints it. */
function show(value: unknown): string {
  try {
    return inspect(value, { depth: 4, breakLength: 120, maxStringLength: 10_000, maxArrayLength: 100 });
  } catch (error) {
    return `[cannot be shown: ${error instanceof Error ? error.message : "error"}]`;
  }
}
