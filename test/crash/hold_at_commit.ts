/**
 * Loaded with `--import` before the bot, in every thread: makes the database stand still at a COMMIT that writes a certain document,
 * directly before it or directly after it, so that whoever tests can kill the process exactly there. What is waited for stands in the
 * file `hold.json` of the folder named by this module's own address (`?dir=…`), because the host's thread sees nothing of the
 * process's environment. `reached` appears beside it; the thread goes on when `hold.json` is gone, which a killed one never does.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StatementSync } from "node:sqlite";

export interface CommitHold {
  /** Unique, so that an old `reached` is nobody's. */
  id: string;
  when: "before" | "after";
  /** Fields by which a document is known; `{"not": x}`: anything else, `{"has": "…"}`: in it as text. */
  document: Record<string, unknown>;
}

export const HOLD_FILE = "hold.json";
export const REACHED_FILE = "reached.json";
const LOOK_AGAIN_MS = 10;

const dir = new URL(import.meta.url).searchParams.get("dir");
if (dir !== null) watchCommits(dir);

function watchCommits(folder: string): void {
  const file = join(folder, HOLD_FILE);
  const { run } = StatementSync.prototype;
  /** What the open transaction has written, as JSON text. */
  let written: string[] = [];
  let held = "";

  StatementSync.prototype.run = function watched(this: StatementSync, ...values: Parameters<typeof run>) {
    const sql = this.sourceSQL;
    if (sql.startsWith("INSERT INTO docs(")) written.push(String(values[3]));
    if (sql.startsWith("UPDATE docs SET")) written.push(String(values[1]));
    if (sql !== "COMMIT") return run.apply(this, values);
    const documents = written;
    written = [];
    const hold = documents.length === 0 ? null : ordered();
    const isHere = hold !== null && hold.id !== held && documents.some((text) => fits(text, hold.document));
    if (isHere && hold.when === "before") stand(hold);
    const result = run.apply(this, values);
    if (isHere && hold.when === "after") stand(hold);
    return result;
  } as typeof run;

  function ordered(): CommitHold | null {
    if (!existsSync(file)) return null;
    try {
      return JSON.parse(readFileSync(file, "utf8")) as CommitHold;
    } catch {
      // Taken away in this moment.
      return null;
    }
  }

  function stand(hold: CommitHold): void {
    held = hold.id;
    const reached = join(folder, REACHED_FILE);
    writeFileSync(`${reached}.new`, JSON.stringify({ id: hold.id }));
    // Appears whole.
    renameSync(`${reached}.new`, reached);
    const never = new Int32Array(new SharedArrayBuffer(4));
    while (existsSync(file)) Atomics.wait(never, 0, 0, LOOK_AGAIN_MS);
  }
}

function fits(text: string, wanted: Record<string, unknown>): boolean {
  const document = JSON.parse(text) as Record<string, unknown>;
  return Object.entries(wanted).every(([field, value]) => {
    if (!Object.hasOwn(document, field)) return false;
    const found = document[field];
    if (typeof value !== "object" || value === null) return found === value;
    if ("has" in value) return String(found).includes(String(value.has));
    return "not" in value && found !== value.not;
  });
}
