import { expect, test } from "vitest";
import { runProgram } from "./run_process.ts";
import { shown } from "./shown.ts";
import { Tail } from "./tail.ts";

test("of a long stream the end is kept, however it came in pieces", () => {
  const tail = new Tail(5);
  for (const piece of ["abc", "d", "efghij", "k"]) tail.add(Buffer.from(piece));
  expect([tail.bytes().toString(), tail.cut]).toEqual(["ghijk", true]);
  const whole = new Tail(5);
  whole.add(Buffer.from("abcde"));
  expect([whole.bytes().toString(), whole.cut]).toEqual(["abcde", false]);
});

test("colours, cursor moves, links and what was written over are not shown", () => {
  expect(shown("\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007\n")).toBe("red link\n");
  expect(shown("10%\r50%\r100%\ndone\r\n")).toBe("100%\ndone\n");
  expect(shown("a\u0000b\u0008c\u202etxt.exe\tok")).toBe("abctxt.exe\tok");
});

const run = (file: string, ...args: string[]) =>
  runProgram({ file, args, env: { PATH: process.env.PATH ?? "" }, timeoutMs: 20_000, maxOutputBytes: 100 });

test("a program that is not there is an error that names it, with the remedy", async () => {
  await expect(run("no-such-program")).rejects.toMatchObject({
    info: {
      code: "platform_unavailable",
      message: "there is no program no-such-program that can be run",
      remedy: expect.stringContaining("install"),
    },
  });
});

test("its exit code, what it wrote to each stream, and that something was cut", async () => {
  const outcome = await run(
    process.execPath,
    "-e",
    "process.stdout.write('x'.repeat(500)); console.error('e'); process.exitCode = 7",
  );
  expect(outcome).toMatchObject({
    exitCode: 7,
    stdout: "x".repeat(100),
    stderr: "e\n",
    truncated: true,
    timedOut: false,
  });
});

test("aborted before it begins, or in the middle: killed, and said so", async () => {
  const before = AbortSignal.abort();
  const program = {
    file: "sleep",
    args: ["100"],
    env: { PATH: process.env.PATH ?? "" },
    timeoutMs: 60_000,
    maxOutputBytes: 10,
  };
  expect(await runProgram({ ...program, signal: before })).toMatchObject({
    aborted: true,
    exitCode: null,
    signal: "SIGKILL",
  });
  const middle = new AbortController();
  const running = runProgram({
    ...program,
    file: process.execPath,
    args: ["-e", "console.log('begun'); setInterval(() => {}, 1000)"],
    signal: middle.signal,
    onOutput: () => middle.abort(),
  });
  expect(await running).toMatchObject({ aborted: true, exitCode: null });
});
