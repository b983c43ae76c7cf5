import { userInfo } from "node:os";

/** The system's user as a handle may carry it. Containers run with ids that have no name: those become `uidN`. */
export function osUser(): string {
  let name = "";
  try {
    name = userInfo().username;
  } catch {
    name = process.env.USER ?? "";
  }
  const safe = name.replace(/[\s/:]+/g, "_").slice(0, 64);
  return safe === "" ? `uid${process.getuid?.() ?? 0}` : safe;
}
