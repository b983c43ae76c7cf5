/**
 * Loaded with `--import` before the host, in every thread: ends the process with SIGKILL at a chosen COMMIT of its database. What is
 * chosen stands in this module's own address, because the host's thread sees nothing of the process's environment:
 * `?at=7&when=before&armed=PATH`. It counts from the moment at which the file PATH is there. `before`: what the transaction did is
 * lost, as if the process had been killed a moment earlier.
 */
import { existsSync } from "node:fs";
import { StatementSync } from "node:sqlite";

const query = new URL(import.meta.url).searchParams;
const at = Number(query.get("at") ?? 0);
const armed = query.get("armed") ?? "";
let commits = 0;
const real = StatementSync.prototype.run;

if (at > 0) {
  const counting = function run(this: StatementSync, ...values: Parameters<typeof real>) {
    if (this.sourceSQL !== "COMMIT" || !existsSync(armed)) return real.apply(this, values);
    commits++;
    if (commits === at && query.get("when") === "before") process.kill(process.pid, "SIGKILL");
    const result = real.apply(this, values);
    if (commits === at) process.kill(process.pid, "SIGKILL");
    return result;
  };
  StatementSync.prototype.run = counting as typeof real;
}
