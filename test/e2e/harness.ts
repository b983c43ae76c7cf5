/** The real bot and the real command as child processes, on a data folder of their own and free ports. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { attach } from "../../src/bot/attach.ts";
import type { Backend } from "../../src/bot/backend.ts";
import { readConfig } from "../../src/bot/config.ts";
import type { ErrorInfo } from "../../src/contract/errors.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LOOK_MS = 20;

export interface Ready {
  event: "ready";
  backend: string;
  http: string;
  simulator: string | null;
  channels: Record<string, string>;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface BotProcess {
  pid: number;
  ready: Ready;
  /** Ends it with a signal and waits. */
  end(signal: NodeJS.Signals): Promise<Ended>;
  ended: Promise<Ended>;
}

export interface Answer {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The one JSON document of `--format json`. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into shapes that differ by command
  json: any;
}

/** A data folder with everything that was started on it; `dispose` kills and removes. */
export class Place {
  readonly dataDir = mkdtempSync(join(tmpdir(), "factory-e2e-"));
  /** For Node itself, before the bot's own: what is to be loaded first. */
  nodeArgs: string[] = [];
  readonly #children = new Set<ChildProcessByStdio<Writable | null, Readable, Readable>>();
  readonly #backends: Backend[] = [];

  env(more: Record<string, string> = {}): Record<string, string | undefined> {
    const { PATH, HOME, USER } = process.env;
    const own = {
      FACTORY_DATA_DIR: this.dataDir,
      PORT: "0",
      BACKEND_PORT: "0",
      NO_COLOR: "1",
      FACTORY_SIMULATE: "off",
    };
    return { PATH, HOME, USER, ...own, ...more };
  }

  /** Serves until it is told to stop; resolves with its ready line. */
  async start(env: Record<string, string> = {}, args: string[] = ["--headless"]): Promise<BotProcess> {
    const { child, ended, text } = this.#spawn(["src/bot/main.mjs", ...args], { stdin: "ignore", env });
    const ready = await Promise.race([
      lineWith(child.stdout, '"event":"ready"', text),
      ended.then((end) => {
        throw new Error(`the bot ended with ${end.code} before it was ready:\n${end.stderr}`);
      }),
    ]);
    return {
      pid: child.pid!,
      ready: JSON.parse(ready) as Ready,
      ended,
      async end(signal) {
        child.kill(signal);
        return await ended;
      },
    };
  }

  /** Starts the bot expecting that it does not come up. */
  async startRefused(env: Record<string, string> = {}): Promise<Ended> {
    return await this.#spawn(["src/bot/main.mjs", "--headless"], { stdin: "ignore", env }).ended;
  }

  /** `printf lines | npm start`: resolves when it has ended by itself. */
  async pipe(lines: string[], env: Record<string, string> = {}): Promise<Ended> {
    const { child, ended } = this.#spawn(["src/bot/main.mjs"], { stdin: "pipe", env });
    child.stdin!.end(lines.map((line) => `${line}\n`).join(""));
    return await ended;
  }

  /** A pipe that stays open: lines go in while replies come out. */
  talk(env: Record<string, string> = {}) {
    const { child, ended, text } = this.#spawn(["src/bot/main.mjs"], { stdin: "pipe", env });
    return {
      say: (line: string) => void child.stdin!.write(`${line}\n`),
      /** Resolves once the replies so far contain the part; rejects when the bot ended without it. */
      async heard(part: string): Promise<void> {
        while (!text.stdout.includes(part)) {
          const end = await Promise.race([once(child.stdout, "data").then(() => null), ended]);
          if (end !== null && !end.stdout.includes(part))
            throw new Error(`ended without "${part}":\n${end.stdout}${end.stderr}`);
        }
      },
      async leave(): Promise<Ended> {
        child.stdin!.end();
        return await ended;
      },
    };
  }

  async cli(args: string[], env: Record<string, string> = {}): Promise<Answer> {
    const { ended } = this.#spawn(["src/cli/main.mjs", ...args], { stdin: "ignore", env });
    const { code, signal, stdout, stderr } = await ended;
    if (signal !== null) throw new Error(`factory ${args.join(" ")} was ended by ${signal}:\n${stdout}${stderr}`);
    let json: unknown = null;
    try {
      json = JSON.parse(stdout);
    } catch {
      // Text for people.
    }
    return { code, stdout, stderr, json };
  }

  json = (...args: string[]): Promise<Answer> => this.cli([...args, "--format", "json"]);

  /** `json` in this process (typed.ts), for the many commands of a test that is not about the program itself. */
  async typed(...args: string[]): Promise<Pick<Answer, "code" | "json">> {
    return await (await this.#typist()).json(...args);
  }

  /** What a command that must not fail prints, in this process. */
  async ok(...args: string[]): Promise<Answer["json"]> {
    return await (await this.#typist()).ok(...args);
  }

  /** Only for those who want it: the command brings much with it. */
  async #typist() {
    const { typist } = await import("./typed.ts");
    return typist(this.dataDir);
  }

  /** Asks until it is so; the test's own timeout ends it. */
  async until(args: string[], so: (json: Answer["json"]) => boolean): Promise<Answer["json"]> {
    for (;;) {
      const json = await this.ok(...args);
      if (so(json)) return json;
      await sleep(LOOK_MS);
    }
  }

  file(name: string, content: string | object): string {
    const path = join(this.dataDir, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  }

  /** The running bot's backend, as the command reaches it. */
  async backend(): Promise<Backend> {
    const backend = await attach(readConfig(this.env()));
    this.#backends.push(backend);
    return backend;
  }

  async dispose(): Promise<void> {
    for (const backend of this.#backends) await backend.close();
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all([...this.#children].map((child) => once(child, "close")));
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #spawn(args: string[], options: { stdin: "ignore" | "pipe"; env: Record<string, string> }) {
    const child = spawn(process.execPath, [...this.nodeArgs, ...args], {
      cwd: ROOT,
      env: this.env(options.env) as NodeJS.ProcessEnv,
      stdio: [options.stdin, "pipe", "pipe"],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    this.#children.add(child);
    const text = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => {
      text.stdout += chunk;
    });
    child.stderr.on("data", (chunk: Buffer) => {
      text.stderr += chunk;
    });
    const ended = once(child, "close").then(([code, signal]): Ended => {
      this.#children.delete(child);
      return { code: code as number | null, signal: signal as NodeJS.Signals | null, ...text };
    });
    return { child, ended, text };
  }
}

async function lineWith(stream: Readable, part: string, text: { stdout: string }): Promise<string> {
  for (;;) {
    const line = text.stdout
      .split("\n")
      .slice(0, -1)
      .find((one) => one.includes(part));
    if (line !== undefined) return line;
    await once(stream, "data");
  }
}

/** The one error of a bot that did not come up: for programs on stderr, which is JSON lines; for people the same on stdout. */
export function fatalOf(ended: Ended): ErrorInfo {
  const lines = ended.stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: string; error?: ErrorInfo });
  const [fatal, ...more] = lines.filter(({ level }) => level === "fatal");
  if (fatal?.error === undefined || more.length > 0) throw new Error(`not one fatal line in:\n${ended.stderr}`);
  const { message, field, remedy } = fatal.error;
  const told = [`error: ${message}`, ...(field === null ? [] : [`  at:     ${field}`]), `  remedy: ${remedy}`];
  if (ended.stdout !== `${told.join("\n")}\n`) throw new Error(`people are told something else:\n${ended.stdout}`);
  return fatal.error;
}

/** recorded step -> question -> recorded step -> end; the recorded rows are witnesses of what happened how often. */
export const WITNESSED = {
  id: "witnessed",
  startNodeId: "before",
  inputs: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
  nodes: {
    before: {
      type: "task",
      functionId: "tool::record",
      config: { key: "{{id}}/before" },
      saveAs: "before",
      next: "ask",
    },
    ask: {
      type: "approval",
      question: "Go on with {{id}}?",
      options: ["yes", "no"],
      next: { yes: "after", no: "kept" },
    },
    after: { type: "task", functionId: "tool::record", config: { key: "{{id}}/after" }, saveAs: "after", next: "done" },
    done: { type: "end", result: "{{id}} went on" },
    kept: { type: "end", result: "{{id}} was kept" },
  },
};
