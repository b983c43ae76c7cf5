/** Copies the components' own sources and tests to where vitest treats them as ours. Published packages are never changed. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const suites = ["workflow", "workpool", "batch-worker", "agent"] as const;
export type Suite = (typeof suites)[number];

const here = fileURLToPath(new URL(".", import.meta.url));
const installed = join(here, "../../node_modules/@convex-dev");
export const vendor = join(here, "vendor");

/** Does nothing when the same versions are staged already. */
export function stage(): void {
  const versions = Object.fromEntries(suites.map((suite) => [suite, versionOf(suite)]));
  const stamp = join(vendor, "versions.json");
  const wanted = JSON.stringify(versions);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(vendor, { recursive: true, force: true });
  for (const suite of suites) copyPackage(suite, join(vendor, suite), ["src", "package.json"]);
  // The workflow tests import the workpool's sources by path from a node_modules of their own, and its code by name.
  copyPackage("workpool", join(vendor, "workflow/node_modules/@convex-dev/workpool"), ["src", "dist", "package.json"]);
  writeFileSync(stamp, wanted);
}

function copyPackage(name: Suite, target: string, entries: string[]): void {
  mkdirSync(target, { recursive: true });
  for (const entry of entries) cpSync(join(installed, name, entry), join(target, entry), { recursive: true });
}

function versionOf(name: Suite): string {
  return (JSON.parse(readFileSync(join(installed, name, "package.json"), "utf8")) as { version: string }).version;
}
