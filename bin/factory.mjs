#!/usr/bin/env node
// Starts the command with the Node that comes with this package: the one that runs this line may be too old for it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The npm package `node` brings a binary; without it (its install script was not run) this Node must do. */
function bundledNode() {
  try {
    const folder = dirname(createRequire(join(root, "package.json")).resolve("node/package.json"));
    const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(binary)) return binary;
  } catch {
    // Not installed.
  }
  return process.execPath;
}

const child = spawn(bundledNode(), [join(root, "src", "cli", "main.mjs"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
// What ends this process ends the command too; the terminal's own Ctrl-C reaches both.
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
process.on("SIGINT", () => {});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
child.on("error", (error) => {
  console.error(`error: factory cannot be started: ${error.message}\n  remedy: run npm install in ${root}`);
  process.exit(1);
});
