/** Whether the data folder's disk has room. A full disk loses nothing, but nothing more is stored: better told before. */
import { statfsSync } from "node:fs";
import type { Check } from "./doctor.ts";

/** The log of changes alone may grow to some tens of MiB before it is folded into the database. */
const LEAST_FREE_BYTES = 100 * 1024 * 1024;
const MIB = 1024 * 1024;

/** Null: the system does not say. */
export function examineDisk(folder: string, room: (folder: string) => number = freeBytes): Check | null {
  let free: number;
  try {
    free = room(folder);
  } catch {
    return null;
  }
  const detail = `${free < 1024 * MIB ? `${Math.floor(free / MIB)} MiB` : `${Math.floor(free / 1024 / MIB)} GiB`} free`;
  if (free >= LEAST_FREE_BYTES) return { name: "disk", ok: true, detail, remedy: null };
  return {
    name: "disk",
    ok: false,
    detail: `${detail} where ${folder} is; with none left nothing more can be stored`,
    remedy: "free some space there; no restart is needed",
  };
}

/** What this user may take; some is kept back for the system. */
function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
