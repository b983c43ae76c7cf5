import { v } from "convex/values";
import { gatewayMutation, gatewayQuery } from "./access.ts";
import { record } from "./model/audit.ts";
import { room, takeWithin } from "./model/bounded.ts";
import * as people from "./model/people.ts";
import { sizeOfRun } from "./model/run_view.ts";

/** Raised whenever rows change their shape; the gateway refuses a backend it does not know. */
export const SCHEMA_VERSION = 1;
/** Counting reads rows: beyond this the answer is "at least". */
const COUNT_LIMIT = 1000;

export const ping = gatewayQuery({
  args: {},
  handler: async (): Promise<{ ok: true; schemaVersion: number }> => ({ ok: true, schemaVersion: SCHEMA_VERSION }),
});

export const ensureOwner = gatewayMutation({
  args: { osUser: v.string() },
  handler: async (ctx, { osUser }): Promise<{ personId: string; name: string; created: boolean }> => {
    const { owner, created } = await people.ensureOwner(ctx, osUser);
    if (created) {
      await record(ctx, {
        subject: `person:${owner._id}`,
        kind: "person.owner",
        person: null,
        handle: null,
        channel: "system",
        detail: { name: owner.name, osUser },
      });
    }
    return { personId: owner._id, name: owner.name, created };
  },
});

export interface Health {
  runs: Record<"running" | "waiting" | "failed", number>;
  approvalsPending: number;
  deliveries: Record<"ready" | "waiting" | "failed", number>;
  jobs: Record<"ready" | "claimed", number>;
  /** Every count stops here, or earlier: it is "at least". */
  countLimit: number;
}

/** Looks at rows one by one, so very large ones are counted to a lower limit. */
const COUNTS = 9;
async function count<Row>(rows: AsyncIterable<Row>, sizeOf: (row: Row) => number): Promise<number> {
  return (await takeWithin(rows, COUNT_LIMIT, sizeOf, room(COUNTS))).length;
}

export const health = gatewayQuery({
  args: {},
  handler: async ({ db }): Promise<Health> => {
    const runs = (status: keyof Health["runs"]) =>
      count(
        db.query("runs").withIndex("by_status", (q) => q.eq("status", status)),
        sizeOfRun,
      );
    const deliveries = (status: keyof Health["deliveries"]) =>
      count(
        db.query("deliveries").withIndex("by_status", (q) => q.eq("status", status)),
        (row) => row.message.length,
      );
    const jobs = (status: keyof Health["jobs"]) =>
      count(
        db.query("jobs").withIndex("by_status", (q) => q.eq("status", status)),
        (row) => row.prompt.length,
      );
    const pending = db.query("approvals").withIndex("by_status", (q) => q.eq("status", "pending"));
    return {
      runs: { running: await runs("running"), waiting: await runs("waiting"), failed: await runs("failed") },
      approvalsPending: await count(pending, (row) => row.payload?.length ?? 0),
      deliveries: {
        ready: await deliveries("ready"),
        waiting: await deliveries("waiting"),
        failed: await deliveries("failed"),
      },
      jobs: { ready: await jobs("ready"), claimed: await jobs("claimed") },
      countLimit: COUNT_LIMIT,
    };
  },
});
