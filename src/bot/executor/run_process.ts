/** A child process with an end: a time limit, bounded output, and nothing left of its process group afterwards. */
import { spawn } from "node:child_process";
import { FactoryError } from "../../contract/errors.ts";
import type { Command, Outcome } from "./executor.ts";
import { Tail } from "./tail.ts";

export interface Program extends Pick<Command, "timeoutMs" | "maxOutputBytes" | "signal" | "onOutput"> {
  file: string;
  args: readonly string[];
  /** The whole environment. */
  env: Record<string, string>;
  cwd?: string;
  /** Run as this user and group, with no further groups. */
  uid?: number;
  /** Beside the kill of the process group, for what does not live in it. */
  onKill?: () => void;
}

/** Rejects when the program could not be started at all. */
export function runProgram(program: Program): Promise<Outcome> {
  const { file, args, env, cwd, uid, timeoutMs, maxOutputBytes, signal, onOutput, onKill } = program;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      // A group of its own, so that a kill reaches all of it.
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const stdout = new Tail(maxOutputBytes);
    const stderr = new Tail(maxOutputBytes);
    let timedOut = false;
    let aborted = false;

    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
      onKill?.();
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeoutMs);
    const abort = () => {
      aborted = true;
      kill();
    };
    const listen = (name: "stdout" | "stderr", tail: Tail) =>
      child[name].on("data", (chunk: Buffer) => {
        tail.add(chunk);
        onOutput?.(name, chunk);
      });
    listen("stdout", stdout);
    listen("stderr", stderr);
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      done();
      // A folder of PATH that this user may not read gives the second.
      const absent = error.code === "ENOENT" || error.code === "EACCES";
      const why = absent ? `there is no program ${file} that can be run` : `${file} could not be started`;
      const code = error.code === "E2BIG" ? "too_large" : "platform_unavailable";
      reject(new FactoryError(code, why, { cause: error, remedy: `install ${file}, then restart the bot` }));
    });
    child.once("close", (exitCode, endedBy) => {
      done();
      const stdoutBytes = stdout.bytes();
      resolve({
        exitCode,
        signal: endedBy,
        stdout: stdoutBytes.toString("utf8"),
        stderr: stderr.bytes().toString("utf8"),
        stdoutBytes,
        truncated: stdout.cut || stderr.cut,
        timedOut,
        aborted,
      });
    });
    if (signal?.aborted === true) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
