/** What the sandboxes are told. Docker has no engine in these tests: what its client is told is what is tested of it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { bubblewrapArgs, covered } from "./bubblewrap.ts";
import { createDocker, dockerArgs } from "./docker.ts";

const command = { worktree: "/data/trees/T7/repo", argv: ["sh", "-c", 'echo "$HOME"; rm -rf /'] };
const nothing = { mirror: null, nodeModules: null, readable: [], hidden: [] };

/** Values of an option, in order. */
const valuesOf = (args: string[], option: string, count = 1): string[][] =>
  args.flatMap((arg, index) => (arg === option ? [args.slice(index + 1, index + 1 + count)] : []));

describe("bubblewrap", () => {
  test("the command is the end of the list, word for word, behind --", () => {
    const args = bubblewrapArgs(command, nothing);
    expect(args.slice(-3)).toEqual(command.argv);
    expect(args.lastIndexOf("--")).toBeLessThan(args.length - 3);
  });

  test("every namespace is its own, no capability is left, it dies with us, its environment is what we say", () => {
    const args = bubblewrapArgs(command, nothing);
    for (const flag of ["--unshare-all", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv"])
      expect(args).toContain(flag);
    expect(args).not.toContain("--share-net");
    expect(valuesOf(args, "--cap-drop")).toEqual([["ALL"]]);
    expect(valuesOf(args, "--setenv", 2).map(([name]) => name)).toEqual(["PATH", "HOME", "LANG"]);
  });

  test("one folder can be written to; of the machine only programs are there, nothing of /etc that could tell something", () => {
    const args = bubblewrapArgs(command, { ...nothing, mirror: "/data/mirror.git", nodeModules: "/ws/node_modules" });
    expect(valuesOf(args, "--bind", 2)).toEqual([["/data/trees/T7/repo", "/work/repo"]]);
    expect(valuesOf(args, "--ro-bind", 2)).toContainEqual(["/data/mirror.git", "/work/mirror.git"]);
    expect(valuesOf(args, "--ro-bind", 2)).toContainEqual(["/ws/node_modules", "/work/node_modules"]);
    const bound = [...valuesOf(args, "--ro-bind"), ...valuesOf(args, "--ro-bind-try")].flat();
    expect(
      bound.filter((path) => /^\/(etc\/(passwd|shadow|ssh|ssl)|root|home|run|var|sys|proc|opt)/.test(path)),
    ).toEqual([]);
    expect(bound).not.toContain("/");
    expect(valuesOf(args, "--remount-ro").flat()).toContain("/");
  });

  test("a data folder or a product that lies in something bound is covered, after it was bound", () => {
    const root = mkdtempSync(join(tmpdir(), "factory-args-"));
    const inside = join(root, "app", ".factory");
    mkdirSync(inside, { recursive: true });
    expect(covered([inside, "/elsewhere"], [root])).toEqual([inside]);
    expect(covered([root], [`${root}/app`])).toEqual([]);
    const args = bubblewrapArgs(command, { ...nothing, readable: [root], hidden: [inside] });
    const bind = args.indexOf(root);
    const cover = args.findIndex((arg, index) => arg === "--tmpfs" && args[index + 1] === inside);
    expect(bind).toBeGreaterThan(0);
    expect(cover).toBeGreaterThan(bind);
    rmSync(root, { recursive: true });
  });
});

describe("docker", () => {
  const args = dockerArgs(command, { image: "node:24", mirror: "/data/mirror.git", nodeModules: null }, "factory-1");

  test("W16: no network, no capability, nothing to write to but the worktree and /tmp, limits", () => {
    const list = args.join(" ");
    for (const part of [
      "run --rm --init --name factory-1",
      "--network none",
      "--read-only --tmpfs /tmp",
      "--cap-drop ALL --security-opt no-new-privileges",
      "--pids-limit 512 --memory",
      "--mount type=bind,src=/data/trees/T7/repo,dst=/work/repo --mount type=bind,src=/data/mirror.git,dst=/work/mirror.git,readonly",
      "--workdir /work/repo",
    ])
      expect(list).toContain(part);
    expect(list).not.toMatch(/docker\.sock|--privileged|--volume|-v /);
    const user = args[args.indexOf("--user") + 1]!;
    expect(
      user
        .split(":")
        .map(Number)
        .every((id) => id > 0),
    ).toBe(true);
  });

  test("what a killed bot left running is ended before the first command, once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "factory-docker-"));
    const log = join(folder, "log");
    writeFileSync(join(folder, "docker"), `#!/bin/sh\necho "$*" >> ${log}\n[ "$1" != ps ] || printf 'c1\\nc2\\n'\n`, {
      mode: 0o755,
    });
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    const executor = createDocker({ image: "node:24", mirror: join(folder, "mirror.git"), nodeModules: null });
    for (const _ of [1, 2]) await executor.run({ ...command, timeoutMs: 10_000, maxOutputBytes: 1000 });
    vi.unstubAllEnvs();
    const asked = readFileSync(log, "utf8").trim().split("\n");
    const label = /--label (factory\.worker=[0-9a-f]{16}) /.exec(asked[2] ?? "")?.[1];
    expect(asked.slice(0, 2)).toEqual([`ps --quiet --filter label=${label}`, "kill c1 c2"]);
    expect(asked.slice(2).map((line) => line.split(" ")[0])).toEqual(["run", "run"]);
    rmSync(folder, { recursive: true });
  });

  test("the program is the entry point and its arguments follow the image, so that the image makes nothing of them", () => {
    expect(args.slice(args.indexOf("--entrypoint"))).toEqual([
      "--entrypoint",
      "sh",
      "node:24",
      ...command.argv.slice(1),
    ]);
  });
});
