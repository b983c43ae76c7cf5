/** `ctx.scheduler`: a visible `_scheduled_functions` document and a row of the scheduler, in one transaction. */

import { cancelScheduled, insertScheduled } from "../../scheduler/documents.ts";
import type { JsonObject, Writer } from "../../store/types.ts";
import { COMMIT_TS_MARK } from "../../values/special.ts";
import { type FunctionAddress, udfPath } from "../address.ts";
import type { Call } from "../call.ts";
import { EngineError } from "../errors.ts";
import { describePath, type ResolvedFunction } from "../functions.ts";
import { findFunction } from "./calls.ts";
import type { AsyncSyscall } from "./index.ts";

/** Whoever schedules further ahead has most likely mixed up seconds and milliseconds. */
const MAX_AHEAD_MS = 5 * 366 * 24 * 3600 * 1000;

interface ScheduleArgs extends FunctionAddress {
  args: JsonObject;
  /** Seconds since 1970. */
  ts: number;
}

export const schedulerSyscalls: Record<string, AsyncSyscall> = {
  "1.0/schedule": async (call, args: ScheduleArgs) => {
    const { txn } = call;
    if (txn === null) throw new EngineError("Functions can only be scheduled from mutations and actions.");
    const { writer } = call;
    const fn = await schedulable(call, args);
    while (call.nesting !== null) await call.nesting;
    call.assertRunning();
    const { id, bytes } = schedule(call, fn, args, writer, txn.now, txn.meter.functionsScheduled);
    txn.meter.functionsScheduled++;
    txn.meter.scheduledFunctionArgsBytes += bytes;
    call.enforceLimits();
    return JSON.stringify(id);
  },
  "1.0/cancel_job": (call, args: { id: string }) => {
    cancelScheduled(call.writer, call.component, args.id, call.txn?.now ?? call.host.now());
    return "null";
  },
  "1.0/actions/schedule": async (call, args: ScheduleArgs) => {
    call.assertAction();
    const fn = await schedulable(call, args);
    const { value } = await call.host.store.write(async (tx) => schedule(call, fn, args, tx, call.host.now()));
    return JSON.stringify(value.id);
  },
  "1.0/actions/cancel_job": async (call, args: { id: string }) => {
    call.assertAction();
    await call.host.store.write(async (tx) => cancelScheduled(tx, call.component, args.id, call.host.now()));
    return "null";
  },
};

async function schedulable(call: Call, args: ScheduleArgs): Promise<ResolvedFunction> {
  const fn = await findFunction(call, args);
  const type = fn.info.udfType;
  if (type !== "mutation" && type !== "action") {
    throw new EngineError(`Attempted to schedule ${describePath(fn.path)}, which is no mutation or action.`);
  }
  return fn;
}

function schedule(call: Call, fn: ResolvedFunction, args: ScheduleArgs, writer: Writer, now: number, rank = 0) {
  const ts = args.ts * 1000;
  if (ts > now + MAX_AHEAD_MS) {
    throw new EngineError(`Functions can be scheduled at most 5 years ahead; got ${args.ts} seconds since 1970.`);
  }
  const text = JSON.stringify(args.args);
  if (text.includes(COMMIT_TS_MARK)) {
    throw new EngineError(
      `A scheduled function cannot take an unresolved placeholder value ("${describePath(fn.path)}").`,
    );
  }
  const id = insertScheduled(writer, {
    owner: call.component,
    component: fn.path.component,
    udfPath: udfPath(fn.path),
    args: args.args,
    argsText: text,
    ts,
    rank,
  });
  return { id, bytes: text.length };
}
