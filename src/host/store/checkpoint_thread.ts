/** Entry of the checkpoint thread (checkpoints.ts): a connection of its own that does nothing but copy the log back. */
import { DatabaseSync } from "node:sqlite";
import { workerData } from "node:worker_threads";
import type { Copied, CopyInput } from "./checkpoints.ts";

/** Each is shorter than the one before, unless the writer is faster than the disk. */
const MAX_PASSES = 8;

const { path, port, few } = workerData as CopyInput;
const db = new DatabaseSync(path, { timeout: 5000 });
// Of NORMAL: the log is synced before it is copied and the database before the log may begin anew.
db.exec("PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024");
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)");

port.on("message", () => port.postMessage(copy()));

/** What is committed during a pass is left for the next; the last few pages are left to the writer. */
function copy(): Copied {
  try {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const { busy, log, checkpointed } = checkpoint.get() as { busy: number; log: number; checkpointed: number };
      if (busy !== 0 || log - checkpointed <= few) break;
    }
    return { error: null };
  } catch (thrown) {
    const { message, errcode } = thrown as NonNullable<Copied["error"]>;
    return { error: { message, errcode } };
  }
}
