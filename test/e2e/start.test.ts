/** O11 and what can go wrong at the start: one clear error each, the exit code of contract.md, no stack trace. */

import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { functions } from "../../src/bot/backend.ts";
import { fatalOf, Place } from "./harness.ts";

let place: Place;
beforeEach(() => {
  place = new Place();
});
afterEach(async () => await place.dispose());

const SLOW = 90_000;

async function occupied(): Promise<{ port: string; server: Server }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: String((server.address() as { port: number }).port), server };
}

test(
  "started with nothing configured -> ready line, health, owner, built-in workflows; SIGTERM -> a clean end",
  async () => {
    const bot = await place.start({ FACTORY_SIMULATE: "" });
    expect(bot.ready).toMatchObject({
      event: "ready",
      simulator: `${bot.ready.http}/simulator`,
      channels: { terminal: "off", slack: "simulated" },
    });
    expect(await (await fetch(bot.ready.simulator!)).text()).toContain("<title>Simulator</title>");
    const health = await fetch(`${bot.ready.http}/healthz`);
    expect([health.status, await health.json()]).toMatchObject([200, { ok: true }]);
    expect((await fetch(`${bot.ready.http}/nothing`)).status).toBe(404);
    // Only this machine's loopback: a server that listens everywhere is reached at its other addresses too.
    for (const url of [bot.ready.backend, bot.ready.http]) {
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      await expect(fetch(url.replace("127.0.0.1", "127.0.0.2"))).rejects.toThrow();
    }

    const doctor = await place.json("doctor");
    expect(doctor.json.checks.filter((check: { ok: boolean }) => !check.ok)).toEqual([]);
    expect(doctor).toMatchObject({ code: 0, json: { ok: true } });
    expect((await place.ok("workflow", "list")).map((one: { name: string }) => one.name)).toContain("deploy");
    // Ana and Bob sit before the simulator.
    expect(await place.ok("people", "list")).toMatchObject([
      { roles: ["owner"] },
      { name: "Ana", roles: [], handles: expect.arrayContaining(["slack:TSIM/UANA"]) },
      { name: "Bob", roles: [], handles: expect.arrayContaining(["slack:TSIM/UBOB"]) },
    ]);

    const ended = await bot.end("SIGTERM");
    expect(ended.code).toBe(0);
    for (const line of ended.stderr.trim().split("\n"))
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(Number),
        msg: expect.any(String),
      });
  },
  SLOW,
);

test(
  "over a pipe each line gets its reply, in order, without prompt or colours, and then it ends",
  async () => {
    const first = await place.pipe(["hello", "which workflows are there?"]);
    expect(first.code).toBe(0);
    expect(first.stdout).toContain("Factory Manager");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours would be control characters
    expect(first.stdout).not.toMatch(/\u001b|›/);
    expect(first.stdout.indexOf("offline")).toBeLessThan(first.stdout.lastIndexOf("deploy"));
  },
  SLOW,
);

test(
  "a second bot on the same folder is refused and told who the first is; the first goes on",
  async () => {
    const bot = await place.start();
    const second = await place.startRefused();
    expect(second.code).toBe(1);
    expect(fatalOf(second)).toMatchObject({ code: "bot_running", field: "FACTORY_DATA_DIR" });
    expect(fatalOf(second).message).toContain(`pid ${bot.pid}`);
    expect(fatalOf(second).message).toContain(bot.ready.backend);
    expect((await fetch(`${bot.ready.http}/healthz`)).status).toBe(200);
    await bot.end("SIGKILL");
    // What the dead one left behind is taken over without asking.
    await (await place.start()).end("SIGTERM");
  },
  SLOW,
);

test(
  "a port in use is named with its variable",
  async () => {
    const { port, server } = await occupied();
    try {
      for (const variable of ["PORT", "BACKEND_PORT"]) {
        const ended = await place.startRefused({ [variable]: port });
        expect(ended.code).toBe(1);
        expect(fatalOf(ended)).toMatchObject({
          code: "port_in_use",
          field: variable,
          remedy: expect.stringContaining(variable),
        });
        expect(fatalOf(ended).message).toContain(port);
        expect(ended.stderr).not.toContain("    at ");
      }
    } finally {
      server.close();
    }
  },
  SLOW,
);

test(
  "bad variables, a key that is none, a folder that cannot be one -> exit code 2, each named",
  async () => {
    const env = await place.startRefused({ PORT: "many", LOG_LEVEL: "loud" });
    expect([env.code, fatalOf(env)]).toMatchObject([2, { code: "invalid_input", field: "PORT, LOG_LEVEL" }]);
    writeFileSync(join(place.dataDir, "gateway_key.json"), "{}");
    const key = await place.startRefused();
    expect([key.code, fatalOf(key).code]).toEqual([2, "invalid_input"]);
    const folder = await place.startRefused({ FACTORY_DATA_DIR: join(place.dataDir, "gateway_key.json", "x") });
    expect([folder.code, fatalOf(folder).field]).toEqual([2, "FACTORY_DATA_DIR"]);
  },
  SLOW,
);

test(
  "a backend that is not there -> exit code 5",
  async () => {
    const { port, server } = await occupied();
    server.close();
    const ended = await place.startRefused({ CONVEX_URL: `http://127.0.0.1:${port}` });
    expect([ended.code, fatalOf(ended)]).toMatchObject([5, { code: "backend_unavailable", field: "CONVEX_URL" }]);
  },
  SLOW,
);

test(
  "C1, C7: a burst and, after a restart, one more line land in one thread in order; nothing is lost, the burst is answered together",
  async () => {
    const burst = ["one", "two", "three", "four", "five", "six"].map((word) => `hello ${word}`);
    expect((await place.pipe(burst)).code).toBe(0);
    await place.pipe(["hello again"]);
    await place.start();
    const backend = await place.backend();
    const { handles } = (await place.ok("people", "list"))[0];
    const said = await backend.query(functions.conversations.history, { threadKey: handles[0], limit: 50 });
    expect(said.filter(({ role }) => role === "user").map(({ text }) => text)).toEqual([...burst, "hello again"]);
    expect(said.filter(({ role }) => role === "assistant").length).toBeLessThan(burst.length);
  },
  SLOW,
);
