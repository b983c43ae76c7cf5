/** Who this instance is: made once, kept with the data. */
import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Instance {
  name: string;
  /** `name|secret`, the form the Convex CLI expects. */
  adminKey: string;
}

/** Reads or makes `dataDir/instance.json`, readable by its owner only. Two processes that start at once agree on one. */
export function readInstance(dataDir: string): Instance {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "instance.json");
  const existing = readExisting(path);
  if (existing !== null) return existing;
  const name = `embedded-${randomBytes(4).toString("hex")}`;
  const made: Instance = { name, adminKey: `${name}|${randomBytes(32).toString("hex")}` };
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flush: true });
  try {
    // Linking fails when another process was first, and never replaces what it wrote.
    linkSync(draft, path);
    return made;
  } catch (error) {
    const other = readExisting(path);
    if (other === null) throw error;
    return other;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readExisting(path: string): Instance | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  // A backup that was copied back may have lost its mode.
  chmodSync(path, 0o600);
  try {
    const { name, adminKey } = JSON.parse(text) as Partial<Instance>;
    if (typeof name === "string" && typeof adminKey === "string" && adminKey.length >= 32) return { name, adminKey };
  } catch {
    // told below
  }
  throw new Error(`${path} is damaged. Delete it; a new admin key is made, the data stays.`);
}
