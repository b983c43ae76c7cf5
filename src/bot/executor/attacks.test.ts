/**
 * I10: what a worker's command cannot do, tried by a command. A table of attempts, each of which would print `REACHED` or what it read;
 * beside each stands a witness outside that shows the attempt would have been seen.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUBBLEWRAP, makeWorkspace, passableFolder, WITHOUT } from "../../../test/bubblewrap.ts";
import type { CommandResult } from "../../contract/command.ts";
import { APP_DIR } from "../app_dir.ts";
import { LIMITS } from "./executor.ts";
import { Workshop } from "./workshop.ts";

const SECRET = "sk-never-to-be-seen";

describe.skipIf(!BUBBLEWRAP)(`I10: a worker's command${WITHOUT}`, () => {
  let root: string;
  let dataDir: string;
  let workshop: Workshop;
  const servers: Server[] = [];
  let reached = 0;

  /** Counts whoever connects: stands for the backend's port and the gateway's. */
  async function listen(...where: [number, string] | [string]): Promise<Server> {
    const server = createServer((socket) => {
      reached++;
      socket.end(`${SECRET}\n`);
    });
    servers.push(server);
    server.listen(...(where as [number, string]));
    await once(server, "listening");
    return server;
  }
  const portOf = (server: Server) => (server.address() as { port: number }).port;

  beforeAll(async () => {
    root = passableFolder("factory-attack-");
    dataDir = join(root, ".factory");
    mkdirSync(dataDir);
    // As open as a careless operator could make it: what keeps a command out is that it is not there.
    chmodSync(dataDir, 0o777);
    writeFileSync(join(dataDir, "gateway_key.json"), SECRET);
    writeFileSync(join(root, ".env"), `ANTHROPIC_API_KEY=${SECRET}\n`);
    process.env.FACTORY_ATTACK_SECRET = SECRET;
    workshop = new Workshop({
      workspace: makeWorkspace(root),
      dataDir,
      sandboxes: ["bubblewrap"],
      appDir: APP_DIR,
      readable: [],
      image: "",
    });
  });
  afterAll(() => {
    delete process.env.FACTORY_ATTACK_SECRET;
    for (const server of servers) server.close();
    rmSync(root, { recursive: true, force: true });
  });

  const run = (script: string, timeoutMs = 20_000): Promise<CommandResult> =>
    workshop.run({
      key: "T1",
      fresh: false,
      sandbox: "bubblewrap",
      argv: ["sh", "-c", script],
      timeoutMs,
      message: "attack",
      signal: new AbortController().signal,
    });

  test("reads neither data folder, .env, environment, nor what the machine knows of others", async () => {
    const env = `for f in /proc/[0-9]*/environ; do tr '\\0' '\\n' < $f; done`;
    const { stdout, stderr } = await run(
      [
        `cat ${dataDir}/gateway_key.json ${root}/.env ${root}/workspace/.env ${APP_DIR}/.env ${APP_DIR}/package.json`,
        `cat /etc/shadow /etc/passwd /root/.ssh/* /home/*/.ssh/* /run/secrets/*`,
        `ls ${dataDir} ${root} ${APP_DIR}`,
        "env",
        env,
        `cat /proc/*/cmdline | tr '\\0' ' ' | grep -c '[v]itest'`,
        `ls /proc | grep -E '^[0-9]+$' | wc -l`,
        "grep -rl never-to-be-seen /usr/lib/node_modules /tmp /var /run /home /dev/shm /work /proc/self/root/tmp 2>/dev/null",
      ].join("\n"),
    );
    expect(stdout + stderr).not.toContain(SECRET);
    expect(stdout).not.toContain("FACTORY_");
    expect(stdout).not.toMatch(/\broot:/);
    const lines = stdout.trim().split("\n");
    // No command line of the test's own runner is to be seen, and only the sandbox's few processes.
    expect(lines.at(-2)).toBe("0");
    expect(Number(lines.at(-1))).toBeLessThan(10);
  });

  test("reaches no port of this machine: backend, gateway, an abstract or a file socket; nor the internet", async () => {
    const ports = [await listen(0, "127.0.0.1"), await listen(0, "0.0.0.0")].map(portOf);
    await listen(join(root, "gateway.sock"));
    await listen(`\0factory-attack-${process.pid}`);
    const { stdout } = await run(`cat > /tmp/reach.py <<'PY'
import socket, sys
def reach(family, address):
    s = socket.socket(family); s.settimeout(2)
    try:
        s.connect(address); print("REACHED", address)
    except OSError: pass
for port in (${ports.join(", ")}, 3210, 8787):
    for host in ("127.0.0.1", "10.0.2.2", "169.254.169.254"): reach(socket.AF_INET, (host, port))
reach(socket.AF_UNIX, "${root}/gateway.sock")
reach(socket.AF_UNIX, "\\0factory-attack-${process.pid}")
reach(socket.AF_INET, ("1.1.1.1", 443))
print("tried")
PY
if command -v python3 >/dev/null; then python3 /tmp/reach.py; else
node -e '
const net = require("net");
const tries = [${ports.flatMap((port) => ["127.0.0.1", "0.0.0.0"].map((host) => `{port:${port},host:"${host}"}`)).join(",")}, {path:"${root}/gateway.sock"}, {host:"1.1.1.1",port:443}];
Promise.all(tries.map((to) => new Promise((done) => net.connect(to, () => { console.log("REACHED"); done(); }).on("error", done)))).then(() => console.log("tried"));
'; fi`);
    expect(stdout).toBe("tried\n");
    expect(reached).toBe(0);
    // The doors are open to whoever is on the machine itself.
    await once(connect(ports[0]!, "127.0.0.1"), "data");
    expect(reached).toBe(1);
  });

  test("cannot answer a question from its shell: the command is not there, and run by its source it finds no bot", async () => {
    const { stdout, exitCode } = await run(
      [
        "factory approvals answer 4A yes && echo REACHED",
        `node ${APP_DIR}/src/cli/main.mjs approvals answer 4A yes && echo REACHED`,
        `FACTORY_DATA_DIR=${dataDir} ${APP_DIR}/bin/factory.mjs approvals answer 4A yes && echo REACHED`,
        "echo tried",
      ].join("; "),
    );
    expect([exitCode, stdout.trim().split("\n").at(-1)]).toEqual([0, "tried"]);
    expect(stdout).not.toContain("REACHED");
  });

  test("writes nowhere but its worktree and its own /tmp, and changes nothing of the kernel's", async () => {
    const outside = join(root, "outside.txt");
    const pattern = readFileSync("/proc/sys/kernel/core_pattern", "utf8");
    const { stdout } = await run(
      [
        `for f in ${outside} ${dataDir}/x /usr/x /etc/x /x /work/x /dev/x /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/self/oom_adj_x`,
        `do ( : > $f ) 2>/dev/null && echo "REACHED $f"; done`,
        `chmod u+s /usr/bin/env 2>/dev/null && echo REACHED chmod`,
        "mount -t tmpfs x /tmp 2>/dev/null && echo REACHED mount",
        "unshare -Ur true 2>/dev/null && echo REACHED unshare",
        "mknod /tmp/vda b 254 0 2>/dev/null && echo REACHED mknod",
        "echo ok > /tmp/mine && echo ok > mine && cat /tmp/mine",
      ].join("; "),
    );
    expect(stdout).toBe("ok\n");
    expect(existsSync(outside)).toBe(false);
    expect(readFileSync("/proc/sys/kernel/core_pattern", "utf8")).toBe(pattern);
    // And nobody finds the /tmp of the command before.
    expect((await run("cat /tmp/mine || echo gone")).stdout).toBe("gone\n");
  });

  test("kills nobody: other processes have no numbers in there, and are not its user's", async () => {
    const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
    try {
      const { stdout } = await run(
        `kill -9 ${bystander.pid} ${process.pid} 2>/dev/null && echo REACHED; kill -0 ${process.pid} 2>/dev/null && echo SEEN; echo tried`,
      );
      expect(stdout).toBe("tried\n");
      expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
    } finally {
      bystander.kill("SIGKILL");
    }
  });

  test("a fork bomb ends at the limit, and nothing of it is left", async () => {
    const bomb = `n=0; while [ $n -lt ${4 * LIMITS.processes} ]; do sleep 271828 & n=$((n+1)); done; wait`;
    const { exitCode, stderr } = await run(bomb);
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(/fork/);
    // A shell that cannot fork ends, and with it the sandbox and everything in it.
    expect(sleepers()).toBe(0);
    expect((await run("echo still here")).stdout).toBe("still here\n");
  });

  test("what runs on after the command, in a session of its own, ends with it", async () => {
    const { stdout } = await run("setsid sh -c 'trap \"\" TERM HUP; sleep 271828' >/dev/null 2>&1 & echo begun");
    expect(stdout).toBe("begun\n");
    expect(sleepers()).toBe(0);
  });
});

/** Processes of the attempts that are left on this machine. */
function sleepers(): number {
  let count = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\u0000271828")) count++;
    } catch {
      // It has ended meanwhile.
    }
  }
  return count;
}
